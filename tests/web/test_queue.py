"""The queue and its parts (spec: dashboard.md, "The queue")."""

import re
from html import unescape
from urllib.parse import quote

import pytest

from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
from webui.approvals.answering import deciding, reviewing
from webui.approvals.states import Verdict
from webui.store.store import Store
from webui.web import queue_list

PART = {"HX-Request": "true"}


def text_of(browser: Browser, path: str) -> str:
    return browser.get(path, headers=PART).get_data(as_text=True)


def listed(text: str) -> list[str]:
    return re.findall(r'data-id="(apr_\w+)"', text)


def settle(store: Store, house: House, approval_id: str, verdict: Verdict) -> None:
    who = reviewing.Reviewer(house.ana.id, "Ana", "page")
    look = reviewing.Look(None, 1)
    store.write(
        lambda tx: deciding.decide(
            tx, who, house.org_id, approval_id, verdict, "because", look
        )
    )


def test_what_waits_is_listed_the_nearest_deadline_first(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    later, sooner = file_call(expires_in=600_000), file_call(expires_in=60_000)
    assert listed(text_of(signed_in(house.vi), "/queue/rows")) == [sooner, later]


def test_other_orgs_calls_are_not_listed_nor_counted(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    mine, _ = file_call(), file_call(house.stranger)
    text = text_of(signed_in(house.ana), "/")
    assert listed(text) == [mine]
    assert 'data-waiting="1"' in text


def test_what_is_over_waits_no_longer_though_nobody_swept(
    signed_in: SignedIn, house: House, file_call: FileCall, clock: TestClock
) -> None:
    file_call(expires_in=60_000)
    browser = signed_in(house.vi)
    clock.advance(60_000)
    assert listed(text_of(browser, "/queue/rows")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tool=mail.*", ["mail"]),
        ("tool=mail", []),
        ("tool=%25", []),
        ("agent=deploy-bot", ["deploy"]),
        ("risk=high", ["high"]),
        ("risk=medium", ["high", "mail", "deploy"]),
        ("session=s1", ["mail"]),
        ("q=quarterly", ["mail"]),
        ("q=100%25", []),
        ("risk=nonsense", ["high", "mail", "deploy"]),
        ("tool=mail.*&agent=ci", ["mail"]),
        ("q=tool:mail.*,shell.*+-risk:high", ["mail", "deploy"]),
        ("q=-tool:mail.*", ["high", "deploy"]),
        ("q=-session:s1", ["high", "deploy"]),
        ("q=agent:ci", ["high", "mail"]),
        ("q=risk:>high", []),
        ("q=risk:<=medium+sort:age", ["mail", "deploy"]),
        ("q=sort:deadline", ["mail", "deploy", "high"]),
        ("q=sort:risk", ["high", "mail", "deploy"]),
        ("q=left:<75s", ["mail", "deploy"]),
        ("q=age:>1h", []),
        ("q=age:<1h+left:>75s", ["high"]),
        ("q=is:unclaimed+-is:edited+-is:repeated", ["high", "mail", "deploy"]),
        ("q=is:claimed", []),
        ("q=claimed:Ana", []),
        ("q=for:Ana", []),
        ("q=source:ci", []),
        ("q=is:revised,undelivered", []),
        ("q=-quarterly", ["high", "deploy"]),
        ("q=deploy-bot", ["deploy"]),
        ("q=group:agent+sort:deadline", ["mail", "high", "deploy"]),
        ("q=group:session+sort:deadline", ["mail", "deploy", "high"]),
    ],
)
def test_filters_narrow_the_list(
    signed_in: SignedIn, house: House, file_call: FileCall, query: str, found: list[str]
) -> None:
    made = {
        "mail": file_call(
            tool="mail.send",
            arguments={"subject": "Quarterly"},
            session="s1",
            expires_in=60_000,
        ),
        "deploy": file_call(house.deploy_bot, expires_in=70_000),
        "high": file_call(risk="high", expires_in=80_000),
    }
    browser = signed_in(house.vi)
    for path in ("/", "/queue/rows"):
        assert listed(text_of(browser, f"{path}?{query}")) == [made[name] for name in found]


def test_a_row_leads_to_the_call_beside_the_filtered_list(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id = file_call(tool="mail.send")
    browser = signed_in(house.vi)
    address = f"/?q=tool:mail.*&amp;selected={approval_id}"
    assert f'href="{address}"' in text_of(browser, "/?tool=mail.*")
    text = text_of(browser, address.replace("&amp;", "&"))
    assert f'id="detail" data-id="{approval_id}"' in text
    assert 'aria-current="true"' in text


def test_new_ones_wait_behind_a_bar_that_counts_what_fits_the_filter(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    file_call()
    browser = signed_in(house.vi)
    drawn = text_of(browser, "/queue/rows")
    seq = re.search(r'data-seq="(\d+)"', drawn)
    assert seq is not None
    file_call(tool="mail.send")
    file_call(house.stranger)
    text = text_of(browser, f"/queue/new?since={seq[1]}")
    assert 'data-new="1"' in text
    assert 'data-waiting="2"' in text
    other = text_of(browser, f"/queue/new?since={seq[1]}&tool=shell.*")
    assert 'data-new="0"' in other


def test_what_presses_is_told_anew_with_each_count(
    signed_in: SignedIn, store: Store, house: House, file_call: FileCall
) -> None:
    browser = signed_in(house.vi)
    high = file_call(risk="high")
    file_call(risk="critical", expires_in=50_000)
    assert 'data-pressing="· 2 high or critical · 1 end soon"' in text_of(
        browser, "/queue/new"
    )
    page = text_of(browser, "/")
    assert re.search(r'<span id="pressing">\s*· 2 high or critical · 1 end soon', page)
    settle(store, house, high, Verdict.DENY)
    assert 'data-pressing="· 1 high or critical · 1 end soon"' in text_of(
        browser, "/queue/new"
    )


@pytest.mark.parametrize("since", ["", "x", "-1", "9" * 30])
def test_a_strange_since_is_no_error(
    signed_in: SignedIn, house: House, file_call: FileCall, since: str
) -> None:
    file_call()
    assert signed_in(house.vi).get(f"/queue/new?since={since}").status_code == 200


def test_a_settled_row_stays_and_says_who_decided(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    approval_id = file_call()
    settle(store, house, approval_id, Verdict.DENY)
    text = text_of(signed_in(house.vi), f"/queue/rows/{approval_id}")
    assert "data-settled" in text
    assert "Ana denied it." in text


def test_an_empty_queue_says_how_to_file_the_first_call(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    browser = signed_in(house.ana)
    text = text_of(browser, "/")
    assert "COUNTERSIGN_URL=http://127.0.0.1:9111" in text
    settle(store, house, file_call(tool="mail.send"), Verdict.APPROVE)
    assert "The last call was mail.send. Ana approved it." in text_of(browser, "/")


def test_a_long_queue_is_paged_without_gap_or_repeat(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    made = {file_call() for _ in range(103)}
    browser = signed_in(house.vi)
    first = text_of(browser, "/queue/rows")
    older = re.search(r'href="(/\?after=[^"]+)"', first)
    assert older is not None
    rest = listed(text_of(browser, older[1]))
    assert len(listed(first)) == 100
    assert set(listed(first)) | set(rest) == made
    assert not set(listed(first)) & set(rest)


def test_the_page_says_up_to_which_event_it_is_true(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    file_call()
    text = text_of(signed_in(house.vi), "/")
    live = re.search(
        r'<meta name="live" content="(\d+)" data-epoch="ins_\w+/org_\w+/1/\d+">', text
    )
    rows = re.search(r'id="rows" data-seq="(\d+)"', text)
    assert live is not None
    assert rows is not None
    assert live[1] == rows[1]


def test_only_who_may_make_an_agent_is_told_how_to_file_a_call(
    signed_in: SignedIn, house: House
) -> None:
    assert "countersign ask" in text_of(signed_in(house.ana), "/")
    for member in (house.vi, house.max):
        text = text_of(signed_in(member), "/")
        assert "Nothing is waiting" in text
        assert "countersign ask" not in text
        assert "countersign ask" not in text_of(signed_in(member), "/queue/rows")


def test_what_cannot_be_read_hides_nothing_and_says_how_to_mend_it(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id = file_call()
    text = text_of(signed_in(house.vi), "/?q=tool:mail.*+risk:severe")
    assert listed(text) == [approval_id]
    assert "risk: takes one of low, medium, high, critical, as in risk:&gt;=high." in text
    assert "Until this is mended the whole queue is shown." in text


def test_mine_are_those_that_this_person_can_decide(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    own, other = file_call(house.deploy_bot), file_call(house.ci)
    browser = signed_in(house.bo)
    assert listed(text_of(browser, "/queue/rows?q=is:mine")) == [other]
    assert listed(text_of(browser, "/queue/rows?q=-is:mine")) == [own]


def test_mine_looks_past_a_page_of_what_others_decide(
    signed_in: SignedIn, house: House, file_call: FileCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_list, "PAGE", 2)
    others = [
        file_call(house.deploy_bot, arguments={"n": n}, expires_in=60_000 + n)
        for n in range(5)
    ]
    mine = [
        file_call(house.ci, arguments={"n": n}, expires_in=90_000 + n) for n in range(3)
    ]
    browser = signed_in(house.bo)
    first = text_of(browser, "/?q=is:mine")
    assert listed(first) == mine[:2]
    older = re.search(r'href="(/\?q=is:mine&amp;after=[^"]+)"', first)
    assert older is not None
    rest = text_of(browser, older[1].replace("&amp;", "&"))
    assert listed(rest) == mine[2:]
    assert "after=" not in rest
    assert len(others) == 5


def test_each_part_of_the_line_can_be_taken_away(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    file_call()
    text = text_of(signed_in(house.vi), "/?q=tool:shell.*+risk:low,medium+sort:age")
    for rest in ("risk:low,medium+sort:age", "tool:shell.*+sort:age"):
        assert f'class="token" href="/?q={rest}"' in text


def test_groups_have_headings_with_what_hides_made_visible(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    file_call(session="night\u202erun", arguments={"n": 1})
    file_call(arguments={"n": 2})
    text = text_of(signed_in(house.vi), "/queue/rows?q=group:session")
    assert "<bdi>night⟦U+202E⟧run</bdi>" in text
    assert "<bdi>No session</bdi>" in text


def test_the_line_is_offered_ways_to_go_on(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    file_call(tool="mail.send", session="two words")
    file_call(house.stranger, tool="mail.theirs")
    browser = signed_in(house.vi)
    for typed, expected in (
        ("ri", ["risk:"]),
        ("risk:>=h", ["risk:>=high "]),
        ("x tool:ma", ["x tool:mail.send "]),
        ("tool:mail.t", []),
        ("session:", ['session:"two words" ']),
        ("-is:cl", ["-is:claimed "]),
        ("colour:", []),
    ):
        text = unescape(text_of(browser, f"/queue/offers?q={quote(typed)}"))
        assert re.findall(r'data-line="(.*?)" aria', text) == expected, typed

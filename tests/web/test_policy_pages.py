"""The policy's pages: written, checked, saved, taken back and tried out by people."""

import html
import io
import re
from typing import Any

import pytest

from tests.plugins.desk import Browser, House, SignedIn
from webui.approvals.people import groups
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.store.store import Store

FIRST = 'version: "1"\ndefault: deny\ntools:\n  pay:\n    rules:\n      - {name: ask, action: require_approval}\n'
SECOND = FIRST.replace("default: deny", "default: allow")
WRONG = FIRST.replace("name: ask", "nam: ask")
GATEWAYS = 'version: "1"\ntools:\n  pay:\n    rules: [{name: no, action: deny}]\n'
TOO_LARGE = "# " + "x" * 131_072


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: versions are kept by a verb that is tested on both."""
    return sqlite_database


@pytest.fixture
def set_policy(store: Store, house: House) -> Any:
    def put(text: str, **more: Any) -> policies.Accepted:
        return store.write(lambda tx: policies.accept(tx, house.org_id, text, By(), **more))

    return put


def in_force(store: Store, house: House) -> tuple[int, str]:
    with store.reading() as session:
        live = policies.in_force(session, house.org_id)
        return (0, "") if live is None else (live.number, live.text)


def shown(browser: Browser, path: str) -> str:
    return browser.get(path).get_data(as_text=True)


def text_in(page: str) -> str:
    """Return what stands in the editor."""
    found = re.search(r'<textarea[^>]*name="text"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def carried(page: str) -> dict[str, str]:
    """Return the draft that a page's form carries."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    kept = {name: html.unescape(value) for name, value in found}
    return {name: kept[name] for name in ("text", "base", "before") if name in kept}


def test_a_first_policy_is_checked_reviewed_and_saved(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    assert "every call needs one approval" in shown(browser, "/policy")
    checked = browser.send("/policy/draft", text=WRONG, base="0", do="check")
    page = checked.get_data(as_text=True)
    assert checked.status_code == 200
    assert 'data-line="6"' in page
    assert "did you mean" in html.unescape(page)
    assert text_in(page) == WRONG
    refused = browser.send("/policy/review", text=WRONG, base="0")
    assert refused.status_code == 422
    assert text_in(refused.get_data(as_text=True)) == WRONG
    reviewed = browser.send("/policy/review", text=FIRST.replace("\n", "\r\n"), base="0")
    page = reviewed.get_data(as_text=True)
    assert page.count("changes__line--added") == 6
    assert carried(page)["text"] == FIRST
    assert in_force(store, house) == (0, "")
    saved = browser.send("/policy", **carried(page), note="Begin.")
    assert (saved.status_code, saved.headers["Location"]) == (303, "/policy")
    assert in_force(store, house) == (1, FIRST)
    page = shown(browser, "/policy")
    assert "Version 1 is in force." in page
    assert "Ana" in page
    assert "Begin." in page
    assert text_in(page) == FIRST


def test_the_webhooks_secret_is_on_no_page_and_its_endpoint_is_the_policys(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    webhook = (
        "approvals: {notify: {webhook: {url: 'https://a.example/x', secret: s3cret}}}\n"
    )
    ana, vi = signed_in(house.ana), signed_in(house.vi)
    for base, text in enumerate((FIRST + webhook, FIRST + webhook + "hide: [x]\n")):
        assert ana.send("/policy", text=text, base=str(base)).status_code == 303
    sent_back = text_in(shown(ana, "/policy")) + "redact: [iban]\n"
    assert "(kept by the desk)" in sent_back
    assert ana.send("/policy", text=sent_back, base="2").status_code == 303
    assert in_force(store, house) == (3, sent_back)
    for browser in (ana, vi):
        for path in ("", "/versions", "/versions/1", "/versions/2", "/lab"):
            page = shown(browser, f"/policy{path}")
            assert "Policy" in page
            assert "s3cret" not in page
    deliveries = shown(ana, "/deliveries")
    assert "by the policy; it is changed there" in deliveries
    [one] = re.findall(r'href="(/deliveries/endpoints/end_\w+)"', deliveries)
    page = shown(ana, one)
    assert "/pause" not in page
    assert "/remove" not in page
    assert ana.send("/policy", text=FIRST, base="3").status_code == 303
    page = shown(ana, one)
    assert "The policy does not name it any more." in page
    assert "/resume" not in page
    assert "/remove" in page


def test_a_script_gets_the_findings_alone(signed_in: SignedIn, house: House) -> None:
    browser = signed_in(house.vi)
    token = browser.csrf_token()
    for text, said in ((WRONG, "2 places must be mended"), (FIRST, "Nothing is wrong")):
        answer = browser.post(
            "/policy/findings",
            data={"csrf_token": token, "text": text},
            headers={"HX-Request": "true"},
        )
        page = answer.get_data(as_text=True)
        assert page.lstrip().startswith('<section class="panel" id="findings"')
        assert said in page


def test_of_two_authors_the_second_sees_what_the_first_changed_and_loses_nothing(
    signed_in: SignedIn, house: House, store: Store, set_policy: Any
) -> None:
    set_policy(FIRST)
    browser = signed_in(house.ana)
    mine = FIRST + "# mine\n"
    before = carried(shown(browser, "/policy")) | {"text": mine}
    set_policy(FIRST + "# theirs\n", note="Meanwhile.")
    for path in ("/policy/review", "/policy"):
        answer = browser.send(path, **before, note="Why not.")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert "Version 2 came into force while you wrote" in page
        assert "Meanwhile." in page
        theirs, yours = page.split('id="diff-title"')
        assert re.search(r"added: </span><bdi[^>]*># theirs", theirs)
        assert re.search(r"removed: </span><bdi[^>]*># theirs", yours)
        assert re.search(r"added: </span><bdi[^>]*># mine", yours)
        assert carried(page)["text"] == mine
        assert 'value="Why not."' in page
        assert in_force(store, house)[0] == 2
    back = browser.send("/policy/draft", **carried(page), do="edit")
    assert text_in(back.get_data(as_text=True)) == mine
    assert browser.send("/policy", **carried(page)).status_code == 303
    assert in_force(store, house) == (3, mine)


def test_an_old_proof_is_asked_for_anew_and_the_draft_is_there_after_it(
    signed_in: SignedIn, house: House, store: Store, clock: Any
) -> None:
    browser = signed_in(house.ana)
    browser.csrf_token()
    clock.advance(16 * 60_000)
    answer = browser.send("/policy", text=FIRST, base="0", note="Held up.")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/account/confirm")
    assert in_force(store, house) == (0, "")
    page = shown(browser, "/policy")
    assert "Your draft is here as it was." in page
    assert text_in(page) == FIRST
    assert 'value="Held up."' in page
    assert text_in(shown(browser, "/policy")) == "", "it is kept for one page"


def test_versions_are_listed_compared_and_taken_back(
    signed_in: SignedIn, house: House, store: Store, set_policy: Any
) -> None:
    assert "No policy yet" in shown(signed_in(house.vi), "/policy/versions")
    for number in range(22):
        set_policy(f"{FIRST}# {number}\n", note=f"Note {number}")
    browser = signed_in(house.ana)
    first = shown(browser, "/policy/versions")
    assert "Note 21" in first
    assert "Note 1<" not in first
    older = re.search(r'href="(/policy/versions\?before=\d+)"', first)
    assert older is not None
    page = shown(browser, older[1])
    assert "Note 0" in page
    assert "7 lines</span>" not in page
    one = shown(browser, "/policy/versions/2")
    assert re.search(r"removed: </span><bdi[^>]*># 0", one)
    assert re.search(r"added: </span><bdi[^>]*># 1", one)
    assert browser.get("/policy/versions/99").status_code == 404
    assert browser.get("/policy/versions/99999999999999999999").status_code == 404
    late = browser.send("/policy/versions/2/revert", expected="21")
    assert late.status_code == 409
    assert "Version 22 is in force by now" in late.get_data(as_text=True)
    assert browser.send("/policy/versions/2/revert", expected="").status_code == 409
    assert browser.send("/policy/versions/2/revert", expected="22").status_code == 303
    assert in_force(store, house) == (23, f"{FIRST}# 1\n")
    assert "As version 2 was." in shown(browser, "/policy")


def test_a_version_whose_group_is_gone_cannot_come_back(
    signed_in: SignedIn, house: House, store: Store, set_policy: Any
) -> None:
    def make(name: str) -> str:
        return store.write(lambda tx: groups.create_group(tx, house.org_id, By(), name))

    make("finance")
    set_policy(
        FIRST.replace("require_approval}", "require_approval, approvers: [finance]}")
    )
    set_policy(FIRST)
    store.write(
        lambda tx: groups.rename_group(
            tx, house.org_id, By(), groups.find_group(tx, house.org_id, "finance"), "money"
        )
    )
    browser = signed_in(house.ana)
    answer = browser.send("/policy/versions/1/revert", expected="2")
    assert answer.status_code == 422
    assert "there is no group" in answer.get_data(as_text=True)
    assert in_force(store, house)[0] == 2


def test_a_policy_that_nobody_could_approve_under_is_warned_of_before_it_is_saved(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    store.write(lambda tx: groups.create_group(tx, house.org_id, By(), "empty"))
    text = FIRST.replace("require_approval}", "require_approval, approvers: [empty]}")
    answer = signed_in(house.ana).send("/policy/review", text=text, base="0")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "nobody who may decide here could approve it" in page


def test_the_shelf_and_a_gateways_file_become_drafts_and_nothing_typed_is_lost(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    answer = browser.send(
        "/policy/draft", text="# mine\n", base="0", do="shelf", shelf="github"
    )
    page = answer.get_data(as_text=True)
    assert "github" in text_in(page)
    assert carried(page)["before"] == "# mine\n"
    back = browser.send(
        "/policy/draft", **carried(page) | {"text": text_in(page)}, do="back"
    )
    assert text_in(back.get_data(as_text=True)) == "# mine\n"
    pasted = browser.send("/policy/draft", text=GATEWAYS, base="0", do="import")
    assert text_in(pasted.get_data(as_text=True)).splitlines()[1] == "default: allow"
    assert "Line 2 was written out" in pasted.get_data(as_text=True)
    assert text_in(shown(browser, "/policy?shelf=aws")) != ""
    for path in ("/policy?shelf=../aws", "/policy?shelf="):
        assert "no such policy on the shelf" in shown(browser, path)
    assert in_force(store, house) == (0, "")


def upload(browser: Browser, content: bytes, **fields: str) -> Any:
    token = browser.csrf_token()
    data = {"csrf_token": token, "do": "import", "text": "# mine\n", **fields}
    return browser.post(
        "/policy/draft", data=data | {"file": (io.BytesIO(content), "gateway.yaml")}
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00v", "not UTF-8 text"),
        (b"\x89PNG\r\n", "not UTF-8 text"),
        (b"version: '1'\0", "NUL character"),
        (b"a: &a [*a, *a]\n", "cannot be brought in"),
        (
            b"version: '1'\ntools: {'get_*': {rules: [{name: x, action: deny}]}}\n",
            "be brought in",
        ),
        (TOO_LARGE.encode(), "cannot be brought in"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_and_what_was_typed_is_kept(
    signed_in: SignedIn, house: House, content: bytes, said: str
) -> None:
    answer = upload(signed_in(house.ana), content)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "# mine\n" in (text_in(page), carried(page).get("before"))


def test_a_file_with_a_byte_order_mark_or_foreign_line_ends_is_read(
    signed_in: SignedIn, house: House
) -> None:
    sent = b"\xef\xbb\xbf" + GATEWAYS.replace("\n", "\r\n").encode()
    page = upload(signed_in(house.ana), sent).get_data(as_text=True)
    assert text_in(page) == GATEWAYS.replace('"1"\n', '"1"\ndefault: allow\n')


@pytest.mark.parametrize(
    "text",
    [
        TOO_LARGE,
        "a: &a [*a, *a]",
        "[" * 20_000,
        "{{7*7}} <script>alert(1)</script>",
        "\u202e: 1",
        "- " * 40_000,
        'version: "1"\n' * 3,
    ],
)
def test_a_hostile_text_is_told_what_is_wrong_and_comes_back_whole(
    signed_in: SignedIn, house: House, store: Store, text: str
) -> None:
    browser = signed_in(house.ana)
    for path in ("/policy/draft", "/policy/review", "/policy", "/policy/lab"):
        answer = browser.send(path, text=text, base="0", tool="x", **{"try": "1"})
        page = answer.get_data(as_text=True)
        assert answer.status_code in {200, 422}
        assert "<script>alert" not in page
        kept = carried(page)["text"] if path == "/policy/lab" else text_in(page)
        assert kept == text
    assert in_force(store, house) == (0, "")


def test_what_is_more_than_the_desk_takes_at_once_is_refused(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    assert browser.send("/policy/draft", text="x" * 600_000).status_code == 413


def test_a_note_that_is_too_long_is_told_and_kept(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    answer = browser.send("/policy", text=FIRST, base="0", note="n" * 501)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "longer than 500 characters" in page
    assert "n" * 501 in page


RULES = """version: "1"
tools:
  pay:
    rules:
      - name: a limit
        conditions: [{path: args.amount, op: lte, value: 100}]
      - name: often
        rate_limit: 5/hour
      - name: ask
        action: require_approval
        conditions: [{path: args.amount, op: gt, value: 10}]
        approvals_required: 2
        require_reason: true
        approval_timeout: 1h
tests:
  - {tool: pay, args: {amount: 500}, expect: deny}
"""


def tried(browser: Browser, **fields: str) -> tuple[int, str]:
    answer = browser.send("/policy/lab", **{"tool": "pay", "try": "1"} | fields)
    page = re.sub(r"<[^>]*>", " ", answer.get_data(as_text=True))
    return answer.status_code, " ".join(html.unescape(page).split())


def test_the_bench_shows_what_every_rule_saw(
    signed_in: SignedIn, house: House, set_policy: Any
) -> None:
    browser = signed_in(house.vi)
    assert "No policy is in force" in tried(browser)[1]
    status, page = tried(browser, text=RULES, arguments='{"amount": 50}')
    assert status == 200
    assert "Asked: a person must say yes" in page
    assert "args.amount lte 100 holds , it saw 50" in page
    assert "asks a person, and settles the call" in page
    assert "Approvals needed 2" in page
    assert "No approval without one" in page
    assert "pay._rate_hour stands at 0 of 5 this hour" in page
    assert "expected" in page
    assert "cannot be told , it saw nothing" in tried(browser, text=RULES)[1]
    assert 'it saw "9"' in tried(browser, text=RULES, arguments='{"amount": "9"}')[1]
    set_policy(RULES)
    assert "Denied" in tried(browser, arguments='{"amount": 500}')[1]
    set_policy(f"{RULES}# {'x' * 131_072}")  # a command may set a longer one than a page
    assert "Denied" in tried(browser, arguments='{"amount": 500}')[1]
    assert "See the version" in shown(browser, "/policy/versions")
    by_live = tried(browser, text=FIRST, which="live", arguments='{"amount": 500}')[1]
    assert "a limit" in by_live
    agent = tried(browser, agent=house.ci.id, risk="critical", session="s", scope="x")
    assert agent[0] == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tool": " "}, "Name a tool"),
        ({"tool": "x" * 201}, "longer than 200"),
        ({"arguments": "[1]"}, "Send one object"),
        ({"arguments": '{"a": 1, "a": 2}'}, "a"),
        ({"arguments": "{" * 50_000}, "Try"),
        ({"risk": "none at all"}, "Choose one"),
    ],
)
def test_a_call_that_cannot_be_read_is_told_at_its_field(
    signed_in: SignedIn, house: House, fields: dict[str, str], said: str
) -> None:
    status, page = tried(signed_in(house.vi), text=RULES, **fields)
    assert status == 422
    assert said in page


def test_who_may_only_read_is_offered_no_save(
    signed_in: SignedIn, house: House, set_policy: Any
) -> None:
    set_policy(FIRST)
    set_policy(SECOND)
    for who, offered in ((house.ana, True), (house.rae, False), (house.vi, False)):
        browser = signed_in(who)
        assert ("Review and save" in shown(browser, "/policy")) is offered
        assert ("Revert" in shown(browser, "/policy/versions/1")) is offered
    assert "Policy</span>" not in shown(signed_in(house.max), "/")


def test_what_is_refused_is_led_to_and_told_beside_the_text(
    signed_in: SignedIn, house: House
) -> None:
    ana = signed_in(house.ana)
    answer = ana.send("/policy/review", text=WRONG)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    [area] = re.findall(r"<textarea[^>]*>", text)
    assert 'aria-invalid="true"' in area
    assert 'aria-describedby="text-help text-fault"' in area
    [(line, column)] = re.findall(
        r'data-refused-line="(\d+)" data-refused-column="(\d+)"', area
    )
    assert f'id="text-fault">Line {line}, column {column}: <bdi>' in text
    assert f'data-line="{line}" data-column="{column}"' in text
    assert "Lines: 7</p>" in text
    right = ana.send("/policy/draft", text=FIRST).get_data(as_text=True)
    assert "aria-invalid" not in right

"""The page of insights: who may, what it shows, its tables as CSV (spec: dashboard.md)."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.plugins.desk import Browser, House, SignedIn
from tests.plugins.rules import Desk
from webui.approvals.answering.reviewing import Look
from webui.approvals.authorization import AUDIT_READ
from webui.approvals.grants import permission_grants
from webui.approvals.people.standing import By
from webui.approvals.states import Verdict
from webui.insights import keeping
from webui.insights.buckets import DAY, MINUTE

FORMULA = '=HYPERLINK("http://evil.example";"x")'
MARKUP = "</text></svg><script>alert(1)</script>"
CHARTS = (
    *("waits", "hours", "waiting", "reviewers", "denials-tool", "denials-agent"),
    *("denials-reviewer", "stamps", "repeats", "rules", "unseen", "glass"),
)


@pytest.fixture
def lived(desk: Desk, house: House) -> Desk:
    """Calls with hostile tools among them, decided by two people within one day."""
    desk.clock.advance(-desk.store.now() % DAY)  # else those of the evening end on the next
    tools = (*["shell.run"] * 5, FORMULA, MARKUP, "a\u202eb", "+1", "-1", "@x", "\tx")
    for number, tool in enumerate(tools):
        asked = desk.submit(tool=tool, arguments={"n": number}).approval.id
        desk.clock.advance(3 * MINUTE)
        verdict = Verdict.APPROVE if tool == "shell.run" else Verdict.DENY
        who = house.rae if number % 2 else house.bo
        desk.decide(who, asked, verdict, look=Look(None, 1, seconds=number))
    lost = desk.submit(house.deploy_bot, "mail.send").approval
    desk.clock.advance(lost.expires_at - lost.created_at + MINUTE)
    desk.sweep()
    keeping.count(desk.store)
    return desk


def table(browser: Browser, chart: str, **narrowed: str) -> list[list[str]]:
    answer = browser.get("/insights/export", query_string={"chart": chart, **narrowed})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"countersign-{chart}-" in answer.headers["Content-Disposition"]
    text = answer.get_data().decode("utf-8")
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize(
    ("who", "status"), [("ed", 200), ("ana", 200), ("rae", 403), ("vi", 403), ("max", 403)]
)
def test_only_who_may_read_the_log_reads_it(
    signed_in: SignedIn, house: House, who: str, status: int
) -> None:
    browser = signed_in(getattr(house, who))
    assert browser.get("/insights").status_code == status
    assert browser.get("/insights/export?chart=waits").status_code == status
    rail = browser.get("/").get_data(as_text=True)
    assert ('href="/insights"' in rail) is (status == 200)


def test_who_reads_the_log_and_sees_some_calls_only_is_refused(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    wish = permission_grants.Wanted("user", house.max.id, AUDIT_READ)
    lived.store.write(
        lambda tx: permission_grants.give(tx, house.org_id, By(house.ana.id), wish) and None
    )
    browser = signed_in(house.max)
    assert browser.get("/audit").status_code == 200
    for path in ("/insights", "/insights/export?chart=rules"):
        answer = browser.get(path)
        assert answer.status_code == 403
        text = answer.get_data(as_text=True)
        assert "approvals:view" in text
        assert "shell.run" not in text
    assert 'href="/insights"' not in browser.get("/").get_data(as_text=True)


def test_another_org_counts_nothing_of_it(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    text = signed_in(house.zoe).get("/insights").get_data(as_text=True)
    assert "Nothing to count in these 30 days" in text
    narrowed = {"agent": house.ci.id}
    assert "No agent" in signed_in(house.zoe).get(
        "/insights", query_string=narrowed
    ).get_data(as_text=True)


def test_every_chart_has_its_drawing_its_table_and_its_csv(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    browser = signed_in(house.ed)
    text = browser.get("/insights").get_data(as_text=True)
    assert re.findall(r'<section class="panel insight" id="([a-z-]+)"', text) == list(
        CHARTS
    )
    drawn = set(re.findall(r'aria-labelledby="([a-z-]+)-title \1-desc"', text))
    assert drawn == set(CHARTS) - {"glass"}
    for chart in drawn:
        assert f"/insights/export?days=30&amp;chart={chart}" in text
        assert len(table(browser, chart)) > 1
    assert table(browser, "glass") == [["Reviewer", "Times"]]
    assert browser.get("/insights/export?chart=nothing").status_code == 404
    assert browser.get("/insights/export").status_code == 200


def test_what_agents_call_things_becomes_neither_markup_nor_a_formula(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    browser = signed_in(house.ed)
    text = browser.get("/insights").get_data(as_text=True)
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert "a⟦U+202E⟧b" in text
    assert not re.search(r"<[^>]*\sstyle=", text)
    rows = table(browser, "denials-tool")
    names = [row[0] for row in rows[1:]]
    assert f"'{FORMULA}" in names
    assert {"'+1", "'-1", "'@x", "'⟦U+0009⟧x", "a⟦U+202E⟧b"} <= set(names)
    assert [row for row in rows if row[0][:1] in {"=", "+", "-", "@", "\t", "\r"}] == []


def test_the_numbers_are_those_that_were_counted(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    browser = signed_in(house.ed)
    assert sorted(table(browser, "reviewers")[1:]) == [
        ["Bo", "6", "2 min to 5 min", "2 s to 5 s"],
        ["Rae", "6", "2 min to 5 min", "5 s to 10 s"],
    ]
    assert table(browser, "stamps")[1:] == [
        ["Bo", "3", "2", "3", "0"],
        ["Rae", "2", "1", "2", "0"],
    ]
    assert ["ci", "12", "7", "58 %"] in table(browser, "denials-agent")
    assert table(browser, "unseen")[1:] == [["mail.send", "1", "1"]]
    assert table(browser, "repeats")[1:] == [["ci", "shell.run", "5", "0", "yes"]]
    assert sum(int(row[1]) for row in table(browser, "waits")[1:]) == 13


def test_a_page_is_narrowed_by_its_address(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    browser = signed_in(house.ed)
    narrowed = table(browser, "denials-tool", agent="deploy-bot", days="7")
    assert narrowed[1:] == []
    assert table(browser, "unseen", agent="deploy-bot")[1:] == [["mail.send", "1", "1"]]
    assert table(browser, "unseen", agent="ci")[1:] == []
    assert table(browser, "denials-agent", tool="shell.run")[1:] == [
        ["ci", "5", "0", "0 %"]
    ]
    page = browser.get("/insights?days=90&agent=ci&tool=shell.run").get_data(as_text=True)
    assert 'name="agent" value="ci"' in page
    assert "days=7&amp;agent=ci&amp;tool=shell.run" in page
    for odd in ("", "0", "-1", "x", "31", "9" * 99, "٣٠"):
        answer = browser.get("/insights", query_string={"days": odd, "tool": "x…" * 300})
        assert answer.status_code == 200


def test_it_says_how_much_is_not_counted_yet(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    browser = signed_in(house.ed)
    while keeping.count(lived.store):
        pass
    assert "being counted" not in browser.get("/insights").get_data(as_text=True)
    lived.submit(tool="another.tool")
    assert "newer events are still being counted" in browser.get("/insights").get_data(
        as_text=True
    )


def changes(browser: Browser, days: int = 7) -> list[str]:
    """Return what the headline says of the period before, sign and words."""
    text = browser.get("/insights", query_string={"days": days}).get_data(as_text=True)
    found = re.findall(r'<span class="tally__change">(.*?)</span></dd>', text)
    return [re.sub(r"<[^>]+>", "", each) for each in found]


def test_before_the_first_whole_period_nothing_is_compared(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    browser = signed_in(house.ed)
    assert changes(browser) == ["no figure before"] * 6
    assert "the numbers begin on" in browser.get("/insights").get_data(as_text=True)
    assert "Nobody saw before" not in table(browser, "unseen", days="7")[0]
    lived.clock.advance(12 * DAY)  # the first day is the 13th of 14
    assert changes(signed_in(house.ed), 7) == []  # nothing to count at all
    lived.submit(tool="shell.run")
    keeping.count(lived.store)
    assert changes(signed_in(house.ed), 7)[0] == "no figure before"


def test_each_headline_says_how_it_differs_from_the_period_before(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    lived.clock.advance(13 * DAY)  # its first day is the first of the seven before
    for number in range(3):
        asked = lived.submit(tool="shell.run", arguments={"again": number}).approval.id
        lived.clock.advance(MINUTE)
        lived.decide(house.bo, asked, look=Look(None, 1, seconds=60))
    keeping.count(lived.store)
    browser = signed_in(house.ed)
    assert changes(browser) == [
        "↓ 10 fewer than in the 7 days before (13)",
        "↓ shorter than in the 7 days before (2 min to 5 min)",
        "↓ 58 points less than in the 7 days before (58 %)",
        "↓ 3 fewer than in the 7 days before (3)",
        "↓ 1 fewer than in the 7 days before (1)",
        "= as many as in the 7 days before",
    ]
    assert changes(browser, 30) == ["no figure before"] * 6
    rules = table(browser, "rules", days="7")
    assert rules[0][-1] == "Asked before"
    assert rules[1][-1] == "13"
    assert ["Bo", "3", "0", "3", "0", "3", "2"] in table(browser, "stamps", days="7")
    assert ["ci", "3", "0", "0 %", "58 %"] in table(browser, "denials-agent", days="7")
    assert sum(int(row[-1]) for row in table(browser, "waits", days="7")[1:]) == 13
    page = browser.get("/insights?days=7").get_data(as_text=True)
    assert "Compared with as many days before" in page
    assert '<td data-label="Asked before" class="number">' in page


def test_the_longest_period_is_compared_as_long_as_numbers_are_kept(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    lived.clock.advance(179 * DAY)
    lived.submit(tool="shell.run")
    while keeping.count(lived.store):
        pass
    while lived.store.write(keeping.forget_old):
        pass
    assert changes(signed_in(house.ed), 90)[0].endswith("in the 90 days before (13)")
    lived.clock.advance(10 * DAY)
    while lived.store.write(keeping.forget_old):
        pass
    assert changes(signed_in(house.ed), 90)[0] == "no figure before"

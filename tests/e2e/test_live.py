"""The live queue: what changes by itself, what never moves, and what a lost connection costs."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Reviewer, ServedDesk, StartDesk

pytestmark = pytest.mark.browser
OFFLINE = "ERR_CONNECTION_REFUSED|ERR_FAILED|WebSocket"


def watch(page: Page, path: str = "/") -> Page:
    page.goto(path)
    expect(page.locator("#connection")).to_have_text("Live")
    return page


def order(page: Page) -> list[Any]:
    found: list[Any] = page.locator(".row").evaluate_all("rows => rows.map(row => row.id)")
    return found


def deny(page: Page, approval_id: str, reason: str = "No.") -> None:
    page.goto(f"/approvals/{approval_id}?decide=deny")
    page.get_by_role("textbox", name="Reason").fill(reason)
    page.get_by_role("button", name="Deny this call").click()
    expect(page.locator("#detail .call__head .badge--status")).to_contain_text("Denied")


def test_the_first_call_appears_by_itself_in_an_empty_queue(
    ana: Reviewer, at: At, ask: AskDesk
) -> None:
    page = watch(at(ana))
    expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
    asked = ask("mail.send", {"to": "the first of the day"})
    expect(page.locator(f"#row-{asked.id}")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) Queue"))
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("waiting"))


def test_a_row_that_the_worker_reads_anew_is_told_to_an_open_page(
    ana: Reviewer, at: At, ask: AskDesk, served: ServedDesk
) -> None:
    asked = ask("send_email", {"to": "ana@rival.example", "subject": "s", "body": "b"})
    row = watch(at(ana)).locator(f"#row-{asked.id}")
    expect(row).not_to_contain_text("danger")
    served.command("orgs", "domains", "ours.example")
    try:
        expect(row).to_contain_text("1 danger")
        expect(row).not_to_have_attribute("data-unread", "")
    finally:
        served.command("orgs", "domains")


def test_no_row_moves_under_the_pointer_when_others_come_and_go(
    ana: Reviewer, bo: Reviewer, at: At, ask: AskDesk
) -> None:
    risks = ("high", "medium", "medium")
    asked = [
        ask("mail.send", {"to": f"somebody, {place}"}, risk=risk)
        for place, risk in enumerate(risks)
    ]
    page = watch(at(ana))
    expect(page.locator("#pressing")).to_contain_text("1 high or critical")
    shown = order(page)
    row = page.locator(f"#row-{asked[1].id}")
    row.hover()
    before = row.bounding_box()
    ask("mail.send", {"to": "somebody in a hurry"}, expires_in=60)
    expect(page.locator("#new")).to_contain_text("1 new approval")
    deny(at(bo), asked[0].id)
    gone = page.locator(f"#row-{asked[0].id}")
    expect(gone).to_have_attribute("data-settled", "")
    expect(gone).to_contain_text("Denied")
    expect(gone).to_contain_text("Bo")
    assert order(page) == shown
    assert row.bounding_box() == before
    expect(page).to_have_title(re.compile(r"^\(3\) "))
    expect(page.locator("#pressing")).not_to_contain_text("high")
    page.get_by_role("link", name="1 new approval").click()
    expect(page.locator(".row")).to_have_count(3)
    expect(page.locator(".row").first).to_contain_text("in a hurry")
    expect(gone).to_have_count(0)


def test_the_keys_move_and_open_and_none_of_them_decides(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = [ask("mail.send", {"to": f"reader {place}"}) for place in range(2)]
    page = watch(at(ana))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_have_attribute("data-id", asked[0].id)
    page.keyboard.press("a")
    expect(page.locator("#reason-approve")).to_be_focused()
    page.keyboard.type("add a deny, jk")
    expect(page.locator("#reason-approve")).to_have_value("add a deny, jk")
    page.keyboard.press("Escape")
    expect(page.locator("#confirm-approve")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_label("Search the queue")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert [served.client.approval(one.id).status for one in asked] == ["pending"] * 2


def test_a_confirmation_stands_still_before_it_can_be_sent(
    ana: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = ask("mail.send", {"to": "the impatient"})
    page = at(ana)
    page.clock.install()
    page.goto(f"/approvals/{asked.id}")
    page.clock.run_for(60_000)
    page.get_by_role("link", name="Approve…").click()
    sure = page.get_by_role("button", name="Approve this call")
    expect(sure).to_be_disabled()
    page.keyboard.press("Control+Enter")
    page.clock.run_for(1_000)
    expect(sure).to_be_enabled()
    expect(page.locator("#detail .call__head .badge--status")).to_contain_text("Waiting")


def test_a_double_click_decides_once(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = ask("mail.send", {"to": "double"})
    page = watch(at(ana), f"/approvals/{asked.id}")
    page.get_by_role("link", name="Approve…").click()
    page.get_by_role("button", name="Approve this call").dblclick()
    expect(page.locator("#detail .call__head .badge--status")).to_contain_text("Approved")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len(served.client.approval(asked.id).decisions) == 1


def test_a_late_click_sees_who_was_first_and_what_they_said(
    ana: Reviewer, bo: Reviewer, at: At, ask: AskDesk
) -> None:
    """The browser that is too late has no live connection, so nothing warned it."""
    asked = ask("mail.send", {"to": "the press"})
    page = at(ana, forgiven=f"409|{OFFLINE}")
    page.route("**/ws/ticket", lambda route: route.abort())
    page.goto(f"/?selected={asked.id}")
    page.get_by_role("link", name="Approve…").click()
    deny(at(bo), asked.id, "Legal has to see it.")
    page.get_by_role("button", name="Approve this call").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Your decision was not applied")
    expect(alert).to_contain_text("Bo")
    expect(page.locator("#detail .call__head .badge--status")).to_contain_text("Denied")
    expect(page.locator("#detail .outcome")).to_contain_text("Legal has to see it.")
    expect(page.locator("#detail [data-arms]")).to_have_count(0)


def test_a_call_that_is_settled_while_somebody_writes_takes_the_button_away(
    ana: Reviewer, bo: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = ask("mail.send", {"to": "the board"})
    page = watch(at(ana), f"/approvals/{asked.id}")
    page.get_by_role("link", name="Approve…").click()
    reason = page.get_by_role("textbox", name="Reason")
    reason.fill("I have read every word and")
    deny(at(bo), asked.id)
    expect(page.locator("#changed")).to_be_visible()
    expect(page.get_by_role("button", name="Approve this call")).to_be_disabled()
    expect(reason).to_have_value("I have read every word and")
    page.get_by_role("link", name="Show it as it is now").click()
    expect(page.locator("#detail .call__head .badge--status")).to_contain_text("Denied")


def test_a_restart_of_the_server_loses_nothing_that_was_asked_meanwhile(
    start_desk: StartDesk, at: At
) -> None:
    desk = start_desk()
    desk.client.ask("mail.send", {"to": "before"})
    page = watch(at(desk.admin, desk, forgiven=OFFLINE))
    expect(page.locator(".row")).to_have_count(1)
    desk.stop()
    desk.start()
    desk.client.ask("mail.send", {"to": "after"})
    page.get_by_role("link", name="1 new approval").click()
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator("#connection")).to_have_text("Live")
    assert desk.run("audit", "verify", "--all").returncode == 0


def test_nothing_is_decided_on_a_page_that_may_be_out_of_date(
    start_desk: StartDesk, at: At
) -> None:
    desk = start_desk()
    asked = desk.client.ask("mail.send", {"to": "whom it may concern"})
    page = at(desk.admin, desk, forgiven=OFFLINE)
    page.clock.install()
    watch(page, f"/?selected={asked.id}")
    page.get_by_role("link", name="Approve…").click()
    page.clock.run_for(2_000)
    sure = page.get_by_role("button", name="Approve this call")
    expect(sure).to_be_enabled()
    desk.stop()
    state = page.locator("#connection")
    while state.get_attribute("data-state") != "stale":
        page.clock.fast_forward(5_000)
    expect(state).to_contain_text("may be out of date")
    expect(sure).to_be_disabled()
    desk.start()
    while state.get_attribute("data-state") == "stale":
        page.clock.fast_forward(5_000)
    page.clock.run_for(2_000)
    expect(sure).to_be_enabled()


def test_signing_out_in_one_window_closes_the_others(served: ServedDesk, at: At) -> None:
    cleo = served.add("Cleo", "viewer")
    first = watch(at(cleo))
    second = first.context.new_page()
    second.goto("/account")
    second.locator("main").get_by_role("button", name="Sign out", exact=True).click()
    expect(first.get_by_role("heading", name="Sign in")).to_be_visible()

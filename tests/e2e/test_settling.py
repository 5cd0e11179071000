"""Verdicts that can be undone, and calls that leave the queue without one: seen without moving."""

import re
from typing import Any

import pytest
from countersign_client import Denied
from countersign_client.ask import Ask
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Background, Reviewer, ServedDesk

pytestmark = pytest.mark.browser


def watch(page: Page, path: str) -> Page:
    page.goto(path)
    expect(page.locator("#connection")).to_have_text("Live")
    return page


def places(page: Page) -> list[Any]:
    """Return which row stands where, and how high."""
    found: list[Any] = page.locator(".row").evaluate_all(
        "rows => rows.map(row => [row.id, Math.round(row.getBoundingClientRect().top)])"
    )
    return found


def deny(page: Page, reason: str) -> None:
    page.keyboard.press("d")
    expect(page.locator("#reason-deny")).to_be_focused()
    page.keyboard.type(reason)
    expect(page.get_by_role("button", name="Deny this call")).to_be_enabled()
    page.keyboard.press("Control+Enter")


def refusal_of(asked: Ask) -> str:
    with pytest.raises(Denied) as denied:
        asked.wait(25)
    return denied.value.reason


def test_a_verdict_is_undone_in_its_window_and_settles_when_it_is_over(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk, beside: type[Background]
) -> None:
    served.command("orgs", "undo-window", "30")
    asked = ask("mail.send", {"to": "the hasty one"})
    ask("mail.send", {"to": "the one that stands below"})
    page = watch(at(ana), f"/?selected={asked.id}")
    before = places(page)

    deny(page, "A slip.")
    expect(page.locator("#detail")).to_contain_text("settles in")
    expect(page.locator(f"#row-{asked.id}")).to_contain_text("settles in")
    assert str(served.client.approval(asked.id).status) == "pending"
    expect(page.get_by_role("link", name="Deny…")).to_have_count(0)
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Deny…")).to_be_visible()
    expect(page.locator(f"#row-{asked.id}")).not_to_contain_text("settles in")
    assert served.client.approval(asked.id).decisions == ()

    served.command("orgs", "undo-window", "2")
    try:
        told = beside(lambda: refusal_of(asked))
        deny(page, "Meant.")
        assert told.result() == "Meant."
        expect(page.locator("#detail .call__head .badge--status")).to_have_text("Denied")
        expect(page.locator(f"#row-{asked.id}")).to_contain_text("Denied")
        assert places(page) == before, "nothing moved"
    finally:
        served.command("orgs", "undo-window", "0")


def test_ended_and_superseded_calls_stay_where_they_were_and_say_so(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    ours = [
        ask("mail.send", {"to": f"part {n} of the job"}, session="night") for n in range(2)
    ]
    old = ask("mail.send", {"to": "ann", "copies": 1}, source_ref="order-7")
    other = ask("mail.send", {"to": "somebody else"}, session="day")
    page = watch(at(ana), f"/?selected={old.id}")
    before = places(page)
    assert len(before) == 4

    served.client.end_session("night")
    for one in ours:
        expect(page.locator(f"#row-{one.id}")).to_contain_text(re.compile("session ended"))
        expect(page.locator(f"#row-{one.id}")).to_have_attribute("data-settled", "")
    new = ask("mail.send", {"to": "ann", "copies": 2}, source_ref="order-7")
    expect(page.locator(f"#row-{old.id}")).to_contain_text("asked again")
    assert places(page) == before, "tombstones stand where the calls stood"
    expect(page.get_by_role("link", name="Approve…")).to_have_count(0)
    expect(page.locator("#detail")).to_contain_text("asked again")
    page.locator("#detail").get_by_role("link", name=re.compile("newer|replaced")).click()
    expect(page).to_have_url(re.compile(new.id))
    assert str(served.client.approval(other.id).status) == "pending"

"""A first-time user decides ten mixed calls by what the pages say, and makes no mistake."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.hostile.ten import TEN, Asked
from tests.plugins.served import At, StartDesk

pytestmark = pytest.mark.browser
ENDS: Final = {"approve": "approved", "deny": "denied", "edit": "approved", "respond": "answered"}  # fmt: skip
SIZES: Final = ({"width": 1280, "height": 900}, {"width": 360, "height": 740})


def decide(page: Page, asked: Asked) -> None:
    """Press what a careful person would press, by the words on the buttons."""
    if asked.verdict == "approve":
        page.get_by_role("link", name="Approve…").click()
        page.get_by_role("button", name="Approve this call").click()
    elif asked.verdict == "deny":
        page.get_by_role("link", name="Deny…").click()
        page.get_by_role("textbox", name="Reason").fill("It is not what it says.")
        page.get_by_role("button", name="Deny this call").click()
    elif asked.verdict == "edit":
        page.get_by_role("link", name="Edit…").click()
        page.locator("#confirm-edit").get_by_label("amount").first.fill(asked.words)
        page.get_by_role("button", name="Approve as edited").click()
    else:
        page.get_by_role("link", name="Answer…").click()
        page.get_by_role("textbox", name="Answer").fill(asked.words)
        page.get_by_role("button", name="Answer", exact=True).click()


@pytest.mark.sure
@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_ten_mixed_calls_are_decided_right_by_what_their_pages_say(
    start_desk: StartDesk, at: At, size: dict[str, int]
) -> None:
    fresh = start_desk()
    client = fresh.client
    filed = [
        client.ask(
            each.tool, each.arguments,
            summary=each.summary, reason=each.reason, risk=each.risk, allowed_decisions=each.takes,
        ).id
        for each in TEN
    ]  # fmt: skip
    page = at(fresh.admin, fresh, viewport=size)
    for each, asked in zip(TEN, filed, strict=True):
        page.goto("/")
        page.locator(f"#row-{asked} .row__open").click()
        call = page.locator(f"#detail[data-id='{asked}']")
        for words in each.tells:
            expect(call, each.name).to_contain_text(words)
        decide(page, each)
        expect(call.locator(".call__head .badge--pending")).to_have_count(0)
        found = client.approval(asked)
        assert found.status == ENDS[each.verdict], each.name
        if each.words:
            assert each.words in repr(found), each.name

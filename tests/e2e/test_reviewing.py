"""Holding a call and taking a yes back, by a person in a browser."""

import pytest
from playwright.sync_api import expect

from tests.plugins.served import At, Reviewer, ServedDesk

pytestmark = pytest.mark.browser


def test_a_claim_by_key_and_a_yes_taken_back_by_click(
    served: ServedDesk, at: At, ana: Reviewer
) -> None:
    asked = served.client.ask("deploy.run", {"host": "web-1"}, session="rollout")
    page = at(ana, viewport={"width": 360, "height": 800})
    page.goto(f"/approvals/{asked.id}")
    expect(page.locator("#connection")).to_have_text("Live")
    page.locator("body").press("c")
    expect(page.locator(".call__for")).to_contain_text("claimed by Ana")
    page.locator("body").press("c")
    expect(page.locator(".call__for")).not_to_contain_text("claimed by")
    page.locator("body").press("a")
    page.get_by_role("button", name="Approve this call").click()
    expect(page.locator("#detail")).to_have_attribute("data-status", "approved")
    page.get_by_text("Take the approval back").click()
    page.get_by_label("Reason").fill("The wrong host")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#detail")).to_have_attribute("data-status", "revoked")
    expect(page.locator(".outcome")).to_contain_text("The wrong host")

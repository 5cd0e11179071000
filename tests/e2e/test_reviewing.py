"""Holding a call and taking a yes back, by a person in a browser."""

import pytest
from playwright.sync_api import Route, expect

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


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_first_screen_of_a_phone_has_the_call_the_warning_and_the_buttons(
    served: ServedDesk, at: At, ana: Reviewer, language: str
) -> None:
    call = {
        "order": f"A-{language}",
        "amount": "845.00",
        "currency": "EUR",
        "customer": "c_1",
    }
    words = "It arrived broken, and the lamp was 84.50 EUR when it was ordered. " * 9
    asked = served.client.ask("payments.refund", call, summary=words[:400], reason=words)
    page = at(ana, viewport={"width": 360, "height": 740})
    page.context.set_extra_http_headers({"Accept-Language": language})
    page.goto(f"/approvals/{asked.id}")
    bar = page.locator("#decide").bounding_box()
    assert bar
    for part in (".call__tool", ".call__does", ".notice--warn ul", ".said dd >> nth=0"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["y"] + box["height"] <= bar["y"], part
    expect(page.locator(".call__does")).to_contain_text("845")
    assert page.locator(".said .gap:visible").count() == 2
    page.locator(".said summary").click()
    expect(page.locator(".said__box")).to_contain_text(words.strip())


def test_ones_own_verdict_is_no_change_by_somebody_else(
    served: ServedDesk, at: At, ana: Reviewer
) -> None:
    asked = served.client.ask("deploy.run", {"host": "web-2"})
    page = at(ana)
    page.goto(f"/approvals/{asked.id}")
    expect(page.locator("#connection")).to_have_text("Live")
    # The doorbell rings before the answer to one's own form is there, and what it fetches
    # arrives after it.
    held: dict[str, Route] = {}

    def hold(route: Route) -> None:
        held[route.request.url.rpartition("/")[2]] = route

    page.route("**/panel", hold)
    page.route("**/decide", hold)
    page.locator("body").press("a")
    with page.expect_request("**/decide"):
        page.get_by_role("button", name="Approve this call").click()
    with page.expect_request("**/panel"):
        answer = held["decide"].fetch()
    held["decide"].fulfill(response=answer)
    expect(page.locator("#detail")).to_have_attribute("data-status", "approved")
    page.get_by_text("Take the approval back").click()
    with page.expect_response("**/panel"):
        held["panel"].continue_()
    expect(page.get_by_role("button", name="Take it back")).to_be_enabled()
    expect(page.locator("#changed")).to_be_hidden()

"""Every page and every decision works in a browser that runs no script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Reviewer, ServedDesk

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(at: At, ana: Reviewer) -> Page:
    return at(ana, java_script_enabled=False, forgiven="409")


def test_signing_in_and_out(
    at: At, bo: Reviewer, enter: Callable[[Page, Reviewer], None]
) -> None:
    page = at(None, java_script_enabled=False, forgiven="403")
    page.goto("/history")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail address").fill(bo.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    enter(page, bo)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.goto("/account")
    page.locator("main").get_by_role("button", name="Sign out", exact=True).click()
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_reading_and_approving_from_the_queue(plain: Page, ask: AskDesk) -> None:
    asked = ask("shell.run", {"command": "make deploy"}, summary="Ship it")
    plain.goto("/")
    plain.locator(f"#row-{asked.id} .row__open").click()
    expect(plain.locator("#preview")).to_contain_text("make deploy")
    plain.get_by_role("link", name="Approve…").click()
    plain.get_by_role("textbox", name="Reason").fill("Go on.")
    plain.get_by_role("button", name="Approve this call").click()
    expect(plain.locator("#detail .call__head .badge--status")).to_contain_text("Approved")
    expect(plain.locator("#detail .outcome")).to_contain_text("Go on.")
    assert asked.wait(timeout=60).consume().arguments == {"command": "make deploy"}


def test_denying_on_the_page_of_an_approval(plain: Page, ask: AskDesk) -> None:
    asked = ask("shell.run", {"command": "rm -rf /srv/data"})
    plain.goto(f"/approvals/{asked.id}")
    plain.get_by_role("link", name="Deny…").click()
    plain.get_by_role("textbox", name="Reason").fill("Not that folder.")
    plain.get_by_role("button", name="Deny this call").click()
    expect(plain.locator("#detail .call__head .badge--status")).to_have_text("Denied")
    plain.goto("/history")
    first = plain.locator("tbody tr").first
    expect(first).to_contain_text("rm -rf /srv/data")
    expect(first).to_contain_text("Not that folder.")


def test_a_call_that_is_shortened_is_approved_at_the_end_of_its_full_arguments(
    plain: Page, ask: AskDesk
) -> None:
    tail = "; DROP TABLE invoices"
    asked = ask("db.run", {"sql": "SELECT 1" + " " * 3_000 + tail})
    plain.goto(f"/approvals/{asked.id}")
    expect(plain.get_by_role("link", name="Approve…")).to_have_count(0)
    plain.get_by_role("link", name="Read it all").click()
    expect(plain.locator(".canonical")).to_contain_text(tail)
    plain.get_by_role("link", name="Approve…").click()
    plain.get_by_role("button", name="Approve this call").click()
    expect(plain.locator("#detail .call__head .badge--status")).to_contain_text("Approved")


def test_a_decision_that_comes_too_late_says_who_was_first(
    plain: Page, at: At, bo: Reviewer, ask: AskDesk
) -> None:
    asked = ask("mail.send", {"to": "everyone"})
    plain.goto(f"/approvals/{asked.id}?decide=approve")
    other = at(bo, java_script_enabled=False)
    other.goto(f"/approvals/{asked.id}?decide=deny")
    other.get_by_role("button", name="Deny this call").click()
    plain.get_by_role("button", name="Approve this call").click()
    expect(plain.get_by_role("alert")).to_contain_text("Your decision was not applied")
    expect(plain.get_by_role("alert")).to_contain_text("Bo")
    expect(plain.locator("#detail .call__head .badge--status")).to_have_text("Denied")


def test_the_audit_page_checks_the_chain_and_hands_it_out(
    served: ServedDesk, at: At, ask: AskDesk
) -> None:
    page = at(served.admin, java_script_enabled=False)
    page.goto("/audit")
    page.get_by_role("link", name="Check the chain").click()
    expect(page.locator(".notice--good")).to_be_visible()
    with page.expect_download() as handed:
        page.get_by_role("link", name="JSON Lines").click()
    assert handed.value.path().stat().st_size > 0

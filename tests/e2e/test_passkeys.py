"""A passkey in a real browser: made, used alone, used again for a critical call; then put out."""

import re
import sqlite3

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Reviewer, ServedDesk

pytestmark = pytest.mark.browser
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_device(page: Page) -> None:
    """Give the browser an authenticator that unlocks by itself."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def long_ago(desk: ServedDesk) -> None:
    """Let every proof of who one is be twenty minutes old."""
    with sqlite3.connect(desk.folder / "instance" / "countersign.db", timeout=30) as rows:
        rows.execute(
            "UPDATE web_sessions SET authenticated_at = authenticated_at - 1200000"
        )


def add_passkey(page: Page) -> None:
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Password and second factors").click()
    page.get_by_label("Name of a new passkey").fill("test laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#shown-once li")).to_have_count(10)
    expect(page.get_by_label("Name of test laptop")).to_be_visible()


def approve(page: Page) -> None:
    page.get_by_role("link", name="Approve…").click()
    page.get_by_role("button", name="Approve this call").click()
    expect(page.locator("#detail .call__head .badge--status")).not_to_have_text(
        re.compile("Waiting")
    )


def test_a_passkey_signs_in_alone_and_confirms_a_critical_call(
    served: ServedDesk, at: At, ask: AskDesk
) -> None:
    pia, page = served.add("Pia"), at(None, forgiven="401")
    home = served.dashboard.replace("127.0.0.1", "localhost")
    with_device(page)
    in_words(page, home, pia)
    add_passkey(page)

    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{home}/")
    page.goto(f"{home}/account")
    expect(page.get_by_role("cell", name=re.compile("by passkey"))).to_be_visible()

    call = ask("bank.transfer", {"iban": "DE89"}, risk="critical")
    long_ago(served)
    page.goto(f"{home}/approvals/{call.id}")
    page.get_by_role("link", name="Confirm that it is you").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{home}/approvals/{call.id}")
    approve(page)

    page.goto(f"{home}/")
    expect(page.locator("#connection")).to_have_text("Live")
    served.command("sessions", "end", pia.email)
    page.wait_for_url(re.compile("/sign-in"))


def in_words(page: Page, home: str, person: Reviewer) -> None:
    """Sign in by the form, at the address that passkeys belong to."""
    page.goto(f"{home}/sign-in")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{home}/")

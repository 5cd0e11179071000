"""Signing in by a real provider in a real browser, without a script of ours."""

import re

import pytest
from playwright.sync_api import expect

from tests.plugins.provider import (
    CLIENT,
    SECRET,
    IdentityServer,
    register_callback,
)
from tests.plugins.served import At, StartDesk

pytestmark = pytest.mark.browser


@pytest.mark.sure  # the same without a browser is in tests/oidc
def test_a_newcomer_signs_in_by_the_provider_and_gets_the_role_of_their_group(
    start_desk: StartDesk, at: At, provider: IdentityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OIDC_CLIENT_SECRET", SECRET)
    desk = start_desk(COUNTERSIGN_SSO_ALLOW="localhost")
    where = ("--issuer", provider.url, "--client-id", CLIENT)
    more = ("--scopes", "openid email profile groups", "--role", "desk-reviewers=reviewer")
    made = desk.command("providers", "add", "Corp", *where, *more)
    register_callback(provider, made["callback"])
    provider.add("nia", "nia@example.org")
    provider.put_into("desk-reviewers", "nia")

    home = made["callback"].removesuffix("/sign-in/sso/callback")
    # On a busy machine files of the provider's own pages were seen to answer 404; whether ours
    # load is what every other test of this folder looks at.
    theirs = r"^Failed to load resource: .* 404 "
    page = at(None, desk, forgiven=theirs, java_script_enabled=False)
    page.goto(f"{home}/sign-in?next=/history")
    page.get_by_role("link", name="Single sign-on").click()
    page.get_by_label("Short name of your organization").fill("main")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Sign in with Corp").click()
    page.wait_for_url(re.compile(re.escape(provider.url)))
    page.locator("input[name=login]").fill("nia")
    page.locator("button[type=submit]").first.click()
    page.locator("input[name=password]").fill("a password of the provider")
    page.locator("button[type=submit]").first.click()
    if page.url.startswith(provider.url):
        page.locator("button[value=accept]").click()
    page.wait_for_url(f"{home}/history")
    page.goto(f"{home}/account")
    expect(page.get_by_text("nia@example.org, reviewer of Main")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("by single sign-on"))).to_be_visible()

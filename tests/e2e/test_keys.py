"""Commands by key and from the palette (spec: dashboard.md, "Keyboard")."""

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Reviewer

pytestmark = pytest.mark.browser


def settled_page(at: At, ana: Reviewer, path: str) -> Page:
    page = at(ana)
    page.goto(path)
    expect(page.locator("#connection")).to_have_text("Live")
    return page


def test_the_palette_finds_what_can_be_done_and_decides_nothing(
    at: At, ana: Reviewer, ask: AskDesk
) -> None:
    asked = ask("deploy.run", {"host": "web-1"})
    page = settled_page(at, ana, f"/approvals/{asked.id}")
    page.locator("body").press(".")
    field = page.get_by_role("combobox", name="Command")
    expect(field).to_be_focused()
    field.fill("den")
    expect(page.get_by_role("option")).to_have_text(["Deny…d"])
    field.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#reason-deny")).to_be_focused()
    expect(page.locator("#detail")).to_have_attribute("data-status", "pending")
    page.keyboard.press("Escape")
    page.locator("body").press("Control+k")
    field.fill("hist")
    expect(page.locator(".palette li")).to_have_text(["Go to History"])
    field.press("Enter")
    page.wait_for_url("**/history")


def test_the_palette_says_when_nothing_fits_and_gives_the_focus_back(
    at: At, ana: Reviewer, ask: AskDesk
) -> None:
    page = settled_page(at, ana, "/")
    page.get_by_role("button", name="Search").focus()
    page.keyboard.press(".")
    page.get_by_role("combobox", name="Command").fill("<b>zz")
    expect(page.locator(".palette li")).to_have_text("No command fits.")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Search")).to_be_focused()


def test_keys_can_be_changed_and_switched_off(at: At, ana: Reviewer, ask: AskDesk) -> None:
    asked = ask("deploy.run", {"host": "web-3"})
    page = at(ana)
    page.goto("/account")
    page.get_by_text("Other keys in this browser").click()
    deny = page.get_by_label("Deny…")
    deny.fill("a")
    deny.blur()
    expect(page.locator("#key-deny-fault")).to_have_text(
        "a is used for “Approve…”; change that one first."
    )
    deny.fill("n")
    deny.blur()
    expect(page.locator("#key-deny-fault")).to_be_hidden()
    page.goto(f"/approvals/{asked.id}")
    expect(page.locator("#connection")).to_have_text("Live")
    page.locator("body").press("d")
    expect(page.locator("#reason-deny")).to_be_hidden()
    page.locator("body").press("n")
    expect(page.locator("#reason-deny")).to_be_focused()
    page.goto("/account")
    page.get_by_label("Switch single-key commands off in this browser").check()
    page.goto(f"/approvals/{asked.id}")
    expect(page.locator("#connection")).to_have_text("Live")
    page.locator("body").press("n")
    expect(page.locator("#reason-deny")).to_be_hidden()


def test_the_line_goes_on_by_what_is_offered(at: At, ana: Reviewer, ask: AskDesk) -> None:
    ask("deploy.run", {"host": "web-4"}, risk="high")
    page = settled_page(at, ana, "/")
    page.keyboard.press("/")
    line = page.get_by_role("combobox", name="Search the queue")
    expect(line).to_be_focused()
    line.press_sequentially("tool:dep")
    expect(page.locator("#offers li")).to_have_text(["tool:deploy.run"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(line).to_have_value("tool:deploy.run ")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=tool*")
    expect(page.locator(".row__open").first).to_have_text("deploy.run")

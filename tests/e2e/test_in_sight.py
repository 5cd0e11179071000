"""What stays in sight while somebody decides, and which call it is that they decide."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.plugins.served import AskDesk, At, Reviewer

pytestmark = pytest.mark.browser
EVERY = ["approve", "deny", "edit", "respond", "request_changes"]
STANDS = "() => document.querySelector('#call').scrollTop"
IN_SIGHT = """button => {
  const {left, top, width, height} = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""


def press(page: Page, where: Locator) -> None:
    """Press as a hand does: nothing is scrolled into sight for it first."""
    box = where.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_confirmation_leaves_the_call_where_it_was_and_its_buttons_in_sight(
    ana: Reviewer, at: At, ask: AskDesk
) -> None:
    call = {f"field {place}": "x " * 40 for place in range(12)}
    asked = ask("mail.send", call, summary="Write", allowed_decisions=EVERY)
    page = at(ana, viewport={"width": 1280, "height": 900})
    page.goto(f"/?selected={asked.id}")
    expect(page.locator("#connection")).to_have_text("Live")
    page.evaluate("document.querySelector('#call').scrollTop = 60")
    for opener, act in (
        ("Deny…", "Deny this call"), ("Approve…", "Approve this call"), ("Ask for changes…", "Ask for changes"),
    ):  # fmt: skip
        press(page, page.get_by_role("link", name=opener))
        button = page.get_by_role("button", name=act)
        expect(button).to_be_enabled()
        for _ in range(2):
            assert page.evaluate(STANDS) == 60
            assert button.evaluate(IN_SIGHT)
            page.keyboard.press("Tab")
        press(page, page.locator(".confirm:not([hidden]) [data-closes]"))
    press(page, page.get_by_role("link", name="Edit…"))
    button = page.get_by_role("button", name="Approve as edited")
    expect(button).to_be_enabled()
    page.locator("#confirm-edit textarea").last.focus()
    assert button.evaluate(IN_SIGHT)
    assert page.evaluate(STANDS) == 0  # the panel came anew, from its beginning


def test_a_call_that_is_being_opened_says_so_and_holds_the_buttons_of_the_other(
    ana: Reviewer, at: At, ask: AskDesk
) -> None:
    first, second = (ask(tool, {"at": 1}) for tool in ("mail.send", "db.run"))
    page = at(ana)
    page.goto(f"/?selected={first.id}")
    expect(page.locator("#connection")).to_have_text("Live")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/panel", hold)
    page.locator(f"#row-{second.id} .row__open").click()
    expect(page.locator("#opening")).to_have_text("Opening db.run…")
    expect(page.locator("#detail")).to_have_attribute("aria-busy", "true")
    page.locator("body").press("a")
    press(page, page.get_by_text("Deny…"))
    expect(page.locator(".confirm:not([hidden])")).to_have_count(0)
    held[0].continue_()
    expect(page.locator("#detail")).to_have_attribute("data-id", second.id)
    expect(page.locator("#opening")).to_be_hidden()
    page.locator("body").press("a")
    expect(page.locator("#reason-approve")).to_be_focused()


def test_the_buttons_say_which_call_they_decide_while_the_focus_is_on_another_row(
    ana: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = [ask("mail.send", {"at": place}) for place in range(3)]
    page = at(ana)
    page.goto(f"/?selected={asked[0].id}")
    expect(page.locator("#connection")).to_have_text("Live")
    words = page.locator("#decide-which")
    expect(words).to_be_hidden()
    page.keyboard.press("j")
    expect(words).to_contain_text("These buttons decide mail.send")
    page.keyboard.press("k")
    expect(words).to_be_hidden()
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Deny this call")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    onward = page.get_by_role("link", name="Next: mail.send (2 wait)")
    expect(onward).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(f"#row-{asked[1].id} .row__open")).to_be_focused()
    onward.click()
    expect(page.locator("#detail")).to_have_attribute("data-id", asked[1].id)

"""The heaviest calls that can be filed, in a browser: to their last value, and to the yes behind it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from benchmarks.previews import HOSTILE
from tests.plugins.browser import selected
from tests.plugins.served import AskDesk, At, ServedDesk

pytestmark = [pytest.mark.browser, pytest.mark.sure]
END = "evilEnd77"
HEAVIEST = (
    "keys with every flag",
    "items with every flag",
    "secret numbers",
    "invisible",
    "lines",
)
IN_SIGHT = """
(text) => {
  window.getSelection().removeAllRanges();
  if (!window.find(text)) return false;
  const { top, bottom } = window.getSelection().getRangeAt(0).getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
"""
"""What the browser's own search finds, and whether it is in sight then."""


def ending(name: str) -> dict[str, Any]:
    """Return one of the calls with its end in the place of its last value."""
    arguments = dict(HOSTILE[name]())
    last = list(arguments)[-1]
    value = arguments[last]
    if isinstance(value, str):
        arguments[last] = value[: -len(END)] + END
    elif isinstance(value, list):
        arguments[last] = (
            [*value[:-1], "\u200b" + END] if name != "secret numbers" else value
        )
    else:
        arguments[last] = value | {list(value)[-1]: END}
    return arguments | ({"~": END} if name == "secret numbers" else {})


def no_wider_than_the_window(page: Page) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


@pytest.mark.parametrize("name", HEAVIEST)
def test_the_heaviest_calls_show_their_last_value_and_can_be_approved_behind_it(
    served: ServedDesk, at: At, ask: AskDesk, name: str
) -> None:
    asked = ask("look.at", ending(name), risk="low")
    page = at(served.admin, viewport={"width": 1280, "height": 800})
    page.goto(f"/approvals/{asked.id}")
    expect(page.locator("#confirm-approve")).to_have_count(0)
    page.get_by_role("link", name="Read it all").click()
    expect(page).to_have_url(f"{served.dashboard}/approvals/{asked.id}/full")
    page.wait_for_load_state()
    assert page.evaluate(IN_SIGHT, END)
    assert END in selected(page.locator("#preview"))
    no_wider_than_the_window(page)
    page.emulate_media(media="print")
    printed = page.locator(".tree__lines").last.evaluate("e => getComputedStyle(e).contentVisibility")  # fmt: skip
    assert printed == "visible"
    page.emulate_media(media="screen")
    yes = page.locator("#decide-bar").get_by_role("link", name="Approve…")
    yes.scroll_into_view_if_needed()
    yes.click()
    expect(page.locator("#confirm-approve")).to_be_visible()

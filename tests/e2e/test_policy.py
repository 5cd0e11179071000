"""The policy written, saved, taken back and tried out in a browser, by keyboard alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.plugins.served import At, ServedDesk

pytestmark = pytest.mark.browser
TEXT = """version: "1"
tools:
  pay:
    rules:
      - name: a limit
        conditions:
          - {path: args.amount, op: lte, value: 100}
      - name: ask
        action: require_approval
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A desk of its own: a policy rules every call of the others' tests."""
    made = ServedDesk(Path(tmp_path_factory.mktemp("policy")))
    made.start()
    yield made
    made.stop()


def would_be_lost(page: Page) -> bool:
    """Say whether the page asks before it is left."""
    asks = "!dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    return bool(page.evaluate(asks))


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on with the tab key until something has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            return
    pytest.fail("the tab key does not get there")


def test_a_policy_is_written_saved_tried_and_taken_back_by_keyboard(
    desk: ServedDesk, at: At
) -> None:
    page = at(desk.add("Polly", "owner"), desk, viewport={"width": 1280, "height": 900})
    page.goto("/policy")
    text = page.get_by_label("Text of the policy")
    tab_to(page, text)
    page.keyboard.insert_text(TEXT.replace("conditions", "conditons"))
    assert would_be_lost(page)
    link = page.get_by_role("link", name="Line 6")
    expect(link).to_be_visible()
    expect(page.locator("#findings")).to_contain_text('did you mean "conditions"')
    expect(page.locator("#announce")).to_contain_text("must be mended")
    expect(page.locator(".code__numbers .is-wrong").first).to_have_text("5")
    page.keyboard.press("Escape")
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    chosen = "node => node.value.slice(node.selectionStart, node.selectionEnd)"
    assert text.evaluate(chosen) == "        conditons:"
    page.keyboard.insert_text("        conditions:")
    expect(page.locator("#findings-sum")).to_have_text("Nothing is wrong.")
    page.keyboard.press("Escape")
    tab_to(page, page.get_by_role("button", name="Try a call"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Tool", exact=True))
    page.keyboard.insert_text("pay")
    page.keyboard.press("Tab")
    page.keyboard.insert_text('{"amount": "9"}')
    tab_to(page, page.get_by_role("button", name="Try it"))
    page.keyboard.press("Enter")
    expect(page.locator("#result-title")).to_have_text("Denied")
    assert would_be_lost(page)
    expect(page.locator(".trace__settles")).to_contain_text("cannot be told, it saw")
    tab_to(page, page.get_by_role("button", name="Back to the draft"))
    page.keyboard.press("Enter")
    expect(text).to_have_value(TEXT)
    tab_to(page, page.get_by_role("button", name="Review and save"))
    page.keyboard.press("Enter")
    expect(page.locator(".changes__line--added")).to_have_count(9)
    tab_to(page, page.get_by_label("Why, for whoever reads the versions"))
    page.keyboard.insert_text("Begin.")
    tab_to(page, page.get_by_role("button", name="Put it in force"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Version 1 is in force.")
    assert not would_be_lost(page)
    change_and_take_back(page, text)


def change_and_take_back(page: Page, text: Locator) -> None:
    """Save a second version and put the first in force again."""
    text.press("Control+End")
    page.keyboard.insert_text("# more\n")
    page.keyboard.press("Escape")
    tab_to(page, page.get_by_role("button", name="Review and save"))
    page.keyboard.press("Enter")
    expect(page.locator(".changes__line--added")).to_have_count(1)
    tab_to(page, page.get_by_role("button", name="Put it in force"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Version 2 is in force.")
    page.goto("/policy/versions/1")
    tab_to(page, page.get_by_text("Revert…"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Put version 1 in force"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Version 3 is in force.")
    expect(text).to_have_value(TEXT)


HOSTILE = TEXT.replace("a limit", "</div><img src=x onerror=alert(1)>").replace(
    "ask", "a\u202eb"
)


def test_the_editor_indents_lets_go_and_leads_to_what_was_refused(
    desk: ServedDesk, at: At
) -> None:
    page = at(desk.add("Edda", "owner"), desk, forgiven="422")
    page.goto("/policy")
    text, place = page.get_by_label("Text of the policy"), page.locator("#text-place")
    tab_to(page, text)
    page.keyboard.press("Tab")  # whoever came by the tab key goes on by it
    expect(text).not_to_be_focused()
    text.click()
    text.press("Control+a")
    page.keyboard.insert_text("tools:")
    for key in ("Enter", "Tab", "a", ":", "Enter", "Tab", "b", "Shift+Tab", "Control+z"):
        page.keyboard.press(key)
    expect(text).to_have_value("tools:\n  a:\n    b")
    expect(place).to_contain_text("Line 3 of 3, column ")
    text.press("Control+a")
    page.keyboard.press("Tab")
    expect(text).to_have_value("  tools:\n    a:\n      b")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(text).not_to_be_focused()
    expect(text).to_have_value("  tools:\n    a:\n      b")

    text.fill(HOSTILE.replace("conditions", "conditons"))
    drawn = page.locator(".code__drawn")
    expect(drawn).to_have_text(text.input_value(), use_inner_text=True)
    assert drawn.evaluate("node => node.childElementCount") == 0
    assert page.evaluate("CSS.highlights.get('code-key').size") > len(TEXT.split("\n"))
    page.get_by_role("button", name="Review and save").click()
    expect(page.locator("#text-fault")).to_contain_text("Line 8, column 16:")
    expect(text).to_be_focused()
    expect(place).to_have_text("Line 8 of 10, column 16")
    expect(page.locator(".code__band.is-wrong")).to_have_count(1)
    assert page.evaluate("CSS.highlights.get('code-fault').size") == 1

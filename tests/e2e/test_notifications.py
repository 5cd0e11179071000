"""Notifications of open pages: asked for by a click, told by one tab, led to the call."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Reviewer, ServedDesk

pytestmark = pytest.mark.browser
RECORDED = """() => {
  window.shown = [];
  window.asked = 0;
  const Real = window.Notification;
  window.Notification = class extends EventTarget {
    static get permission() { return window.leave ?? "default"; }
    static async requestPermission() {
      window.asked += 1;
      return window.leave = await Real.requestPermission();
    }
    constructor(title, options) {
      super();
      window.shown.push({ title, tag: options.tag });
      document.documentElement.dataset.shown = window.shown.map(each => each.tag).join(" ");
      window.last = this;
    }
    close() {}
  };
}"""
"""The system's own notifications cannot be seen by a test: what is shown is noted instead.

A Chromium without windows says that it may show none, whatever was allowed: what it answered when
it was asked is remembered here.
"""
ALLOWED = "window.leave = 'granted'"
"""What a later page remembers."""


def shown(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("window.shown")
    return found


def test_an_open_page_tells_what_waits_in_one_tab_and_leads_to_it(
    served: ServedDesk, bo: Reviewer, at: At, ask: AskDesk
) -> None:
    page = at(bo)
    page.context.add_init_script(f"({RECORDED})()")
    page.goto("/account/notifications")
    page.get_by_role("button", name="Notifications of this desk's open pages").click()
    button = page.get_by_role("button", name="Allow it in this browser")
    expect(button).to_be_visible()
    assert page.evaluate("window.asked") == 0, "nothing is asked for before a click"
    page.context.grant_permissions(["notifications"])
    button.click()
    expect(button).to_be_hidden()
    assert page.evaluate("window.asked") == 1
    page.context.add_init_script(ALLOWED)
    expect(page.locator("[data-leave]").first).to_contain_text("This browser may show them")
    page.get_by_text("Change what you hear here").click()
    page.get_by_label("Risk, at least").select_option("high")
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")

    page.goto("/")
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("html")).to_have_attribute("data-tells", "")
    second = page.context.new_page()
    second.goto("/")
    expect(second.locator("#connection")).to_have_text("Live")
    expect(second.locator("html")).not_to_have_attribute("data-tells", "")

    ask("mail.send", {"to": "nobody in particular"}, risk="low")
    asked = ask("mail.send", {"to": "hunter2"}, risk="high")
    root, other = page.locator("html"), second.locator("html")
    expect(root).to_have_attribute("data-shown", asked.id)
    expect(second).to_have_title(re.compile(r"^\(2\) "))
    assert shown(page) == [
        {"title": "Waits for you: mail.send, high risk", "tag": asked.id}
    ]
    assert shown(second) == []

    page.evaluate("window.last.dispatchEvent(new Event('click'))")
    page.wait_for_url(f"**/approvals/{asked.id}")
    # the tab that told went elsewhere, so the other one tells now, and it alone
    expect(other).to_have_attribute("data-tells", "")
    expect(page.locator("#connection")).to_have_text("Live")
    again = ask("mail.send", {"to": "the next"}, risk="high")
    expect(other).to_have_attribute("data-shown", again.id)
    expect(page).to_have_title(re.compile(r"^\(3\) "))
    assert shown(page) == []


def test_a_browser_without_sockets_is_told_too_and_by_one_tab_alone(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    page = at(ana)
    page.context.add_init_script(f"delete window.WebSocket; ({RECORDED})(); {ALLOWED}")
    page.goto("/account/notifications")
    page.get_by_role("button", name="Notifications of this desk's open pages").click()
    page.clock.install()
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-tells", "")
    second = page.context.new_page()
    second.goto("/")
    asked = ask("mail.send", {"to": "polled"}, risk="high")
    for tab in (page, second):
        tab.clock.run_for(11_000)
        expect(tab.locator("#connection")).to_contain_text("asking every 10 seconds")
        expect(tab).to_have_title(re.compile(r"^\(\d+\) "))
    page.clock.run_for(1_000)
    expect(page.locator("html")).to_have_attribute("data-shown", asked.id)
    page.clock.run_for(11_000)
    page.close()  # the other tab tells now, but nothing that was told before
    expect(second.locator("html")).to_have_attribute("data-tells", "")
    again = ask("mail.send", {"to": "polled later"}, risk="high")
    second.clock.run_for(12_000)
    expect(second.locator("html")).to_have_attribute("data-shown", again.id)


def test_the_count_in_title_and_icon_is_live_on_a_calls_page_too(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    first = ask("mail.send", {"to": "one"})
    page = at(ana)
    page.goto(f"/approvals/{first.id}")
    expect(page.locator("#connection")).to_have_text("Live")
    before = int(re.findall(r"^\((\d+)\)", page.title())[0])
    ask("mail.send", {"to": "two"})
    expect(page).to_have_title(re.compile(rf"^\({before + 1}\) "))
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("waiting"))

"""Edit, answer, ask for changes and talk, with an agent that waits; and several calls by key."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Background, Reviewer, ServedDesk

pytestmark = pytest.mark.browser
EVERY = ["approve", "deny", "edit", "respond", "request_changes"]


def watch(page: Page, path: str) -> Page:
    page.goto(path)
    expect(page.locator("#connection")).to_have_text("Live")
    return page


def test_an_agent_is_asked_for_changes_answers_and_runs_what_the_reviewer_edited(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk, beside: type[Background]
) -> None:
    given = {
        "to": "all",
        "copies": 3,
        "note": "in\u200bvoice",
        "token": "sk-" + "a1B2" * 10,
    }
    asked = ask("mail.send", given | {"note": "plain"}, allowed_decisions=EVERY)
    page = watch(at(ana, forgiven="422"), f"/?selected={asked.id}")

    opener = page.get_by_role("link", name="Ask for changes…")
    for _ in range(60):  # by keyboard alone
        if opener.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#reason-request_changes")).to_be_focused()
    page.keyboard.type("How many copies do you need?")
    expect(page.get_by_role("button", name="Ask for changes")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#detail .call__head .badge--status")).to_have_text(
        "Changes requested"
    )
    expect(page.locator(f"#row-{asked.id}")).to_contain_text("Changes requested")
    expect(page.get_by_role("link", name="Approve…")).to_have_count(0)

    served.client.say(asked.id, "Two would do.")
    expect(page.locator("#detail .call__head .badge--status")).to_have_text(
        "Waiting for a decision"
    )
    expect(page.locator("#messages")).to_contain_text("Two would do.")

    page.keyboard.press("m")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.type("edx: I shall make it two")
    served.client.say(asked.id, "Or three?")
    expect(page.locator("#messages")).to_contain_text("Or three?")
    expect(page.locator("#announce")).to_contain_text("New message from")
    expect(page.locator("#message")).to_be_focused()
    expect(page.locator("#message")).to_have_value("edx: I shall make it two")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#messages")).to_contain_text("I shall make it two")
    expect(page.locator("#message")).to_have_value("")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.press("Escape")

    page.keyboard.press("e")
    copies = page.get_by_label("copies number")
    expect(copies).to_have_value("3")
    expect(page.locator("#edits")).to_have_text("Nothing is changed yet.")
    copies.fill("two")
    page.get_by_role("button", name="Approve as edited").click()
    expect(page.locator(".fault")).to_contain_text("is no number")
    expect(copies).to_be_focused()
    copies.fill("2")
    expect(page.locator("#edits li")).to_have_text(["copies was 3 is 2"])
    served.client.say(asked.id, "Hello?")
    expect(page.locator("#messages")).to_contain_text("Hello?")
    expect(copies).to_have_value("2")
    waiting = beside(lambda: asked.wait(timeout=60).consume().arguments)
    page.get_by_role("button", name="Approve as edited").click()
    expect(page.locator("#edited")).to_contain_text("Edited by Ana")
    expect(page.locator("#edited .diff__side--is")).to_contain_text("2")
    assert waiting.result() == given | {"note": "plain", "copies": 2}


def test_an_answer_instead_of_a_run_reaches_the_agent(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = ask("mail.send", {"to": "the post"}, allowed_decisions=EVERY)
    page = at(ana, java_script_enabled=False)
    page.goto(f"/approvals/{asked.id}")
    page.get_by_role("link", name="Answer instead…").click()
    page.get_by_label("Answer", exact=True).fill("Use the phone.")
    page.get_by_role("button", name="Answer instead").click()
    expect(page.locator("#detail .call__head .badge--status")).to_have_text(
        "Answered instead of run"
    )
    expect(page.locator("#detail .outcome")).to_contain_text("Use the phone.")
    assert served.client.approval(asked.id).status == "answered"


def test_editing_and_talking_need_no_script(ana: Reviewer, at: At, ask: AskDesk) -> None:
    asked = ask("mail.send", {"to": "a", "copies": 3}, allowed_decisions=EVERY)
    page = at(ana, java_script_enabled=False)
    page.goto(f"/approvals/{asked.id}")
    page.get_by_text("Say something first without deciding").click()
    page.locator("#message").fill("Only one, I think.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#messages")).to_contain_text("Only one, I think.")
    page.get_by_role("link", name="Edit…").click()
    expect(page.locator("#confirm-edit")).to_contain_text("was 3")
    page.get_by_label("copies number").fill("1")
    page.get_by_role("button", name="Approve as edited").click()
    expect(page.locator("#edited")).to_contain_text("Edited by Ana")
    assert asked.wait(timeout=60).consume().arguments == {"to": "a", "copies": 1}


def test_several_calls_are_selected_by_key_and_decided_on_one_page(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = [ask("mail.send", {"to": f"subscriber {place}"}) for place in range(3)]
    ask("shell.run", {"command": "make deploy"}, risk="high")
    page = watch(at(ana), "/")
    expect(page.get_by_role("button", name="Decide together…")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+J")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("4 calls selected")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("3 calls selected")
    served.client.say(asked[0].id, "A row that is drawn anew stays selected.")
    ask("mail.send", {"to": "the newcomer"})
    page.get_by_role("link", name="1 new approval").click()
    expect(page.locator(".row")).to_have_count(5)
    expect(page.locator("[data-picked]")).to_have_text("3 calls selected")
    page.get_by_role("button", name="Decide together…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Decide 3 calls together")
    expect(page.locator("tbody")).to_contain_text("approved on its own page only")
    page.get_by_role("button", name="Approve 2 of 3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 decided")
    statuses = [str(served.client.approval(one.id).status) for one in asked]
    assert statuses == ["approved", "pending", "approved"]  # the riskier call stands first


def test_a_double_click_on_what_unfolds_takes_nothing_back(
    ana: Reviewer, at: At, ask: AskDesk
) -> None:
    asked = ask("mail.send", {"to": "the hasty"})
    page = watch(at(ana, viewport={"width": 360, "height": 740}), f"/approvals/{asked.id}")
    page.get_by_role("link", name="Approve…").click()
    page.get_by_role("button", name="Approve this call").click()
    summary = page.get_by_text("Take the approval back")
    box = summary.bounding_box()
    assert box is not None
    page.clock.install()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*middle)
    back = page.get_by_role("button", name="Take it back")
    expect(back).to_be_disabled()
    page.mouse.click(*middle)
    under = "([x, y]) => document.elementFromPoint(x, y).closest('button') === null"
    assert page.evaluate(under, middle)
    expect(page.locator("#detail .call__head .badge--status")).to_have_text(
        re.compile("Approved")
    )

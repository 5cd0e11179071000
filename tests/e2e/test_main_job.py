"""The main job: an agent asks, a person decides in a browser, the agent uses the yes once.

The agent is pydantic-ai's, the webhook of the official `standardwebhooks` package: what they send
was written by nobody who works on the desk.
"""

import asyncio
import json
import re
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from countersign_client import AlreadyConsumed
from countersign_client.integrations.pydantic_ai import gated, resolve
from playwright.sync_api import Page, expect
from pydantic_ai import Agent
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import DeferredToolRequests
from standardwebhooks.webhooks import Webhook

from tests.plugins.served import AskDesk, At, Background, Reviewer, ServedDesk

pytestmark = pytest.mark.browser
CALLS = [
    ToolCallPart("pay", '{"to": "kim", "amount": 1e2}', tool_call_id="c1"),
    ToolCallPart("pay", {"to": "eve", "amount": 9}, tool_call_id="c2"),
    ToolCallPart("pay", {"to": "dan", "amount": 3}, tool_call_id="c3"),
]
SUSPICIOUS = "Eve left in May; ask Bo."


def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """The model: three calls at once, then a line about each."""
    returned = [
        f"{part.tool_call_id}: {part.content}"
        for part in messages[-1].parts
        if isinstance(part, ToolReturnPart)
    ]
    if returned:
        return ModelResponse(parts=[TextPart("\n".join(sorted(returned)))])
    return ModelResponse(parts=list(CALLS))


async def job(desk: ServedDesk, ran: list[tuple[str, Any]]) -> str:
    """Run the agent until it pauses, have its calls decided, resume it."""

    def pay(to: str, amount: Any) -> str:
        ran.append((to, amount))
        return f"paid {amount} to {to}"

    agent: Agent[None, Any] = Agent(
        FunctionModel(respond),
        output_type=[str, DeferredToolRequests],
        toolsets=[gated(desk.client, pay)],
    )
    paused = await agent.run("Pay the three invoices")
    assert isinstance(paused.output, DeferredToolRequests)
    assert ran == []
    answers = await asyncio.to_thread(
        resolve, desk.client, paused.output, session="invoices", timeout=100
    )
    resumed = await agent.run(
        message_history=paused.all_messages(), deferred_tool_results=answers
    )
    return str(resumed.output)


def open_row(page: Page, word: str) -> None:
    """Choose the row in which a word stands, and see its call beside the queue."""
    page.locator(".row", has_text=word).locator(".row__open").click()
    expect(page.locator("#preview")).to_contain_text(word)


def settled(page: Page, word: str) -> None:
    expect(page.locator("#detail .call__head .badge--status")).to_have_text(word)


def deny_by_keyboard(page: Page) -> None:
    page.keyboard.press("d")
    expect(page.locator("#reason-deny")).to_be_focused()
    page.keyboard.type(SUSPICIOUS)
    expect(page.get_by_role("button", name="Deny this call")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    settled(page, "Denied")


def approve_by_mouse(page: Page) -> None:
    page.get_by_role("link", name="Approve…").click()
    page.get_by_role("button", name="Approve this call").click()
    expect(page.locator("#detail .call__head .badge--status")).not_to_have_text(
        re.compile("Waiting")
    )


def approve_by_keyboard(page: Page) -> None:
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve this call")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#detail .call__head .badge--status")).not_to_have_text(
        re.compile("Waiting")
    )


def test_an_agent_asks_a_person_decides_and_the_yes_is_used_once(
    served: ServedDesk,
    ana: Reviewer,
    at: At,
    ask: AskDesk,
    enter: Callable[[Page, Reviewer], None],
    beside: type[Background],
) -> None:
    ask("mail.send", {"to": "the one that waits already"})
    page, ran = at(None), list[tuple[str, Any]]()
    enter(page, ana)
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator("#connection")).to_have_text("Live")

    agent = beside(lambda: asyncio.run(job(served, ran)))
    page.get_by_role("link", name="3 new approvals").click()
    expect(page.locator(".row")).to_have_count(4)
    open_row(page, "eve")
    expect(page.locator("#arguments")).to_contain_text("2 arguments")
    deny_by_keyboard(page)
    open_row(page, "kim")
    expect(page.locator("#preview")).to_contain_text("100")
    approve_by_mouse(page)
    open_row(page, "dan")
    approve_by_keyboard(page)

    assert agent.result() == (f"c1: paid 100 to kim\nc2: {SUSPICIOUS}\nc3: paid 3 to dan")
    assert sorted(ran) == [("dan", 3), ("kim", 100)]
    assert all(type(amount) is int for _, amount in ran)  # canonical, not 100.0 as sent
    expect(page.locator("#detail .outcome")).to_contain_text("reported that it ran")
    settled(page, "Done")
    id_of_dan = str(page.locator("#detail").get_attribute("data-id"))
    with pytest.raises(AlreadyConsumed) as used:
        served.client.consume(id_of_dan, "pay", {"to": "dan", "amount": 3})
    assert used.value.status == 409
    verified = served.run("audit", "verify", "--all")
    assert verified.returncode == 0, verified.stdout


def test_a_signed_webhook_of_the_official_package_waits_in_the_same_queue(
    served: ServedDesk, ana: Reviewer, at: At, ask: AskDesk
) -> None:
    ask("mail.send", {"to": "the one before the webhook"})
    office = at(served.admin)
    office.goto("/sources")
    office.get_by_role("link", name="Standard Webhooks").click()
    office.get_by_label("Name", exact=True).fill("gateway")
    office.get_by_role("button", name="Make the source").click()
    secret = office.locator("#shown-once code").inner_text()
    address = office.locator("dl .mono").first.inner_text().strip()
    expect(office.locator("#waits-title")).to_be_visible()

    desk = at(ana)
    desk.goto("/")
    expect(desk.locator("#connection")).to_have_text("Live")
    call = json.dumps({"tool": "bank.transfer", "arguments": {"iban": "DE89", "eur": 120}})
    now = datetime.now(UTC)
    message = urllib.request.Request(  # noqa: S310 - our own desk
        address,
        call.encode(),
        {
            "Content-Type": "application/json",
            "webhook-id": "msg_e2e",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_e2e", now, call),
        },
    )
    with urllib.request.urlopen(message, timeout=60) as answer:  # noqa: S310
        assert answer.status == 202
    desk.get_by_role("link", name="1 new approval").click()
    open_row(desk, "DE89")
    desk.get_by_role("link", name="Deny…").click()
    desk.get_by_role("textbox", name="Reason").fill("No order number.")
    desk.get_by_role("button", name="Deny this call").click()
    settled(desk, "Denied")
    # it came in by itself, where the page waited for it
    expect(office.locator("#arrivals tbody tr")).to_have_count(1)
    expect(office.locator("#waits-title")).to_have_count(0)
    office.get_by_role("link", name="Approval", exact=True).click()
    settled(office, "Denied")

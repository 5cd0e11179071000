"""LangChain's own middleware pauses an agent; a reviewer gives every verdict, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from countersign_client.integrations.langchain import SingleUse, resolve
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.agents.middleware.human_in_the_loop import InterruptMode
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolCall
from langgraph.checkpoint.memory import InMemorySaver
from playwright.sync_api import Page, expect

from tests.plugins.served import AskDesk, At, Background, Reviewer, ServedDesk

pytestmark = pytest.mark.browser
PEOPLE = ("ann", "ben", "sam", "dee")
Settled = Callable[[Page], None]


class Model(GenericFakeChatModel):
    """Says what it is given, whatever tools it is told of."""

    def bind_tools(self, *_args: Any, **_more: Any) -> Model:
        return self


def says(mode: str) -> Iterator[AIMessage]:
    calls = [
        ToolCall(name="invite", args={"to": f"{to} {mode}", "seats": 3}, id=f"{mode}-{to}")
        for to in PEOPLE
    ]
    yield AIMessage(content="", tool_calls=calls)
    yield AIMessage(content="done")


def job(
    desk: ServedDesk, mode: InterruptMode, ran: list[tuple[str, int]]
) -> dict[str, str]:
    """Run the agent until it pauses, have its calls decided, resume it; what the model was told."""

    def invite(to: str, seats: int) -> str:
        """Invite somebody."""
        ran.append((to.split(maxsplit=1)[0], seats))
        return f"{to} has {seats}"

    agent = create_agent(
        Model(messages=says(mode)),
        [invite],
        middleware=[
            HumanInTheLoopMiddleware({"invite": True}, interrupt_mode=mode),
            SingleUse(desk.client, "invite"),
        ],
        checkpointer=InMemorySaver(),
    )
    thread: Any = {"configurable": {"thread_id": mode}}
    said: Any = {"messages": [("user", "Invite")]}
    paused = agent.invoke(said, thread, version="v2")
    answer = resolve(desk.client, paused, session=mode, timeout=100)
    done = agent.invoke(answer, thread, version="v2")
    return {
        message.tool_call_id.removeprefix(f"{mode}-"): str(message.content)
        for message in done.value["messages"]
        if message.type == "tool"
    }


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of this name has the focus, as somebody without a mouse would."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator("a:focus, button:focus").filter(has_text=name).count():
            return
    raise AssertionError(f"Tab never reaches {name!r}")


def approve(page: Page) -> None:
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve this call")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#detail .call__head .badge--status")).not_to_have_text(
        "Waiting for a decision"
    )


def edit(page: Page) -> None:
    page.keyboard.press("e")
    seats = page.get_by_label("seats number")
    expect(seats).to_be_visible()
    for _ in range(60):
        if seats.evaluate("field => field === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("1")
    expect(page.get_by_role("button", name="Approve as edited")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#edited")).to_contain_text("Edited by Ana")


def reject(page: Page) -> None:
    page.keyboard.press("d")
    expect(page.locator("#reason-deny")).to_be_focused()
    page.keyboard.type("Not this one.")
    expect(page.get_by_role("button", name="Deny this call")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#detail .call__head .badge--status")).to_have_text("Denied")


def respond(page: Page) -> None:
    tab_to(page, "Answer")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Answer", exact=True)).to_be_focused()
    page.keyboard.type("Dee is here already.")
    expect(page.get_by_role("button", name="Answer instead")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#detail .call__head .badge--status")).to_have_text(
        "Answered instead of run"
    )


VERDICTS = dict(zip(PEOPLE, (approve, edit, reject, respond), strict=True))


@pytest.mark.parametrize(
    "mode", ["per_call", pytest.param("batched", marks=pytest.mark.sure)]
)
def test_every_verdict_reaches_langchains_own_middleware(
    served: ServedDesk,
    ana: Reviewer,
    at: At,
    ask: AskDesk,
    beside: type[Background],
    mode: InterruptMode,
) -> None:
    ran: list[tuple[str, int]] = []
    ask("mail.send", {"to": "the one that waits already"})
    page = at(ana)
    page.goto("/")
    expect(page.locator("#connection")).to_have_text("Live")
    agent = beside(lambda: job(served, mode, ran))
    bar = page.get_by_role("link", name="4 new approvals")
    expect(bar).to_be_visible()
    tab_to(page, "4 new approvals")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(5)
    seen = set()
    for place in range(5):
        page.keyboard.press("j")
        row = page.locator(".row").nth(place)
        expect(row.locator(".row__open")).to_be_focused()
        to = next((name for name in PEOPLE if name in str(row.text_content())), None)
        if to is None:
            continue
        page.keyboard.press("Enter")
        expect(page.locator("#preview")).to_contain_text(to)
        VERDICTS[to](page)
        seen.add(to)
    assert seen == set(PEOPLE)
    told = agent.result()
    assert sorted(ran) == [("ann", 3), ("ben", 1)]
    assert told["ann"] == f"ann {mode} has 3"
    assert told["ben"].endswith(f"ben {mode} has 1")
    assert "a human reviewer replaced this tool call" in told["ben"]
    assert "Not this one." in told["sam"]
    assert told["dee"] == "Dee is here already."

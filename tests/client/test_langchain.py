"""A real LangChain agent, offline: paused by its own middleware, decided, resumed, nothing run twice."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from countersign_client import (
    AlreadyConsumed,
    BadAnswer,
    Client,
    CountersignError,
    Denied,
    StillPending,
)
from countersign_client.integrations.langchain import SingleUse, resolve, reviewed
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.agents.middleware.human_in_the_loop import InterruptMode
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolCall
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

Ran = list[tuple[str, int]]
pytestmark = pytest.mark.usefixtures("own_loop")
THREAD: Any = {"configurable": {"thread_id": "t1"}}
MODES: list[InterruptMode] = ["per_call", "batched"]


class Model(GenericFakeChatModel):
    """Says what it is given, whatever tools it is told of."""

    def bind_tools(self, *_args: Any, **_more: Any) -> "Model":
        return self


@pytest.fixture
def ran() -> Ran:
    return []


@pytest.fixture
def pay(ran: Ran) -> Callable[[str, int], str]:
    def pay(to: str, amount: int = 1) -> str:
        """Pay somebody."""
        ran.append((to, amount))
        return f"paid {amount} to {to}"

    return pay


def call(name: str, identity: str, **arguments: Any) -> ToolCall:
    return ToolCall(name=name, args=arguments, id=identity)


TWO = [call("pay", "c1", to="ana", amount=5), call("pay", "c2", to="eve")]


def says(calls: list[ToolCall]) -> Iterator[AIMessage]:
    yield AIMessage(content="", tool_calls=calls)
    while True:
        yield AIMessage(content="done")


def agent(
    desk: Client, tool: Callable[..., Any], calls: list[ToolCall], mode: InterruptMode
) -> Any:
    pausing = HumanInTheLoopMiddleware({"pay": True}, interrupt_mode=mode)
    return create_agent(
        Model(messages=says(calls)),
        [tool, look],
        middleware=[pausing, SingleUse(desk, "pay")],
        checkpointer=InMemorySaver(),
    )


def look(at: str) -> str:
    """Look at something."""
    return f"saw {at}"


def start(running: Any) -> Any:
    return running.invoke({"messages": [("user", "Pay them")]}, THREAD, version="v2")


def told(result: Any) -> dict[str, str]:
    return {
        each.tool_call_id: str(each.content)
        for each in result.value["messages"]
        if each.type == "tool"
    }


def run(desk: Client, tool: Any, calls: list[ToolCall], mode: InterruptMode) -> Any:
    running = agent(desk, tool, calls, mode)
    answer = resolve(desk, start(running), session="s1")
    return running.invoke(answer, THREAD, version="v2")


@pytest.mark.parametrize("mode", MODES)
def test_one_approved_one_denied_and_nothing_runs_before(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    server.reviewer = lambda a: (
        server.approve(a) if a["arguments"]["to"] == "ana" else server.deny(a)
    )
    running = agent(desk, pay, [call("look", "c0", at="the list"), *TWO], mode)
    paused = start(running)
    assert ran == []
    said = told(running.invoke(resolve(desk, paused, session="s1"), THREAD, version="v2"))
    assert said["c0"] == "saw the list"
    assert said["c1"] == "paid 5 to ana"
    assert "too risky today" in said["c2"]
    assert ran == [("ana", 5)]
    statuses = {a["source_ref"]: a["status"] for a in server.approvals.values()}
    assert statuses == {"c1": "consumed", "c2": "denied"}
    assert {a["session"] for a in server.approvals.values()} == {"s1"}


@pytest.mark.parametrize("mode", MODES)
def test_an_edit_is_what_runs_and_what_the_model_is_told(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    server.reviewer = lambda a: server.edit(a, {"to": "ana", "amount": 2})
    said = told(run(desk, pay, TWO[:1], mode))
    assert ran == [("ana", 2)]
    assert "a human reviewer replaced this tool call" in said["c1"]
    assert said["c1"].endswith("paid 2 to ana")
    assert server.only()["status"] == "consumed"


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_becomes_the_tools_result(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    server.reviewer = lambda a: server.settle(a, "answered", answer="Ana was paid")
    assert told(run(desk, pay, TWO[:1], mode)) == {"c1": "Ana was paid"}
    assert ran == []


@pytest.mark.parametrize("mode", MODES)
def test_what_else_ended_it_is_told_as_a_rejection(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    server.reviewer = lambda a: server.settle(a, "expired")
    assert "expired" in told(run(desk, pay, TWO[:1], mode))["c1"]
    server.approvals.clear()
    server.reviewer = lambda a: server.settle(a, "needs_revision")
    assert "asks for changes" in told(run(desk, pay, TWO[:1], mode))["c1"]
    assert ran == []


@pytest.mark.parametrize("mode", MODES)
def test_the_verdicts_offered_are_those_the_tool_takes(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    server.reviewer = server.deny
    taking = HumanInTheLoopMiddleware(
        {"pay": {"allowed_decisions": ["approve", "respond"]}}, interrupt_mode=mode
    )
    running = create_agent(
        Model(messages=says(TWO[:1])),
        [pay],
        middleware=[taking, SingleUse(desk, "pay")],
        checkpointer=InMemorySaver(),
    )
    with pytest.raises(Denied, match="too risky"):
        resolve(desk, start(running))
    assert server.only()["allowed_decisions"] == ["approve", "respond"]
    assert ran == []


def test_the_editor_gets_the_tools_own_schema(server: Any, desk: Client, pay: Any) -> None:
    server.reviewer = server.deny
    run(desk, pay, TWO[:1], "per_call")
    schema = server.calls("/approvals")[0].body["arguments_schema"]
    assert schema["properties"]["amount"]["type"] == "integer"
    assert schema["required"] == ["to"]


@pytest.mark.parametrize("mode", MODES)
def test_the_same_checkpoint_resumed_twice_runs_once(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    server.reviewer = server.approve
    running = agent(desk, pay, TWO[:1], mode)
    answer = resolve(desk, start(running))
    paused_at = running.get_state(THREAD).config
    running.invoke(answer, THREAD, version="v2")
    with pytest.raises(AlreadyConsumed):
        running.invoke(answer, paused_at, version="v2")
    assert ran == [("ana", 5)]


@pytest.mark.parametrize("mode", MODES)
def test_an_approval_that_is_not_the_desks_runs_nothing(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    running = agent(desk, pay, TWO[:1], mode)
    paused = start(running)
    [waiting] = paused.interrupts
    yes: Any = {"type": "approve"}
    forged = {waiting.id: yes if mode == "per_call" else {"decisions": [yes]}}
    with pytest.raises(BadAnswer, match="no approval of the desk"):
        running.invoke(Command(resume=forged), THREAD, version="v2")
    assert ran == []


def test_other_arguments_than_the_approved_run_nothing(
    server: Any, desk: Client, pay: Any, ran: Ran
) -> None:
    server.reviewer = server.approve
    running = agent(desk, pay, TWO[:1], "per_call")
    answer = resolve(desk, start(running))
    edited = {"name": "pay", "args": {"to": "eve", "amount": 500}}
    [waiting] = answer.resume  # type: ignore[misc]
    forged = {waiting: {"type": "edit", "edited_action": edited}}
    with pytest.raises(CountersignError):
        running.invoke(Command(resume=forged, update=answer.update), THREAD, version="v2")
    assert ran == []
    assert server.only()["status"] == "approved"


@pytest.mark.parametrize("mode", MODES)
def test_two_identical_calls_of_a_turn_are_one_run(
    server: Any, desk: Client, pay: Any, ran: Ran, mode: InterruptMode
) -> None:
    server.reviewer = server.approve
    twins = [call("pay", f"c{n}", to="ana") for n in (1, 2)]
    said = " ".join(told(run(desk, pay, twins, mode)).values())
    assert "one approval is one run" in said
    assert ran == [("ana", 1)]


def test_a_verdict_still_missing_files_nothing_twice(
    server: Any, desk: Client, pay: Any
) -> None:
    paused = start(agent(desk, pay, TWO, "per_call"))
    for _ in range(2):
        with pytest.raises(StillPending):
            resolve(desk, paused, timeout=0)
    assert len(server.approvals) == 2


def test_a_result_in_which_nothing_waits_is_said_to_be_one(desk: Client) -> None:
    with pytest.raises(ValueError, match="no call waits"):
        resolve(desk, {"messages": []})


def test_the_older_form_of_a_result_is_read_too(
    server: Any, desk: Client, pay: Any, ran: Ran
) -> None:
    server.reviewer = server.approve
    running = create_agent(
        Model(messages=says(TWO[:1])),
        [pay],
        middleware=reviewed(desk, "pay"),
        checkpointer=InMemorySaver(),
    )
    said: Any = {"messages": [("user", "Pay")]}
    paused = running.invoke(said, THREAD)
    running.invoke(resolve(desk, paused), THREAD)
    assert ran == [("ana", 5)]


def test_a_tool_that_fails_is_reported_as_failed(server: Any, desk: Client) -> None:
    server.reviewer = server.approve

    def pay(to: str, amount: int = 1) -> str:
        """Pay somebody."""
        raise RuntimeError("secret")

    with pytest.raises(RuntimeError):
        run(desk, pay, TWO[:1], "per_call")
    assert server.only()["status"] == "failed"
    assert server.calls("/outcome")[0].body["detail"] == "RuntimeError"


@pytest.mark.parametrize("awaited", [False, True])
def test_arguments_the_tool_cannot_take_are_reported_as_failed(
    server: Any, desk: Client, pay: Any, ran: Ran, *, awaited: bool
) -> None:
    server.reviewer = server.approve
    running = agent(desk, pay, [call("pay", "c1", to="ana", amount="a lot")], "per_call")
    answer = resolve(desk, start(running))
    if awaited:
        result = asyncio.run(running.ainvoke(answer, THREAD, version="v2"))
    else:
        result = running.invoke(answer, THREAD, version="v2")
    assert "valid integer" in told(result)["c1"]
    assert ran == []
    assert server.only()["status"] == "failed"
    assert server.calls("/outcome")[0].body["detail"] == "ToolFailed"


def test_an_agent_that_is_awaited_runs_its_call_once(
    server: Any, desk: Client, pay: Any, ran: Ran
) -> None:
    server.reviewer = server.approve
    running = agent(desk, pay, [call("look", "c0", at="it"), TWO[0]], "per_call")

    async def job() -> Any:
        paused = await running.ainvoke(
            {"messages": [("user", "Pay")]}, THREAD, version="v2"
        )
        answer = await asyncio.to_thread(resolve, desk, paused)
        return await running.ainvoke(answer, THREAD, version="v2")

    assert told(asyncio.run(job()))["c1"] == "paid 5 to ana"
    assert ran == [("ana", 5)]
    assert server.only()["status"] == "consumed"

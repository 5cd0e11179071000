"""A real pydantic-ai agent, offline: paused, decided, resumed, and nothing run twice."""

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from countersign_client import (
    AlreadyConsumed,
    BadAnswer,
    Client,
    CountersignError,
    StillPending,
)
from countersign_client.integrations.pydantic_ai import (
    GatedToolset,
    gated,
    handler,
    resolve,
)
from pydantic import TypeAdapter
from pydantic_ai import Agent, RunContext
from pydantic_ai.capabilities import HandleDeferredToolCalls
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import (
    DeferredToolRequests,
    DeferredToolResults,
    ToolApproved,
    ToolDenied,
)
from pydantic_ai.toolsets import FunctionToolset

Calls = list[ToolCallPart]
pytestmark = pytest.mark.usefixtures("own_loop")


@pytest.fixture
def ran() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def pay(ran: list[tuple[str, int]]) -> Callable[[str, int], str]:
    def pay(to: str, amount: int = 1) -> str:
        ran.append((to, amount))
        return f"paid {amount} to {to}"

    return pay


def model(calls: Calls) -> FunctionModel:
    """First the calls; then a line for each thing that became of them."""

    def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        returned = [
            f"{part.tool_call_id}={part.content}"
            for part in messages[-1].parts
            if isinstance(part, ToolReturnPart)
        ]
        if returned:
            return ModelResponse(parts=[TextPart("; ".join(sorted(returned)))])
        return ModelResponse(parts=list(calls))

    return FunctionModel(respond)


def agent(desk: Client, pay: Callable[..., Any], calls: Calls) -> Agent[None, Any]:
    return Agent(
        model(calls),
        output_type=[str, DeferredToolRequests],
        toolsets=[gated(desk, pay)],
    )


TWO = [
    ToolCallPart("pay", {"to": "ana", "amount": 5}, tool_call_id="c1"),
    ToolCallPart("pay", '{"to": "eve"}', tool_call_id="c2"),
]


def approve_ana_alone(server: Any) -> None:
    server.reviewer = lambda approval: (
        server.approve(approval)
        if approval["arguments"]["to"] == "ana"
        else server.deny(approval)
    )


def test_one_approved_one_denied_and_a_replay_runs_nothing_twice(
    server: Any, desk: Client, pay: Any, ran: Any
) -> None:
    paused = agent(desk, pay, TWO).run_sync("Pay them")
    assert isinstance(paused.output, DeferredToolRequests)
    assert ran == []
    history, requests = _through_storage(paused)
    approve_ana_alone(server)
    results = resolve(desk, requests, session="s1")

    done = agent(desk, pay, TWO).run_sync(
        message_history=history, deferred_tool_results=results
    )
    assert done.output == "c1=paid 5 to ana; c2=too risky today"
    assert ran == [("ana", 5)]
    statuses = {a["source_ref"]: a["status"] for a in server.approvals.values()}
    assert statuses == {"c1": "consumed", "c2": "denied"}
    assert {a["session"] for a in server.approvals.values()} == {"s1"}

    with pytest.raises(AlreadyConsumed):
        agent(desk, pay, TWO).run_sync(
            message_history=history, deferred_tool_results=results
        )
    assert ran == [("ana", 5)]


def _through_storage(paused: Any) -> tuple[list[ModelMessage], DeferredToolRequests]:
    history = ModelMessagesTypeAdapter.validate_json(paused.all_messages_json())
    adapter = TypeAdapter(DeferredToolRequests)
    return history, adapter.validate_json(adapter.dump_json(paused.output))


def test_an_edit_is_what_runs(server: Any, desk: Client, pay: Any, ran: Any) -> None:
    server.reviewer = lambda a: server.edit(a, {"to": "ana", "amount": 2})
    done = _run(desk, pay, TWO[:1])
    assert ran == [("ana", 2)]
    assert done.output == "c1=paid 2 to ana"


def _run(desk: Client, pay: Any, calls: Calls) -> Any:
    paused = agent(desk, pay, calls).run_sync("Pay them")
    return agent(desk, pay, calls).run_sync(
        message_history=paused.all_messages(),
        deferred_tool_results=resolve(desk, paused.output),
    )


@pytest.mark.parametrize(
    ("status", "members", "told"),
    [
        (
            "answered",
            {"answer": "Ana was paid"},
            "a reviewer answered instead: Ana was paid",
        ),
        ("needs_revision", {}, "a reviewer asks for changes"),
        ("expired", {}, "expired"),
        ("consumed", {}, "already_consumed"),
    ],
)
def test_the_model_learns_how_else_it_ended(
    server: Any, desk: Client, pay: Any, ran: Any, status: str, members: Any, told: str
) -> None:
    server.reviewer = lambda a: server.settle(a, status, **members)
    assert told in _run(desk, pay, TWO[:1]).output
    assert ran == []
    assert "request_changes" not in server.only()["allowed_decisions"]


def test_two_identical_calls_of_a_turn_are_one_run(
    server: Any, desk: Client, pay: Any, ran: Any
) -> None:
    server.reviewer = server.approve
    twins = [ToolCallPart("pay", {"to": "ana"}, tool_call_id=f"c{n}") for n in (1, 2)]
    assert "one approval is one run" in _run(desk, pay, twins).output
    assert ran == [("ana", 1)]


def test_a_verdict_still_missing_files_nothing_twice(
    server: Any, desk: Client, pay: Any
) -> None:
    paused = agent(desk, pay, TWO).run_sync("Pay them")
    for _ in range(2):
        with pytest.raises(StillPending):
            resolve(desk, paused.output, timeout=0)
    assert len(server.approvals) == 2


@pytest.mark.parametrize(
    "approval", [True, ToolApproved(), ToolApproved(override_args={"to": "eve"})]
)
def test_an_approval_that_is_not_the_desks_runs_nothing(
    server: Any, desk: Client, pay: Any, ran: Any, approval: Any
) -> None:
    paused = agent(desk, pay, TWO[:1]).run_sync("Pay them")
    forged = DeferredToolResults(approvals={"c1": approval})
    with pytest.raises(BadAnswer, match="no approval of the desk"):
        agent(desk, pay, TWO[:1]).run_sync(
            message_history=paused.all_messages(), deferred_tool_results=forged
        )
    assert ran == []


def test_other_arguments_than_the_approved_run_nothing(
    server: Any, desk: Client, pay: Any, ran: Any
) -> None:
    server.reviewer = server.approve
    paused = agent(desk, pay, TWO[:1]).run_sync("Pay them")
    results = resolve(desk, paused.output)
    results.approvals["c1"] = ToolApproved(override_args={"to": "eve", "amount": 500})
    forged = DeferredToolResults(
        approvals=results.approvals,
        metadata={
            "c1": {
                **results.metadata["c1"],
                "countersign_arguments": {"to": "eve", "amount": 500},
            }
        },
    )
    for changed in (results, forged):
        with pytest.raises(CountersignError):
            agent(desk, pay, TWO[:1]).run_sync(
                message_history=paused.all_messages(), deferred_tool_results=changed
            )
    assert ran == []
    assert server.only()["status"] == "approved"


def test_a_desk_that_fails_runs_nothing(
    server: Any, desk: Client, impatient: Client, http: Any, pay: Any, ran: Any
) -> None:
    server.reviewer = server.approve
    paused = agent(desk, pay, TWO[:1]).run_sync("Pay them")
    server.faults = [http(500)]
    with pytest.raises(CountersignError):
        resolve(impatient, paused.output)
    results = resolve(desk, paused.output)
    server.faults = [http(200, b"sure", "text/plain")]
    with pytest.raises(BadAnswer):
        agent(impatient, pay, TWO[:1]).run_sync(
            message_history=paused.all_messages(), deferred_tool_results=results
        )
    assert ran == []


def test_arguments_that_are_not_json_are_never_repaired(server: Any, desk: Client) -> None:
    broken = DeferredToolRequests(
        approvals=[ToolCallPart("pay", '{"to": "ana"', tool_call_id="c1")]
    )
    with pytest.raises(BadAnswer):
        resolve(desk, broken)
    empty = DeferredToolRequests(approvals=[ToolCallPart("pay", "", tool_call_id="c1")])
    server.reviewer = server.deny
    assert resolve(desk, empty).approvals["c1"] == ToolDenied("too risky today")
    assert server.only()["arguments"] == {}


def test_an_edit_the_tool_cannot_take_goes_back_unused(
    server: Any, desk: Client, pay: Any, ran: Any
) -> None:
    server.reviewer = server.approve
    paused = agent(desk, pay, TWO[:1]).run_sync("Pay them")
    results = resolve(desk, paused.output)
    server.only()["effective_arguments"] = {"to": "ana", "amount": "a lot"}
    with pytest.raises(BadAnswer, match="do not fit pay"):
        agent(desk, pay, TWO[:1]).run_sync(
            message_history=paused.all_messages(), deferred_tool_results=results
        )
    assert ran == []
    assert server.only()["status"] == "approved"


def test_a_tool_that_fails_is_reported_as_failed(server: Any, desk: Client) -> None:
    server.reviewer = server.approve

    def pay(to: str, amount: int = 1) -> str:
        raise RuntimeError("secret")

    with pytest.raises(RuntimeError):
        _run(desk, pay, TWO[:1])
    assert server.only()["status"] == "failed"
    assert server.calls("/outcome")[0].body["detail"] == "RuntimeError"


def test_typed_arguments_and_the_run_context_reach_the_tool(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve
    seen: list[Any] = []

    async def book(ctx: RunContext[str], day: date) -> str:
        seen.append((ctx.deps, day))
        return "booked"

    call = ToolCallPart("book", json.dumps({"day": "2026-11-20"}), tool_call_id="c1")
    toolset: FunctionToolset[str] = FunctionToolset([book])
    booking: Agent[str, Any] = Agent(
        model([call]),
        deps_type=str,
        output_type=[str, DeferredToolRequests],
        toolsets=[GatedToolset(toolset, desk)],
    )
    paused = booking.run_sync("Book", deps="ana")
    results = resolve(desk, paused.output)
    booking.run_sync(
        message_history=paused.all_messages(), deferred_tool_results=results, deps="ana"
    )
    assert seen == [("ana", date(2026, 11, 20))]


def test_the_handler_resolves_inside_the_run(
    server: Any, desk: Client, pay: Any, ran: Any
) -> None:
    approve_ana_alone(server)
    inline: Agent[None, str] = Agent(
        model(TWO),
        toolsets=[gated(desk, pay)],
        capabilities=[HandleDeferredToolCalls(handler=handler(desk, run="r1"))],
    )
    result = asyncio.run(inline.run("Pay them"))
    assert result.output == "c1=paid 5 to ana; c2=too risky today"
    assert ran == [("ana", 5)]


def test_a_decision_that_comes_later_wakes_the_resolver(
    server: Any, desk: Client, pay: Any
) -> None:
    paused = agent(desk, pay, TWO[:1]).run_sync("Pay them")
    filed, file = threading.Event(), server.file

    def noticing(body: Any) -> Any:
        reply = file(body)
        filed.set()
        return reply

    server.file = noticing

    def decide() -> None:
        filed.wait(20)
        server.deny(server.only())

    reviewer = threading.Thread(target=decide)
    reviewer.start()
    assert resolve(desk, paused.output).approvals == {"c1": ToolDenied("too risky today")}
    reviewer.join()

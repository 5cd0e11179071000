"""LangChain's human-in-the-loop middleware, answered by the desk; every yes runs once.

Two halves. `resolve` turns the interrupts of HumanInTheLoopMiddleware into the Command that answers
them, whichever of its two modes raised them. `SingleUse`, listed after it, consumes the yes as the
tool runs: LangGraph would run a tool again whenever the same checkpoint is resumed again, and takes
any caller's word that a call was approved. `reviewed` makes both.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import or_
from typing import Annotated, Any, NotRequired, Unpack

from langchain.agents.middleware import (
    AgentMiddleware,
    AgentState,
    HumanInTheLoopMiddleware,
    ToolCallRequest,
)
from langchain.agents.middleware.types import PrivateStateAttr
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.types import Command, Interrupt

from countersign_client.ask import Ask
from countersign_client.background import consume_in_thread, run_leased
from countersign_client.client import Client
from countersign_client.errors import (
    AlreadyConsumed,
    Answered,
    BadAnswer,
    Denied,
    Ended,
    NeedsRevision,
)
from countersign_client.fields import Fields
from countersign_client.lease import Lease

STATE = "countersign_approvals"
VERDICTS = {"approve": "approve", "edit": "edit", "reject": "deny", "respond": "respond"}
"""The middleware's words, and the desk's."""
TWICE = (
    "Not run: identical to another call of this turn, and one approval is one run. "
    "Call it again on its own if it is meant twice."
)
Result = ToolMessage | Command[Any]
Told = dict[str, Any]


class ToolFailed(Exception):
    """The tool node turned a failure into a message for the model; the desk is told error."""


class CountersignState(AgentState[Any]):
    """What a resumed run needs: which approval each tool call has."""

    # Joined, not replaced: a checkpoint may be answered twice, or in parts.
    countersign_approvals: NotRequired[Annotated[dict[str, str], PrivateStateAttr, or_]]


@dataclass(frozen=True, slots=True)
class _Paused:
    """One tool call that waits, and where its answer goes."""

    interrupt: str
    batched: bool
    tool: str
    arguments: dict[str, Any]
    tool_call_id: str
    allowed: tuple[str, ...]
    schema: dict[str, Any] | None


def resolve(
    client: Client,
    result: Any,
    *,
    timeout: float | None = None,
    **fields: Unpack[Fields],
) -> Command[Any]:
    """Ask about every paused call at once, wait for all verdicts, and answer the run.

    result: what `invoke` returned (either `version`). timeout: seconds for each verdict. fields: as
    for `Client.ask`, the same for each call (session and run, say). The answer is passed to `invoke`
    with the same config. The verdicts offered are those of `allowed_decisions`; a denial is offered
    always, and raises Denied where the middleware would not take a "reject".

    Raises StillPending when a verdict is still missing (call again: the same approvals are found
    again, nothing is filed twice), and DeskUnreachable, BadAnswer or Refused; then nothing runs.
    ValueError: nothing of HumanInTheLoopMiddleware waits in this result.
    """
    paused = list(_paused(result))
    if not paused:
        raise ValueError("no call waits here for a decision of HumanInTheLoopMiddleware")
    asks = [_ask(client, one, fields) for one in paused]
    answers: dict[str, Told] = {}
    batches: defaultdict[str, list[Told]] = defaultdict(list)
    approved: dict[str, str] = {}
    for place, (one, ask) in enumerate(zip(paused, asks, strict=True)):
        twin = any(ask.id == earlier.id for earlier in asks[:place])
        told = {"type": "reject", "message": TWICE} if twin else _verdict(one, ask, timeout)
        if told["type"] in {"approve", "edit"}:
            approved[one.tool_call_id] = ask.id
        if one.batched:
            batches[one.interrupt].append(told)
        else:
            answers[one.interrupt] = told
    answers |= {interrupt: {"decisions": told} for interrupt, told in batches.items()}
    return Command(resume=answers, update={STATE: approved})


class SingleUse(AgentMiddleware[Any, Any, Any]):
    """Every call of the named tools consumes its yes as it runs, and reports how it went.

    tools: the names HumanInTheLoopMiddleware interrupts on. List it after that one, so that it sees
    the call as the reviewer left it. What runs are the effective arguments of the desk. A call that
    `resolve` did not have approved raises BadAnswer, a yes that was used before AlreadyConsumed, and
    the run ends there.
    """

    state_schema = CountersignState

    def __init__(self, client: Client, *tools: str) -> None:
        super().__init__()
        self.client = client
        self.guarded = frozenset(tools)

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Result]
    ) -> Result:
        """Consume, run once, report."""
        if request.tool_call["name"] not in self.guarded:
            return handler(request)
        with self._consume(request) as lease:
            result = handler(_as_approved(request, lease))
            _report_failure(lease, result)
        return result

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[Result]],
    ) -> Result:
        """Consume, run once, report, without holding up the loop."""
        if request.tool_call["name"] not in self.guarded:
            return await handler(request)
        lease = await consume_in_thread(lambda: self._consume(request))
        failed: list[Result] = []

        async def run() -> Result:
            result = await handler(_as_approved(request, lease))
            if _failed(result):
                failed.append(result)
                raise ToolFailed
            return result

        try:
            return await run_leased(lease, run)
        except ToolFailed:
            return failed[0]

    def _consume(self, request: ToolCallRequest) -> Lease:
        name, arguments = request.tool_call["name"], request.tool_call["args"]
        known = request.state.get(STATE)
        approval_id = (
            known.get(request.tool_call["id"]) if isinstance(known, Mapping) else None
        )
        if not isinstance(approval_id, str):
            raise BadAnswer(
                f"{name} was called as approved, but no approval of the desk came with it"
            )
        return self.client.consume(approval_id, name, arguments)


def reviewed(client: Client, *tools: str) -> list[AgentMiddleware[Any, Any, Any]]:
    """The middleware for `create_agent`: these tools pause for the desk, and each yes runs once."""
    pausing: AgentMiddleware[Any, Any, Any] = HumanInTheLoopMiddleware(
        dict.fromkeys(tools, True), interrupt_mode="per_call"
    )
    return [pausing, SingleUse(client, *tools)]


def _ask(client: Client, one: _Paused, fields: Fields) -> Ask:
    # No model answers a reviewer before its run goes on, so nobody is offered to ask it.
    given = Fields(source_ref=one.tool_call_id, allowed_decisions=list(one.allowed))
    if one.schema is not None:
        given["arguments_schema"] = one.schema
    return client.ask(one.tool, one.arguments, **Fields(**{**given, **fields}))


def _verdict(one: _Paused, ask: Ask, timeout: float | None) -> Told:
    try:
        approval = ask.wait(timeout).approval
    except Denied as denied:
        if "deny" not in one.allowed:
            raise
        return {"type": "reject", "message": denied.reason}
    except Answered as answered:
        return {"type": "respond", "message": answered.answer}
    except NeedsRevision as revision:
        return {
            "type": "reject",
            "message": f"Not run; a reviewer asks for changes: {revision.message}",
        }
    except (Ended, AlreadyConsumed) as ended:
        if "deny" not in one.allowed:
            raise
        return {"type": "reject", "message": f"Not run; {ended}"}
    if approval.effective_arguments == one.arguments:
        return {"type": "approve"}
    edited = {"name": one.tool, "args": approval.effective_arguments}
    return {"type": "edit", "edited_action": edited}


def _paused(result: Any) -> Iterator[_Paused]:
    """The calls that wait, in their order; the ids of a batch come from the model's message."""
    value = getattr(result, "value", result)
    interrupts = (
        getattr(result, "interrupts", None) or _member(value, "__interrupt__") or ()
    )
    for interrupt in interrupts:
        told = interrupt.value
        if not isinstance(told, Mapping):
            continue
        if told.get("type") == "tool_approval":
            yield _of_one_call(interrupt)
        elif "action_requests" in told:
            yield from _of_batch(interrupt, _member(value, "messages") or ())


def _of_one_call(interrupt: Interrupt) -> _Paused:
    told = interrupt.value
    schema = getattr(interrupt, "response_schema", None)
    described: dict[str, Any] = schema if isinstance(schema, dict) else {}
    kinds = {
        str(branch["properties"]["type"].get("const"))
        for branch in (described, *described.get("$defs", {}).values())
        if "type" in branch.get("properties", {})
    }
    return _Paused(
        interrupt=interrupt.id,
        batched=False,
        tool=told["name"],
        arguments=dict(told["args"]),
        tool_call_id=told["tool_call_id"],
        allowed=_allowed(kinds),
        schema=_arguments_schema(described.get("$defs", {})),
    )


def _of_batch(interrupt: Interrupt, messages: Any) -> Iterator[_Paused]:
    said = [message for message in messages if isinstance(message, AIMessage)]
    calls = iter(said[-1].tool_calls if said else ())
    for action, config in zip(
        interrupt.value["action_requests"], interrupt.value["review_configs"], strict=True
    ):
        # Calls that need no review stand between those that do; alike ones have one approval.
        asked = (action["name"], action["args"])
        call = next((c for c in calls if (c["name"], c["args"]) == asked), None)
        if call is None or call["id"] is None:
            raise BadAnswer(f"no call of the model's last message is {action['name']}")
        yield _Paused(
            interrupt=interrupt.id,
            batched=True,
            tool=action["name"],
            arguments=dict(action["args"]),
            tool_call_id=call["id"],
            allowed=_allowed(config["allowed_decisions"]),
            schema=None,
        )


def _allowed(kinds: Collection[str]) -> tuple[str, ...]:
    return tuple(verdict for kind, verdict in VERDICTS.items() if kind in kinds)


def _arguments_schema(defs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON Schema an edit must fit, out of the one for all answers; none if it is not told."""
    args = defs.get("EditedAction", {}).get("properties", {}).get("args")
    if not isinstance(args, dict):
        return None
    own = defs.get(str(args.get("$ref", "")).removeprefix("#/$defs/"), args)
    return {**own, "$defs": dict(defs)} if "#/$defs/" in repr(own) else dict(own)


def _as_approved(request: ToolCallRequest, lease: Lease) -> ToolCallRequest:
    return request.override(tool_call={**request.tool_call, "args": lease.arguments})


def _failed(result: Result) -> bool:
    return isinstance(result, ToolMessage) and result.status == "error"


def _report_failure(lease: Lease, result: Result) -> None:
    if _failed(result):
        lease.settle(ToolFailed())


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None

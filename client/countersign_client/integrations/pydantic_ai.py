"""pydantic-ai deferred tools: every paused call becomes an approval, every yes runs once.

Two halves. `resolve` turns a run's DeferredToolRequests into DeferredToolResults by asking the
desk. `GatedToolset` (or `gated`, for plain functions) makes the tools pause, and consumes the yes
inside the tool run: pydantic-ai itself would run a tool again whenever the same history and
results are passed again, and would take any caller's word that a call was approved.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Unpack

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ApprovalRequired
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import (
    AgentDepsT,
    DeferredToolRequests,
    DeferredToolResults,
    ToolApproved,
    ToolDenied,
)
from pydantic_ai.toolsets import FunctionToolset, WrapperToolset
from pydantic_ai.toolsets.abstract import ToolsetTool

from countersign_client.ask import Ask
from countersign_client.background import consume_in_thread, in_thread, run_leased
from countersign_client.call import Unrunnable
from countersign_client.client import Client
from countersign_client.errors import (
    AlreadyConsumed,
    Answered,
    BadAnswer,
    Denied,
    Ended,
    NeedsRevision,
)
from countersign_client.fields import WITHOUT_REVISION, Fields
from countersign_client.json_only import load_object

APPROVAL = "countersign_approval"
ARGUMENTS = "countersign_arguments"
TWICE = (
    "Not run: identical to another call of this turn, and one approval is one run. "
    "Call it again on its own if it is meant twice."
)


def resolve(
    client: Client,
    requests: DeferredToolRequests,
    *,
    timeout: float | None = None,
    **fields: Unpack[Fields],
) -> DeferredToolResults:
    """Ask about every paused call at once, wait for all verdicts, and answer the run.

    A yes becomes ToolApproved with the effective arguments, any other end ToolDenied with its
    reason for the model. timeout: seconds for each verdict. fields: as for `Client.ask`, the same
    for each call (session and run, say). Calls in `requests.calls` are not ours and stay open.

    Raises StillPending when a verdict is still missing (call again: the same approvals are found
    again, nothing is filed twice), and DeskUnreachable, BadAnswer or Refused; then nothing runs.
    """
    results = requests.build_results()
    asked: dict[str, Ask] = {}
    for part in requests.approvals:
        # No model answers a reviewer before its run goes on, so nobody is offered to ask it.
        given = Fields(
            source_ref=part.tool_call_id, allowed_decisions=list(WITHOUT_REVISION)
        )
        call_fields = Fields(**{**given, **fields})
        ask = client.ask(part.tool_name, _arguments(part), **call_fields)
        if any(ask.id == earlier.id for earlier in asked.values()):
            results.approvals[part.tool_call_id] = ToolDenied(TWICE)
        else:
            asked[part.tool_call_id] = ask
    for tool_call_id, ask in asked.items():
        _settle(results, tool_call_id, ask, timeout)
    return results


def handler(
    client: Client, *, timeout: float | None = None, **fields: Unpack[Fields]
) -> Callable[[RunContext[Any], DeferredToolRequests], Any]:
    """For `HandleDeferredToolCalls(handler=...)`: resolves inside the run instead of ending it."""

    async def resolve_inline(
        _ctx: RunContext[Any], requests: DeferredToolRequests
    ) -> DeferredToolResults:
        return await in_thread(
            partial(resolve, client, requests, timeout=timeout, **fields)
        )

    return resolve_inline


@dataclass
class GatedToolset(WrapperToolset[AgentDepsT]):
    """Every call of the wrapped tools needs a yes from the desk, consumed as the call runs.

    A call that pydantic-ai holds approved without `resolve` having said so is refused, and so is
    one whose arguments were changed on the way: what runs are the effective arguments, validated
    by the tool's own schema. A consumed yes raises AlreadyConsumed and ends the run.
    """

    client: Client

    async def call_tool(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[AgentDepsT],
        tool: ToolsetTool[AgentDepsT],
    ) -> Any:
        """Pause until approved; then consume, run once, and report the outcome."""
        if not ctx.tool_call_approved:
            raise ApprovalRequired
        approval_id, arguments = _proof(name, ctx.tool_call_metadata)
        if _validated(tool, arguments, ctx) != tool_args:
            raise BadAnswer(f"the arguments of {name} are not those that were approved")
        lease = await consume_in_thread(
            lambda: self.client.consume(approval_id, name, arguments)
        )

        async def run() -> Any:
            effective = _validated(tool, lease.arguments, ctx)
            return await self.wrapped.call_tool(name, effective, ctx, tool)

        return await run_leased(lease, run)


def gated(client: Client, *functions: Callable[..., Any]) -> GatedToolset[Any]:
    """Plain functions as tools that a person has to approve: `Agent(toolsets=[gated(...)])`."""
    return GatedToolset(FunctionToolset(functions), client)


def _settle(
    results: DeferredToolResults, tool_call_id: str, ask: Ask, timeout: float | None
) -> None:
    try:
        effective = ask.wait(timeout).approval.effective_arguments
    except Denied as denied:
        results.approvals[tool_call_id] = ToolDenied(denied.reason)
    except Answered as answered:
        results.approvals[tool_call_id] = ToolDenied(
            f"Not run; a reviewer answered instead: {answered.answer}"
        )
    except NeedsRevision as revision:
        results.approvals[tool_call_id] = ToolDenied(
            f"Not run; a reviewer asks for changes: {revision.message}"
        )
    except (Ended, AlreadyConsumed) as ended:
        results.approvals[tool_call_id] = ToolDenied(f"Not run; {ended}")
    else:
        results.approvals[tool_call_id] = ToolApproved(override_args=effective)
        results.metadata[tool_call_id] = {APPROVAL: ask.id, ARGUMENTS: effective}


def _arguments(part: ToolCallPart) -> dict[str, Any]:
    if isinstance(part.args, str) and part.args:
        return load_object(
            part.args.encode()
        )  # not args_as_dict: that one repairs bad JSON
    return dict(part.args) if isinstance(part.args, dict) else {}


def _proof(name: str, metadata: object) -> tuple[str, dict[str, Any]]:
    told = metadata if isinstance(metadata, dict) else {}
    approval_id, arguments = told.get(APPROVAL), told.get(ARGUMENTS)
    if not isinstance(approval_id, str) or not isinstance(arguments, dict):
        raise BadAnswer(
            f"{name} was called as approved, but no approval of the desk came with it"
        )
    return approval_id, arguments


def _validated(
    tool: ToolsetTool[AgentDepsT], arguments: dict[str, Any], ctx: RunContext[AgentDepsT]
) -> dict[str, Any]:
    try:
        values: dict[str, Any] = tool.args_validator.validate_python(
            arguments, context=ctx.validation_context
        )
    except ValueError as error:  # pydantic's ValidationError is one
        raise Unrunnable(
            f"the approved arguments do not fit {tool.tool_def.name}"
        ) from error
    return values

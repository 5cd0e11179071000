"""The answer to "may I do this now?"."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from countersign_client.approval import Approval
from countersign_client.ask import why_not
from countersign_client.errors import Answered, BadAnswer, Denied, Refused
from countersign_client.lease import Lease
from countersign_client.members import needed, optional
from countersign_client.transport import Transport


class Gate:
    """May the call run now? As a context manager its block is entered only for a yes.

    proceed: whether it may. approval: the one behind the answer. lease: the use, None with
    `report=False`. Leaving the block reports the outcome as `Lease` does.
    """

    def __init__(
        self, transport: Transport, body: dict[str, Any], asked: Mapping[str, Any]
    ) -> None:
        """From a 200 or 202 of `POST /api/v1/gate`; BadAnswer when it is not one."""
        self.proceed = needed(body, "proceed", bool)
        self.approval = Approval.parse(needed(body, "approval", dict), asked=asked)
        self.receipt = optional(body, "receipt", str)
        self.lease: Lease | None = None
        self._arguments: dict[str, Any] | None = None
        if self.proceed:
            self._arguments = needed(body, "arguments", dict)
            if body.get("lease_token") is not None:
                self.lease = Lease(transport, self.approval.id, body)

    @property
    def arguments(self) -> dict[str, Any]:
        """The effective arguments to run; without a yes, StillPending or what else stands in the way."""
        if self._arguments is None:
            raise why_not(self.approval)
        return self._arguments

    @property
    def lease_token(self) -> str | None:
        """The token for outcome and rollback."""
        return self.lease.lease_token if self.lease else None

    def __enter__(self) -> Self:
        if not self.proceed:
            raise why_not(self.approval)
        if self.lease:
            self.lease.keep_alive()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.lease:
            self.lease.settle(error)


def ask_gate(transport: Transport, body: Mapping[str, Any]) -> Gate:
    """One atomic question. Raises Denied, Answered, InProgress, another Refused, DeskUnreachable."""
    asked = body["arguments"]
    try:
        answer = transport.post("/api/v1/gate", body)
    except Refused as refused:
        if refused.code == "denied":
            raise _denial(refused, asked) from refused
        raise
    told = answer.body
    if told.get("proceed") is False and told.get("answer") is not None:
        known = optional(told, "approval", dict)
        raise Answered(
            needed(told, "answer", str),
            Approval.parse(known, asked=asked) if known else None,
        )
    gate = Gate(transport, told, asked)
    if gate.proceed != (answer.status == 200):  # noqa: PLR2004 - HTTP 200
        raise BadAnswer(f"the desk answered {answer.status} with proceed {gate.proceed}")
    return gate


def _denial(refused: Refused, asked: Mapping[str, Any]) -> Denied:
    reason = refused.problem.get("reason")
    try:
        approval = Approval.parse(needed(refused.problem, "approval", dict), asked=asked)
    except BadAnswer:  # it is a no in any case; only the details are lost
        approval = None
    if isinstance(reason, str) and reason:
        return Denied(reason, approval)
    return Denied(approval.denial_reason if approval else refused.detail, approval)

"""Asking, waiting, and the yes that may be used once."""

import http.client
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from countersign_client.approval import Approval, Status
from countersign_client.errors import (
    AlreadyConsumed,
    Answered,
    BadAnswer,
    Cancelled,
    CountersignError,
    Denied,
    Ended,
    Expired,
    NeedsRevision,
    Refused,
    Revoked,
    StillPending,
    Superseded,
)
from countersign_client.lease import Lease
from countersign_client.retry import backoff
from countersign_client.transport import Transport

HOLD = 30
T = TypeVar("T")
ENDINGS: Mapping[Status, type[Ended]] = {
    Status.EXPIRED: Expired,
    Status.CANCELLED: Cancelled,
    Status.SUPERSEDED: Superseded,
    Status.REVOKED: Revoked,
}
ENDED_BY_CODE: Mapping[str, type[Ended]] = {"expired": Expired, "revoked": Revoked}


def approval_path(approval_id: str, verb: str = "") -> str:
    """The approval's path on the desk; the id is escaped, whatever it holds."""
    return f"/api/v1/approvals/{quote(approval_id, safe='')}{verb}"


class Ask:
    """An approval that was asked for, as last seen."""

    def __init__(
        self, transport: Transport, approval: Approval, call: dict[str, Any]
    ) -> None:
        self._transport = transport
        self._call = call
        self.approval = approval

    @property
    def id(self) -> str:
        """The approval's id."""
        return self.approval.id

    @property
    def status(self) -> Status:
        """The status as last seen."""
        return self.approval.status

    @property
    def review_url(self) -> str | None:
        """Where a person decides."""
        return self.approval.review_url

    def wait(
        self, timeout: float | None = None, *, stop: threading.Event | None = None
    ) -> "Approved":
        """Wait for the verdict. timeout: seconds, None for as long as the approval lives.

        Returns only for a yes. Raises Denied and the other Ended, NeedsRevision, AlreadyConsumed,
        StillPending when the time is over (or `stop` was set by another thread), DeskUnreachable,
        BadAnswer and Refused. After NeedsRevision `say` something and wait again.
        """
        clock = self._transport.clock
        deadline = None if timeout is None else clock() + timeout
        etag: str | None = None
        idle = 0
        if self.approval.status is Status.NEEDS_REVISION:
            self._poll(0, None)  # it may have been answered since
        while self._pending():
            if stop is not None and stop.is_set():
                raise StillPending(self.approval)
            began = clock()
            hold = HOLD if deadline is None else max(0, min(HOLD, int(deadline - began)))
            etag = self._poll(hold, etag)
            if not self._pending():
                break
            if deadline is not None and clock() >= deadline:
                raise StillPending(self.approval)
            # A desk that is shutting down answers early; do not turn that into a busy loop.
            idle = idle + 1 if clock() - began <= hold / 2 else 0
            if idle:
                self._transport.pause(backoff(idle))
        return Approved(self._transport, _require_approved(self.approval), self._call)

    def say(self, text: str) -> None:
        """Say something to the reviewers; after a request for changes the call waits again."""
        self.approval = say(self._transport, self.id, text)

    def _pending(self) -> bool:
        return self.approval.status is Status.PENDING

    def _poll(self, hold: int, etag: str | None) -> str | None:
        answer = self._transport.get(
            f"{approval_path(self.id)}?wait={hold}", hold=hold, etag=etag
        )
        if answer.status != http.client.NOT_MODIFIED:
            approval = Approval.parse(answer.body)
            if (approval.id, approval.tool) != (self.id, self.approval.tool):
                raise BadAnswer(
                    f"asked about {self.id}, the desk answered about {approval.id}"
                )
            self.approval = approval
        return answer.etag


class Approved:
    """A yes that has not been used. It is no permission yet: `consume` it, once."""

    def __init__(
        self, transport: Transport, approval: Approval, call: dict[str, Any]
    ) -> None:
        self._transport = transport
        self._call = call
        self.approval = approval

    def consume(self) -> Lease:
        """Use the yes. Raises what `consume` below raises."""
        return consume(self._transport, self.approval.id, self._call)

    def run(self, function: Callable[[dict[str, Any]], T]) -> T:
        """Use the yes for one run of `function` with the arguments as the desk returned them.

        Reports how it ended as a `Lease` does, and returns what the function returns. Raises
        what it raises, and what `consume` raises: then it was not called.
        """
        with self.consume() as lease:
            return function(lease.arguments)


def say(transport: Transport, approval_id: str, text: str) -> Approval:
    """Add to an approval's conversation; returns it as it then is."""
    answer = transport.post(approval_path(approval_id, "/messages"), {"text": text})
    return Approval.parse(answer.body)


def consume(transport: Transport, approval_id: str, call: Mapping[str, Any]) -> Lease:
    """Use a yes for exactly `call` (tool, arguments and what else binds it).

    Exactly one caller succeeds. Raises AlreadyConsumed, NotApproved, FingerprintMismatch,
    PolicyChanged, Expired, Revoked, or another Refused (a rate rule, say); then nothing may run.
    """
    try:
        answer = transport.post(approval_path(approval_id, "/consume"), call)
    except Refused as refused:
        if ended := ENDED_BY_CODE.get(refused.code):
            raise ended(refused.detail) from refused
        raise
    return Lease(transport, approval_id, answer.body)


def _require_approved(approval: Approval) -> Approval:
    if approval.status is Status.APPROVED:
        return approval
    raise why_not(approval)


def why_not(approval: Approval) -> CountersignError:
    """The exception for an approval that is no usable yes."""
    if ending := ENDINGS.get(approval.status):
        return ending(
            approval.denial_reason if approval.decisions else approval.resolution or "",
            approval,
        )
    match approval.status:
        case Status.PENDING:
            return StillPending(approval)
        case Status.DENIED:
            return Denied(approval.denial_reason, approval)
        case Status.ANSWERED:
            return Answered(approval.answer or "", approval)
        case Status.NEEDS_REVISION:
            return NeedsRevision(
                approval.messages[-1].text if approval.messages else "", approval
            )
    problem = {"code": "already_consumed", "detail": f"{approval.id} is {approval.status}"}
    return AlreadyConsumed(409, problem, None)

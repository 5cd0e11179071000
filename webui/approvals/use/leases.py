"""While an approved call runs: its lease, renewing it, giving it back, saying how it ended."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import bindparam, update

from webui.approvals.asking.ask import Filer
from webui.approvals.desk import Guard, load, move, subject
from webui.approvals.ending import end_consumption
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.grants.covering import stands_for
from webui.approvals.ruling.counting import give_back
from webui.approvals.states import Status, Unreported
from webui.approvals.words import UNREPORTED
from webui.store.models import Approval, Consumption, table_of
from webui.store.transaction import Transaction

DETAIL_MAX = 500
_approvals = table_of(Approval)
_IN_LEASE = Guard((_approvals.c.lease_expires_at > bindparam("when_now"),))
RESULTS = {"ok": Status.CONSUMED, "error": Status.FAILED, "unknown": Status.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a use may take. Times in ms."""

    length: int = 120_000
    longest: int = 900_000
    """From the start of the use, however often it is renewed."""


def lease_token(tx: Transaction, consumption_id: str) -> str:
    """Return the token of a use; the same use always has the same one, so repeats agree."""
    return f"lse_{tx.keyring.tag('lease', consumption_id)}"


def hash_of_lease(token: str) -> bytes:
    """Return what is kept of a lease token."""
    return hashlib.sha256(token.encode()).digest()


def own(tx: Transaction, filer: Filer, approval_id: str) -> Approval:
    """Return the agent's own approval, locked.

    Raises:
        NotFoundError: it is another agent's, or nowhere.

    """
    approval = load(tx, filer.org_id, approval_id)
    if approval.agent_id != filer.agent_id:
        raise NotFoundError("approval")
    return approval


def _leased(tx: Transaction, filer: Filer, approval_id: str, token: str) -> Approval:
    approval = own(tx, filer, approval_id)
    if approval.lease_hash is None or approval.lease_hash != hash_of_lease(token):
        raise ConflictError(
            "wrong_lease", "This lease token does not belong to its last use."
        )
    return approval


def heartbeat(
    tx: Transaction, filer: Filer, approval_id: str, token: str, lease: Lease
) -> int:
    """Renew a living lease; return when it ends now (ms).

    Raises:
        ConflictError: the lease is over (`lease_over`), or the token is wrong.

    """
    approval = _leased(tx, filer, approval_id, token)
    used = tx.session.get_one(Consumption, approval.consumption_id)
    last = used.started_at + lease.longest
    if approval.status != Status.EXECUTING or (approval.lease_expires_at or 0) <= tx.now:
        raise ConflictError("lease_over", "The lease is over; only an outcome can follow.")
    approval.lease_expires_at = max(
        approval.lease_expires_at or 0, min(tx.now + lease.length, last)
    )
    tx.execute(
        update(_approvals)
        .where(_approvals.c.id == approval.id)
        .values(lease_expires_at=approval.lease_expires_at)
    )
    tx.record(
        approval.org_id,
        filer.actor,
        "approval.lease_renewed",
        subject(approval.id),
        {"consumption": used.id, "lease_expires_at": approval.lease_expires_at},
    )
    return approval.lease_expires_at


def roll_back(
    tx: Transaction, filer: Filer, approval_id: str, token: str, error: str
) -> Approval:
    """Give the use back: the call is known not to have taken effect.

    Raises:
        ConflictError: the lease is over or the use has ended; then it stays used up.

    """
    approval = _leased(tx, filer, approval_id, token)
    if tx.session.get_one(Consumption, approval.consumption_id).result == "rolled_back":
        return approval  # the repeat of a rollback that was done, however it went on
    if approval.status != Status.EXECUTING or (approval.lease_expires_at or 0) <= tx.now:
        raise ConflictError(
            "lease_over",
            "It cannot be given back any more: the lease is over or it ended.",
        )
    give_back(tx, approval.org_id, approval.reserved)
    left = approval.attempts < approval.max_attempts
    in_time = (approval.usable_until or 0) > tx.now and stands_for(tx, approval)
    detail = error[:DETAIL_MAX]
    moved = move(
        tx,
        approval,
        Status.APPROVED if left and in_time else Status.FAILED,
        actor=filer.actor,
        action="approval.rolled_back",
        values={"reserved": None},
        guard=_IN_LEASE,
        given={"when_now": tx.now},
        note={"consumption": approval.consumption_id, "detail": detail},
    )
    end_consumption(tx, moved, "rolled_back", detail)
    return moved


def report(
    tx: Transaction,
    filer: Filer,
    approval_id: str,
    token: str,
    result: str,
    detail: str,
) -> Approval:
    """Say how the run ended: `ok`, `error` or `unknown`. A late ok still counts.

    Raises:
        ConflictError: another outcome stands already.
        InvalidError: the result is none of the three.

    """
    if result not in RESULTS:
        raise InvalidError("The result must be ok, error or unknown.")
    approval = _leased(tx, filer, approval_id, token)
    goal = RESULTS[result]
    if approval.status == goal:
        return approval
    if approval.status == Status.EXECUTING or (
        approval.status == Status.UNKNOWN and goal is Status.CONSUMED
    ):
        detail = detail[:DETAIL_MAX]
        moved = _ended(tx, filer, approval, goal, result, detail)
        end_consumption(tx, moved, result, detail)
        return moved
    raise ConflictError("already_ended", f"Its outcome is already {approval.status}.")


def end_unreported(
    tx: Transaction, filer: Filer, approval: Approval, why: Unreported
) -> Approval:
    """End a running call whose outcome nobody will report: it counts as done."""
    moved = _ended(tx, filer, approval, Status.CONSUMED, "ok", str(UNREPORTED[why]))
    end_consumption(tx, moved, why, None)
    return moved


def _ended(
    tx: Transaction,
    filer: Filer,
    approval: Approval,
    goal: Status,
    result: str,
    detail: str,
) -> Approval:
    return move(
        tx,
        approval,
        goal,
        actor=filer.actor,
        action="approval.outcome",
        note={
            "consumption": approval.consumption_id,
            "result": result,
            "detail": detail,
        },
    )

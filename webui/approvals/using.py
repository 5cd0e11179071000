"""The one use of an approved call: consume, renew, give back, say how it ended."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import insert

from webui.approvals import idempotency
from webui.approvals.desk import load, move
from webui.approvals.ending import (
    current_status,
    end_consumption,
    expire_if_over,
    lose_lease,
)
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.intake import (
    Ask,
    Filed,
    Filer,
    Limits,
    find_or_file,
    in_progress,
    live_twin,
    record_call,
)
from webui.approvals.states import Status
from webui.approvals.words import NOT_USABLE
from webui.store.ids import new_id
from webui.store.models import Approval, Consumption, table_of
from webui.store.transaction import Transaction

_consumptions = table_of(Consumption)
DETAIL_MAX = 500
RESULTS = {"ok": Status.CONSUMED, "error": Status.FAILED, "unknown": Status.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a use may take. Times in ms."""

    length: int = 120_000
    longest: int = 900_000
    """From the start of the use, however often it is renewed."""


@dataclass(frozen=True, slots=True)
class Used:
    """A use that was granted: run exactly the approval's effective arguments, now, once."""

    approval: Approval
    consumption_id: str
    lease_token: str
    lease_expires_at: int


def lease_token(tx: Transaction, consumption_id: str) -> str:
    """Return the token of a use; the same use always has the same one, so repeats agree."""
    return f"lse_{tx.keyring.tag('lease', consumption_id)}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def consume(
    tx: Transaction,
    filer: Filer,
    approval_id: str,
    fingerprint: str,
    lease: Lease,
    key: idempotency.Key | None = None,
) -> Used | ConflictError:
    """Take the one use of an approved call.

    Args:
        tx: the transaction.
        filer: the asking agent.
        approval_id: which.
        fingerprint: recomputed from what the caller is about to run.
        lease: how long it may take.
        key: of the request; its repeat gets the same answer.

    Returns:
        Used, or the refusal; a refusal is returned and not raised, so that a deadline found
        on the way is written down.

    Raises:
        NotFoundError: not this agent's.

    """
    known = None if key is None else idempotency.recall(tx, filer.agent_id, key)
    approval = expire_if_over(tx, own(tx, filer, approval_id))
    if known is not None and known.consumption_id is not None:
        return _again(tx, approval, known.consumption_id)
    if approval.status == Status.EXECUTING and (approval.lease_expires_at or 0) <= tx.now:
        approval = lose_lease(tx, approval)
    if approval.status != Status.APPROVED:
        return ConflictError(*NOT_USABLE[current_status(approval, tx.now)])
    if approval.fingerprint != fingerprint:
        return ConflictError(
            "fingerprint_mismatch",
            "What you are about to run is not what was approved; ask for it anew.",
        )
    used = _use(tx, filer, approval, lease)
    if key is not None:
        idempotency.remember(
            tx,
            filer.agent_id,
            key,
            approval_id=approval.id,
            consumption_id=used.consumption_id,
        )
    return used


def gate(
    tx: Transaction,
    filer: Filer,
    ask: Ask,
    limits: Limits,
    lease: Lease,
    key: idempotency.Key | None = None,
) -> Used | Filed:
    """Answer "may I do this now?": use a standing approval, or find or file one.

    Raises:
        ConflictError: the same call is running.

    """
    known = None if key is None else idempotency.recall(tx, filer.agent_id, key)
    if known is not None and known.consumption_id is not None:
        return _again(
            tx, load(tx, filer.org_id, str(known.approval_id)), known.consumption_id
        )
    answer = _gate(tx, filer, ask, limits, lease)
    if key is not None:
        consumption_id = answer.consumption_id if isinstance(answer, Used) else None
        if known is None:
            idempotency.remember(
                tx,
                filer.agent_id,
                key,
                approval_id=answer.approval.id,
                consumption_id=consumption_id,
            )
        elif consumption_id is not None:
            idempotency.complete(tx, filer.agent_id, key, consumption_id)
    return answer


def _gate(
    tx: Transaction, filer: Filer, ask: Ask, limits: Limits, lease: Lease
) -> Used | Filed:
    twin = live_twin(tx, filer, ask.fingerprint)
    if twin is not None and twin.status == Status.EXECUTING:
        raise in_progress(twin, tx.now)
    if twin is not None and twin.status == Status.APPROVED:
        used = _use(tx, filer, twin, lease)
        record_call(tx, filer, twin, "consumed", consumption=used.consumption_id)
        if not ask.report:
            _end(
                tx,
                filer,
                used.approval,
                Status.CONSUMED,
                "ok",
                "No outcome is reported.",
            )
        return used
    return find_or_file(tx, filer, ask, limits)


def _use(tx: Transaction, filer: Filer, approval: Approval, lease: Lease) -> Used:
    consumption_id = new_id("con", tx.now)
    token = lease_token(tx, consumption_id)
    expires_at = tx.now + lease.length
    moved = move(
        tx,
        approval,
        Status.EXECUTING,
        actor=filer.actor,
        action="approval.consumed",
        values={
            "consumption_id": consumption_id,
            "lease_hash": _hash(token),
            "lease_expires_at": expires_at,
            "attempts": Approval.attempts + 1,
        },
        guards=(
            Approval.fingerprint == approval.fingerprint,
            Approval.usable_until > tx.now,
            Approval.attempts < Approval.max_attempts,
        ),
        note={"consumption": consumption_id},
    )
    tx.execute(
        insert(_consumptions),
        {
            "id": consumption_id,
            "org_id": moved.org_id,
            "approval_id": moved.id,
            "started_at": tx.now,
        },
    )
    return Used(moved, consumption_id, token, expires_at)


def _again(tx: Transaction, approval: Approval, consumption_id: str) -> Used:
    """Answer the repeat of a request that already got this use."""
    expires_at = approval.lease_expires_at or tx.now
    return Used(approval, consumption_id, lease_token(tx, consumption_id), expires_at)


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
    if approval.lease_hash is None or approval.lease_hash != _hash(token):
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
    tx.session.flush()
    return approval.lease_expires_at


def roll_back(
    tx: Transaction, filer: Filer, approval_id: str, token: str, error: str
) -> Approval:
    """Give the use back: the call is known not to have taken effect.

    Raises:
        ConflictError: the lease is over or the use has ended; then it stays used up.

    """
    approval = _leased(tx, filer, approval_id, token)
    if approval.status == Status.APPROVED:
        return approval  # the repeat of a rollback that was done
    if approval.status != Status.EXECUTING or (approval.lease_expires_at or 0) <= tx.now:
        raise ConflictError(
            "lease_over",
            "It cannot be given back any more: the lease is over or it ended.",
        )
    left = approval.attempts < approval.max_attempts
    in_time = (approval.usable_until or 0) > tx.now
    detail = error[:DETAIL_MAX]
    moved = move(
        tx,
        approval,
        Status.APPROVED if left and in_time else Status.FAILED,
        actor=filer.actor,
        action="approval.rolled_back",
        guards=(Approval.lease_expires_at > tx.now,),
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
        return _end(tx, filer, approval, goal, result, detail[:DETAIL_MAX])
    raise ConflictError("already_ended", f"Its outcome is already {approval.status}.")


def _end(
    tx: Transaction,
    filer: Filer,
    approval: Approval,
    goal: Status,
    result: str,
    detail: str,
) -> Approval:
    moved = move(
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
    end_consumption(tx, moved, result, detail)
    return moved

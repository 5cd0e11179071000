"""The desk: loading an approval for a change, and the one function that moves a status."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update

from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.states import Resolution, Status, may_move
from webui.approvals.words import STATUS
from webui.store.models import Approval, table_of
from webui.store.transaction import Transaction

SYSTEM = "system"
_FRESH = {"populate_existing": True}
_approvals = table_of(Approval)
# Built once: making a statement costs more than running it, and every move runs this.
_move = (
    update(_approvals)
    .where(
        _approvals.c.id == bindparam("old_id"),
        _approvals.c.org_id == bindparam("old_org"),
        _approvals.c.version == bindparam("old"),
    )
    .returning(*_approvals.c)
)
_next = _approvals.c.version + 1


def subject(approval_id: str) -> str:
    """Return the name of an approval in the log."""
    return f"approval:{approval_id}"


def approval_of(subject: str) -> str:
    """Return the approval's id out of its name in the log; empty for other subjects."""
    return subject.removeprefix("approval:") if subject.startswith("approval:") else ""


def load(tx: Transaction, org_id: str, approval_id: str) -> Approval:
    """Return the approval, locked for this transaction, with the clock read after the lock.

    Raises:
        NotFoundError: it is not in this org, or nowhere.

    """
    found = tx.session.scalar(
        select(Approval)
        .where(Approval.id == approval_id, Approval.org_id == org_id)
        .with_for_update(),
        execution_options=_FRESH,
    )
    if found is None:
        raise NotFoundError("approval")
    tx.read_clock()
    return found


def move(
    tx: Transaction,
    approval: Approval,
    to: Status,
    *,
    actor: str,
    action: str,
    values: Mapping[str, Any] | None = None,
    guards: Sequence[ColumnElement[bool]] = (),
    note: Mapping[str, Any] | None = None,
) -> Approval:
    """Move an approval from the status it was read with to another, or lose the race.

    This is the only place that writes a status. The UPDATE names the status and version it
    expects, and the event of the move is written in the same transaction. The same object
    comes back, with the row as it is now.

    Args:
        tx: the transaction.
        approval: as read in it.
        to: the new status; the move must be in `states.NEXT`.
        actor: `user:...`, `agent:...` or `system`, for the log.
        action: the event's name.
        values: further columns to set.
        guards: further conditions of the UPDATE, such as a deadline.
        note: what else the event's payload holds.

    Raises:
        ConflictError: somebody else moved it first; nothing was changed.

    """
    old = Status(approval.status)
    if not may_move(old, to):
        raise ConflictError(
            "wrong_status", f"{STATUS[old]}: it cannot become {to} any more."
        )
    change = _move.where(_approvals.c.status == old, *guards).values(
        status=to, version=_next, **(values or {})
    )
    expected = {"old_id": approval.id, "old_org": approval.org_id, "old": approval.version}
    row = tx.execute(change, expected).mappings().one_or_none()
    if row is None:
        raise ConflictError(
            "wrong_status", "Somebody else was faster, or the time is over."
        )
    # As the toolkit itself fills a loaded object: every column is new, nothing is left to flush.
    approval.__dict__.update(row)
    tx.record(
        approval.org_id,
        actor,
        action,
        subject(approval.id),
        facts(approval, old) | dict(note or {}),
    )
    return approval


def facts(approval: Approval, old: Status | None = None) -> dict[str, Any]:
    """Return what every event about an approval carries: never an argument's value."""
    return {
        "approval": approval.id,
        "agent": approval.agent_id,
        "tool": approval.tool,
        "risk": approval.risk,
        "fingerprint": approval.fingerprint,
        "arguments_hash": approval.arguments_hash,
        "rule_hash": approval.rule_hash,
        "old_status": None if old is None else str(old),
        "status": str(approval.status),
        "version": approval.version,
        "resolution": approval.resolution,
    }


def end_unsettled(
    tx: Transaction,
    approval: Approval,
    to: Status,
    resolution: Resolution,
    *,
    actor: str,
) -> Approval:
    """Take an open approval out of the queue without a verdict."""
    return move(
        tx,
        approval,
        to,
        actor=actor,
        action=f"approval.{to}",
        values={"resolution": resolution, "settled_at": tx.now},
    )

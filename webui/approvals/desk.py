"""The desk: loading an approval for a change, and the one function that moves a status."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update

from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.states import OPEN, ReplyState, Resolution, Status, may_move
from webui.approvals.upstream.rows import ends_unanswered, tell_end
from webui.approvals.words import STATUS
from webui.sentences import sentence
from webui.store.loaded import as_loaded
from webui.store.models import Approval, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

SYSTEM = "system"
_NOTHING_TO_UNDO = {"settles_at": None, "settling": None}
_approvals = table_of(Approval)
_locked = Prepared(
    select(_approvals)
    .where(_approvals.c.id == bindparam("id"), _approvals.c.org_id == bindparam("org"))
    .with_for_update()
)


@dataclass(frozen=True, eq=False)
class Guard:
    """Further conditions of a move, made once; their values come with each move.

    The names of those values begin with `when_`; `old_org` is the approval's org.
    """

    conditions: tuple[ColumnElement[bool], ...] = ()


ALWAYS = Guard()


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
    found = tx.row(_locked, {"id": approval_id, "org": org_id})
    if found is None:
        raise NotFoundError("approval")
    tx.read_clock()
    return as_loaded(Approval, found)


def _too_late(old: Status, to: Status) -> ConflictError:
    return ConflictError(
        "wrong_status",
        sentence(
            "%(status)s: it cannot become %(to)s any more.", status=STATUS[old], to=to
        ),
    )


def move(
    tx: Transaction,
    approval: Approval,
    to: Status,
    *,
    actor: str,
    action: str,
    values: Mapping[str, Any] | None = None,
    guard: Guard = ALWAYS,
    given: Mapping[str, Any] | None = None,
    note: Mapping[str, Any] | None = None,
) -> Approval:
    """Move an approval from the status it was read with to another, or lose the race.

    This is the only place that writes a status. The UPDATE names the status and version it
    expects; its event goes with it. The same object comes back, with the row as it is now.

    Args:
        tx: the transaction.
        approval: as read in it.
        to: the new status; the move must be in `states.NEXT`.
        actor: `user:...`, `agent:...` or `system`, for the log.
        action: the event's name.
        values: further columns to set.
        guard: further conditions of the UPDATE, such as a deadline.
        given: the values of these conditions.
        note: what else the event's payload holds.

    Raises:
        ConflictError: somebody else moved it first; nothing was changed.

    """
    old = Status(approval.status)
    if not may_move(old, to):
        raise _too_late(old, to)
    new = _ends_with_it(approval, to) | {"status": to, **(values or {})}
    expected = {
        "old_id": approval.id,
        "old_org": approval.org_id,
        "old_version": approval.version,
        "old_status": old,
    }
    change = _change_of(tuple(new), guard)
    setting = {f"new_{name}": value for name, value in new.items()}
    row = tx.row(change, {**expected, **setting, **(given or {})})
    if row is None:
        raise ConflictError(
            "wrong_status", sentence("Somebody else was faster, or the time is over.")
        )
    # As the toolkit itself fills a loaded object: every column is new, nothing is left to flush.
    approval.__dict__.update(row)
    if new.get("reply_state") == ReplyState.SENDING:
        tell_end(tx, approval)
    tx.record(
        approval.org_id,
        actor,
        action,
        subject(approval.id),
        facts(approval, old) | dict(note or {}),
    )
    return approval


def _ends_with_it(approval: Approval, to: Status) -> dict[str, Any]:
    """Return what a move changes besides: nothing is left to undo, and its upstream is told."""
    ends: dict[str, Any] = {}
    if approval.settles_at is not None and to not in OPEN:
        ends |= _NOTHING_TO_UNDO
    if ends_unanswered(approval, to):
        ends["reply_state"] = ReplyState.SENDING
    return ends


@lru_cache(maxsize=64)
def _change_of(columns: tuple[str, ...], guard: Guard) -> Prepared:
    """Return the UPDATE that sets these columns; a handful of moves make a handful of them."""
    return Prepared(
        update(_approvals)
        .where(
            _approvals.c.id == bindparam("old_id"),
            _approvals.c.org_id == bindparam("old_org"),
            _approvals.c.version == bindparam("old_version"),
            _approvals.c.status == bindparam("old_status"),
            *guard.conditions,
        )
        .values({name: bindparam(f"new_{name}") for name in columns})
        .values(version=_approvals.c.version + 1)
        .returning(*_approvals.c)
    )


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


def set_for_what_waits(tx: Transaction, org_id: str, **changed: Any) -> None:
    """Set columns of all that waits in an org: what it carries, so that deciding asks nobody."""
    tx.session.execute(
        update(Approval)
        .where(Approval.org_id == org_id, Approval.status.in_(OPEN))
        .values(**changed),
        execution_options={"synchronize_session": False},
    )


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

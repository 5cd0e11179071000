"""How approvals end without a verdict: withdrawn, run over, out of time."""

from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from webui.approvals.answering.settling import settle_if_due
from webui.approvals.desk import SYSTEM, end_unsettled, load, move
from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.grants.covering import end_of_session
from webui.approvals.states import (
    OPEN,
    ReplyState,
    Resolution,
    Status,
    Unreported,
    status_at,
)
from webui.approvals.words import STATUS_INSIDE
from webui.sentences import sentence
from webui.store.models import Approval, Consumption
from webui.store.models.approval import SETTLES
from webui.store.rare import rare
from webui.store.transaction import Transaction

SWEEP = 500
"""Rows in one sweep; the sweeper comes again while there are more."""


def is_over(approval: Approval, now: int) -> bool:
    """Say whether its deadline has passed, swept or not."""
    return current_status(approval, now) is Status.EXPIRED


def current_status(approval: Approval, now: int) -> Status:
    """Return the status that counts at `now` (ms).

    A verdict that can still be undone was in time, and never waits past the deadline.
    """
    if approval.settles_at is not None:
        return Status(approval.status)
    return status_at(
        Status(approval.status),
        expires_at=approval.expires_at,
        usable_until=approval.usable_until,
        now=now,
    )


def expire(tx: Transaction, approval: Approval) -> Approval:
    """Write down that its deadline has passed."""
    # The deadline ended it, however much later a sweep comes by.
    passed = min(tx.now, approval.usable_until or approval.expires_at)
    values: dict[str, Any] = {"settled_at": approval.settled_at or passed}
    if approval.status in OPEN:
        values["resolution"] = Resolution.DEADLINE
    return move(
        tx,
        approval,
        Status.EXPIRED,
        actor=SYSTEM,
        action="approval.expired",
        values=values,
    )


def lose_lease(tx: Transaction, approval: Approval) -> Approval:
    """Nobody said how the run ended in time: used up, outcome unknown."""
    lost = move(
        tx,
        approval,
        Status.UNKNOWN,
        actor=SYSTEM,
        action="approval.lease_over",
        note={"consumption": approval.consumption_id},
    )
    end_consumption(tx, lost, Unreported.LEASE_OVER, None)
    return lost


def end_consumption(
    tx: Transaction, approval: Approval, result: str, detail: str | None
) -> None:
    """Note on the consumption row how it ended, with the agent's own words if it says so."""
    used = tx.session.get_one(Consumption, approval.consumption_id)
    used.ended_at, used.result, used.detail = tx.now, result, detail
    tx.session.flush()


def _due(now: int) -> ColumnElement[bool]:
    return or_(
        rare(Approval.status.in_(OPEN))
        & (Approval.expires_at <= now)
        & Approval.settles_at.is_(None),
        rare(Approval.status == Status.APPROVED) & (Approval.usable_until <= now),
        rare(Approval.status == Status.EXECUTING) & (Approval.lease_expires_at <= now),
        SETTLES
        & (Approval.settles_at <= now)
        & Approval.reply_state.is_distinct_from(ReplyState.SENDING),
    )


def anything_due(session: Session, now: int) -> bool:
    """Say whether a sweep would find something; only reads."""
    return session.scalar(select(Approval.id).where(_due(now)).limit(1)) is not None


def sweep(tx: Transaction, limit: int = SWEEP) -> int:
    """Settle what nobody answered in time; return how many rows moved.

    Several workers may sweep at once on PostgreSQL: each skips what another holds.
    """
    due = tx.session.scalars(
        select(Approval)
        .where(_due(tx.now))
        .order_by(Approval.id)
        .limit(limit)
        .with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    ).all()
    for approval in due:
        if approval.status == Status.EXECUTING:
            lose_lease(tx, approval)
        else:
            expire_if_over(tx, approval)
    return len(due)


def expire_if_over(tx: Transaction, approval: Approval) -> Approval:
    """Return the approval with what is due written down: a verdict, or a passed deadline."""
    approval = settle_if_due(tx, approval)
    if approval.status != Status.EXPIRED and is_over(approval, tx.now):
        return expire(tx, approval)
    return approval


def bring_up_to_date(tx: Transaction, org_id: str, approval_id: str) -> None:
    """Write down what is due of an approval that somebody only wants to read."""
    expire_if_over(tx, load(tx, org_id, approval_id))


def end_if_over(tx: Transaction, approval: Approval) -> Approval:
    """Return the approval with a passed deadline or a passed lease written down."""
    if approval.status == Status.EXECUTING and (approval.lease_expires_at or 0) <= tx.now:
        return lose_lease(tx, approval)
    return expire_if_over(tx, approval)


def cancel(tx: Transaction, org_id: str, agent_id: str, approval_id: str) -> Approval:
    """Withdraw an agent's own open approval. Asking twice is fine.

    Raises:
        NotFoundError: it is not this agent's.
        ConflictError: it is settled; the detail says how.

    """
    approval = expire_if_over(tx, _own(tx, org_id, agent_id, approval_id))
    if approval.status == Status.CANCELLED:
        return approval
    if approval.status not in OPEN:
        raise ConflictError(
            "not_pending",
            sentence(
                "It cannot be withdrawn: %(how)s.",
                how=STATUS_INSIDE[Status(approval.status)],
            ),
        )
    return end_unsettled(
        tx, approval, Status.CANCELLED, Resolution.CANCELLED, actor=f"agent:{agent_id}"
    )


def _own(tx: Transaction, org_id: str, agent_id: str, approval_id: str) -> Approval:
    approval = load(tx, org_id, approval_id)
    if approval.agent_id != agent_id:
        raise NotFoundError("approval")
    return approval


def end_session(
    tx: Transaction, org_id: str, agent_id: str, session: str
) -> list[Approval]:
    """Cancel the open approvals of one session of one agent, and nobody else's.

    Standing grants for that session end with it, those too that a verdict which is due makes.
    """
    ended = _end_all(
        tx, org_id, agent_id, Approval.session == session, Resolution.SESSION_ENDED
    )
    end_of_session(tx, org_id, agent_id, session)
    return ended


def end_run(tx: Transaction, org_id: str, agent_id: str, run: str) -> list[Approval]:
    """Cancel the open approvals of one run; other runs of the same session go on."""
    return _end_all(tx, org_id, agent_id, Approval.run == run, Resolution.RUN_ENDED)


def _end_all(
    tx: Transaction,
    org_id: str,
    agent_id: str,
    which: ColumnElement[bool],
    resolution: Resolution,
) -> list[Approval]:
    opened = tx.session.scalars(
        select(Approval)
        .where(
            Approval.org_id == org_id,
            Approval.agent_id == agent_id,
            Approval.status.in_(OPEN),
            or_(Approval.expires_at > tx.now, SETTLES),
            which,
        )
        .order_by(Approval.id)
        .with_for_update(),
        execution_options={"populate_existing": True},
    ).all()
    standing = [expire_if_over(tx, approval) for approval in opened]
    return [
        end_unsettled(tx, approval, Status.CANCELLED, resolution, actor=f"agent:{agent_id}")
        for approval in standing
        if approval.status in OPEN
    ]

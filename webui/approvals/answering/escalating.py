"""Nobody decided in the time that a rule gives: others are asked as well, once."""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from webui.approvals.desk import SYSTEM, facts, subject
from webui.approvals.ending import is_over
from webui.approvals.states import OPEN
from webui.store.models import Approval, table_of
from webui.store.models.approval import ESCALATES
from webui.store.transaction import Transaction

BATCH: Final = 200
_approvals = table_of(Approval)


def anything_due(session: Session, now: int) -> bool:
    """Say whether something is to be escalated; only reads."""
    return session.scalar(select(Approval.id).where(_due(now)).limit(1)) is not None


def _due(now: int) -> ColumnElement[bool]:
    """Return what waits for too long: not what is answered, though that can still be undone."""
    return and_(ESCALATES, Approval.escalate_at <= now, Approval.settles_at.is_(None))


def escalate_due(tx: Transaction) -> int:
    """Ask others about what waits for too long; return how many rows were looked at.

    Several workers may do so at once on PostgreSQL: each skips what another holds.
    """
    due = tx.session.scalars(
        select(Approval)
        .where(_due(tx.now))
        .order_by(Approval.escalate_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    ).all()
    for approval in due:
        _escalate(tx, approval)
    return len(due)


def _escalate(tx: Transaction, approval: Approval) -> None:
    waits = approval.status in OPEN and not is_over(approval, tx.now)
    values: dict[str, Any] = {"escalate_at": None}
    approvers = approval.approvers.split()
    if waits and approval.escalate_to is not None and approvers:
        values["approvers"] = " ".join(dict.fromkeys([*approvers, approval.escalate_to]))
        values["version"] = approval.version + 1
    tx.execute(update(_approvals).where(_approvals.c.id == approval.id).values(values))
    if not waits:
        return
    now_asked = {"version": values.get("version", approval.version)}
    to = f"group:{approval.escalate_to}" if approval.escalate_to else "owners and admins"
    tx.record(
        approval.org_id,
        SYSTEM,
        "approval.escalated",
        subject(approval.id),
        facts(approval) | now_asked | {"to": to},
    )

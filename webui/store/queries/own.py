"""An agent's own approvals: its list, by the status that counts now."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from webui.approvals.states import OPEN, Status
from webui.store.models import Approval


def of_agent(
    session: Session,
    agent_id: str,
    now: int,
    *,
    status: str = "",
    run_session: str = "",
    tool: str = "",
    before: str = "",
    limit: int = 50,
) -> Sequence[Approval]:
    """Return an agent's own approvals, newest first, after the id of the page before.

    Args:
        session: to read with.
        agent_id: whose.
        now: ms; a passed deadline counts, swept or not.
        status: only those that stand so at `now`.
        run_session: only of this session of the agent.
        tool: only of this tool.
        before: id of the last row of the page before.
        limit: rows.

    """
    statement = select(Approval).where(Approval.agent_id == agent_id)
    if run_session:
        statement = statement.where(Approval.session == run_session)
    if tool:
        statement = statement.where(Approval.tool == tool)
    if before:
        statement = statement.where(Approval.id < before)
    ordered = statement.order_by(Approval.id.desc()).limit(limit)
    # One walk along the index for each stored status; together they would be sorted.
    pages = [
        session.scalars(ordered.where(*stored)).all() for stored in _stored_as(status, now)
    ]
    merged = sorted((row for page in pages for row in page), key=_id, reverse=True)
    return merged[:limit]


def _id(approval: Approval) -> str:
    return approval.id


def _stored_as(status: str, now: int) -> list[list[ColumnElement[bool]]]:
    """Return how rows that count as `status` may be stored; the inverse of `status_at`."""
    if not status:
        return [[]]
    stored = Approval.status == status
    unusable = Approval.usable_until <= now
    if status in OPEN:
        return [[stored, Approval.expires_at > now]]
    if status == Status.APPROVED:
        usable = or_(Approval.usable_until.is_(None), Approval.usable_until > now)
        return [[stored, usable]]
    if status != Status.EXPIRED:
        return [[stored]]
    overdue = [[Approval.status == each, Approval.expires_at <= now] for each in OPEN]
    return [[stored], *overdue, [Approval.status == Status.APPROVED, unusable]]

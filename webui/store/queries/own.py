"""An agent's own approvals: its list, by the status that counts now."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from webui.approvals.states import OPEN, Status
from webui.store.models import Agent, Approval
from webui.store.models.approval import SETTLES
from webui.store.queries.walks import Values, merged, walk


def managed_by(session: Session, org_id: str, agent_id: str) -> Sequence[str]:
    """Return the ids of the agents that report to an agent."""
    return session.scalars(
        select(Agent.id).where(Agent.org_id == org_id, Agent.reports_to == agent_id)
    ).all()


class Own(NamedTuple):
    """A page of an agent's own approvals."""

    rows: Sequence[Approval]
    looked_to: str | None
    """The id where looking stopped before the page was full; None when nothing more fits."""


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
) -> Own:
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
    mine = [Approval.agent_id == agent_id]
    if before:
        mine.append(Approval.id < before)
    narrow = ((Approval.session, run_session), (Approval.tool, tool))
    also: Values = {column: [value] for column, value in narrow if value}
    # One walk along the index for each stored status; together they would be sorted.
    walked = merged(
        [
            walk(session, (Approval.id,), [*mine, *stored], {}, also, limit)
            for stored in _stored_as(status, now)
        ],
        limit,
    )
    ids = [key[0] for key in walked.keys]
    wanted = select(Approval).where(Approval.id.in_(ids)).order_by(Approval.id.desc())
    found = session.scalars(wanted).all() if ids else ()
    stop = walked.looked_to
    return Own(found, None if stop is None else stop[0])


def _stored_as(status: str, now: int) -> list[list[ColumnElement[bool]]]:
    """Return how rows that count as `status` may be stored; the inverse of `status_at`."""
    if not status:
        return [[]]
    stored = Approval.status == status
    unusable = Approval.usable_until <= now
    if status in OPEN:
        return [[stored, or_(Approval.expires_at > now, SETTLES)]]
    if status == Status.APPROVED:
        usable = or_(Approval.usable_until.is_(None), Approval.usable_until > now)
        return [[stored, usable]]
    if status != Status.EXPIRED:
        return [[stored]]
    late = (Approval.expires_at <= now, Approval.settles_at.is_(None))
    overdue = [[Approval.status == each, *late] for each in OPEN]
    return [[stored], *overdue, [Approval.status == Status.APPROVED, unusable]]

"""Standing grants, for lists and screens, and what they covered."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Agent, Approval, StandingGrant, User


class GrantRow(NamedTuple):
    """A standing grant with the names a list shows."""

    grant: StandingGrant
    agent_name: str
    maker: str
    revoker: str | None
    made_from: Approval
    """The approval it was made from: whoever may see that may see the grant."""


def grants(
    session: Session,
    org_id: str,
    now: int,
    *,
    live: bool,
    before: str = "",
    limit: int = 100,
) -> Sequence[GrantRow]:
    """Return an org's standing grants, newest first; `live` leaves out those that are over."""
    revoker = User.__table__.alias("revoker")
    statement = (
        select(
            StandingGrant, Agent.name, User.display_name, revoker.c.display_name, Approval
        )
        .join(Agent, Agent.id == StandingGrant.agent_id)
        .join(User, User.id == StandingGrant.created_by)
        .join(Approval, Approval.id == StandingGrant.approval_id)
        .outerjoin(revoker, revoker.c.id == StandingGrant.revoked_by)
        .where(StandingGrant.org_id == org_id)
        .order_by(StandingGrant.id.desc())
        .limit(limit)
    )
    if live:
        statement = statement.where(
            StandingGrant.ended_at.is_(None), StandingGrant.expires_at > now
        )
    if before:
        statement = statement.where(StandingGrant.id < before)
    return [GrantRow._make(row) for row in session.execute(statement)]


def one(session: Session, org_id: str, grant_id: str) -> GrantRow | None:
    """Return a standing grant of this org, over or not."""
    found = session.get(StandingGrant, grant_id)
    if found is None or found.org_id != org_id:
        return None
    agent = session.get_one(Agent, found.agent_id)
    maker = session.get_one(User, found.created_by)
    revoker = session.get(User, found.revoked_by) if found.revoked_by else None
    made_from = session.get_one(Approval, found.approval_id)
    name = None if revoker is None else revoker.display_name
    return GrantRow(found, agent.name, maker.display_name, name, made_from)


def matched(session: Session, grant_id: str, limit: int = 100) -> Sequence[Approval]:
    """Return what a standing grant covered, newest first."""
    return session.scalars(
        select(Approval)
        .where(Approval.grant_id == grant_id)
        .order_by(Approval.id.desc())
        .limit(limit)
    ).all()

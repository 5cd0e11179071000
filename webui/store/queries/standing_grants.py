"""Standing grants, for lists and screens, and what they covered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, not_, select
from sqlalchemy.orm import Session, defer

from webui.approvals.states import Status
from webui.store.ids import first_id
from webui.store.models import Agent, Approval, StandingGrant, User
from webui.store.queries.calls import Row, rows
from webui.store.queries.seeing import Seen, any_of


class GrantRow(NamedTuple):
    """A standing grant with the names a list shows."""

    grant: StandingGrant
    agent_name: str
    maker: str
    revoker: str | None
    made_from: Approval
    """The approval it was made from: whoever may see that may see the grant."""


_revoker = User.__table__.alias("revoker")


def _rows() -> Select[Any]:
    return (
        select(
            StandingGrant, Agent.name, User.display_name, _revoker.c.display_name, Approval
        )
        .join(Agent, Agent.id == StandingGrant.agent_id)
        .join(User, User.id == StandingGrant.created_by)
        .join(Approval, Approval.id == StandingGrant.approval_id)
        .outerjoin(_revoker, _revoker.c.id == StandingGrant.revoked_by)
        .options(defer(Approval.sealed), defer(Approval.sealed_edit))
    )


def grants(
    session: Session,
    org_id: str,
    now: int,
    *,
    live: bool = False,
    over: bool = False,
    seen: Seen = None,
    before: str = "",
    limit: int = 100,
) -> Sequence[GrantRow]:
    """Return an org's standing grants, newest first.

    Args:
        session: to read with.
        org_id: whose.
        now: ms.
        live: only those that still cover calls.
        over: only those that do not any more.
        seen: which calls the person may see; a grant is seen with the one it was made from.
        before: the id of the last one of the page before.
        limit: rows.

    """
    still = and_(StandingGrant.ended_at.is_(None), StandingGrant.expires_at > now)
    statement = (
        _rows()
        .where(StandingGrant.org_id == org_id, *any_of(seen))
        .order_by(StandingGrant.id.desc())
        .limit(limit)
    )
    if live:
        statement = statement.where(still)
    if over:
        statement = statement.where(not_(still))
    if before:
        statement = statement.where(StandingGrant.id < before)
    return [GrantRow._make(row) for row in session.execute(statement)]


def by_ids(
    session: Session, org_id: str, ids: Iterable[str | None]
) -> Mapping[str, GrantRow]:
    """Return some standing grants of an org by their ids."""
    wanted = sorted({each for each in ids if each})
    if not wanted:
        return {}
    found = session.execute(
        _rows().where(StandingGrant.org_id == org_id, StandingGrant.id.in_(wanted))
    )
    return {row[0].id: GrantRow._make(row) for row in found}


def made_from(
    session: Session, org_id: str, approvals: Iterable[Approval]
) -> Mapping[str, StandingGrant]:
    """Return the grants that were made from some approvals, by the approval's id."""
    decided = {each.id: each.decided_at for each in approvals if each.by_person}
    times = [at for at in decided.values() if at is not None]
    if not times:
        return {}
    # A grant is made with the decision, and ids sort by age: so its index is walked, briefly.
    found = session.scalars(
        select(StandingGrant).where(
            StandingGrant.org_id == org_id,
            StandingGrant.id >= first_id("grt", min(times)),
            StandingGrant.id < first_id("grt", max(times) + 1),
            StandingGrant.approval_id.in_(sorted(decided)),
        )
    )
    return {grant.approval_id: grant for grant in found}


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


def covered(
    session: Session, org_id: str, grant_id: str, seen: Seen = None, limit: int = 100
) -> Sequence[Row]:
    """Return the newest calls that a standing grant covered, of those a person may see."""
    found = session.execute(
        rows()
        .where(Approval.org_id == org_id, Approval.grant_id == grant_id, *any_of(seen))
        .order_by(Approval.id.desc())
        .limit(limit)
    )
    return [Row._make(row) for row in found]


def unused(session: Session, grant_id: str, now: int) -> int:
    """Count what a standing grant covered and its agent can still use."""
    return (
        session.scalar(
            select(func.count(Approval.id)).where(
                Approval.grant_id == grant_id,
                Approval.status == Status.APPROVED,
                Approval.usable_until > now,
            )
        )
        or 0
    )

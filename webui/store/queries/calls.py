"""Approvals for screens and answers, those that wait above all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, defer

from webui.approvals.states import OPEN, Risk
from webui.store.loaded import as_loaded
from webui.store.models import (
    Agent,
    Approval,
    Consumption,
    Decision,
    Source,
    User,
    table_of,
)
from webui.store.models.approval import SETTLES
from webui.store.prepared import Prepared
from webui.store.queries.seeing import Seen, any_of
from webui.store.rare import rare

LONGEST_PAGE = 200
agent_of = func.coalesce(Approval.agent_id, "")
"""The agent of an approval, said so that no index leads from an agent to all its approvals:
what is open is little, but with statistics SQLite expects it to be an average share."""


class Row(NamedTuple):
    """An approval with the names a list shows."""

    approval: Approval
    agent_name: str
    principal: str | None
    """Display name of the person the agent acts for."""
    decider: str | None
    claimer: str | None
    """Display name of who claimed it last; whether that still counts, `holder_of` says."""
    source: str | None
    """Name of the source that filed it, if one did."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty fields do not narrow."""

    tool: str = ""
    agent: str = ""
    risk: str = ""
    """This risk and above."""
    session: str = ""
    status: str = ""
    words: str = ""
    """Of what is settled; what waits is narrowed by a line (`narrowing`)."""
    seen: Seen = None
    """What the person may see at all."""
    since: int | None = None
    """Settled at or after, ms."""
    until: int | None = None


EVERYTHING = Filters()
LEFT_BEHIND = (
    defer(Approval.sealed),
    defer(Approval.sealed_edit),
    defer(Approval.settling),
)
principal = User.__table__.alias("principal")
_decider = User.__table__.alias("decider")
claimer = User.__table__.alias("claimer")
_names = (
    Agent.name,
    principal.c.display_name,
    _decider.c.display_name,
    claimer.c.display_name,
    Source.name,
)


def rows() -> Select[Any]:
    """Return the select of rows; sealed arguments and long texts stay behind."""
    return _named().options(*LEFT_BEHIND)


def by_id(session: Session, ids: Sequence[str]) -> dict[str, Row]:
    """Return rows by their ids. For no ids nothing is asked: SQLite may walk everything then."""
    if not ids:
        return {}
    found = map(Row._make, session.execute(rows().where(Approval.id.in_(ids))))
    return {row.approval.id: row for row in found}


def _named() -> Select[Any]:
    return (
        select(Approval, *_names)
        .join(Agent, Agent.id == agent_of)
        .outerjoin(principal, principal.c.id == Approval.on_behalf_of)
        .outerjoin(_decider, _decider.c.id == Approval.decided_by)
        .outerjoin(claimer, claimer.c.id == Approval.claimed_by)
        .outerjoin(Source, Source.id == Approval.source_id)
    )


def narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions of some filters, but for the words and the agent."""
    clauses: list[ColumnElement[bool]] = []
    if "*" in filters.tool:
        pattern = filters.tool.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        clauses.append(Approval.tool.like(pattern.replace("*", "%"), escape="\\"))
    elif filters.tool:
        clauses.append(Approval.tool == filters.tool)
    if filters.risk in set(Risk):
        lowest = Risk(filters.risk).level
        clauses.append(Approval.handled_as.in_([r for r in Risk if r.level >= lowest]))
    if filters.since is not None:
        clauses.append(Approval.settled_at >= filters.since)
    if filters.until is not None:
        clauses.append(Approval.settled_at < filters.until)
    for column, wanted in (
        (Approval.session, filters.session),
        (Approval.status, filters.status),
    ):
        if wanted:
            clauses.append(column == wanted)
    return clauses


def waits_still(now: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Say of an open row that no deadline has ended it: a verdict on its way is not overruled."""
    return or_(Approval.expires_at > now, SETTLES)


def queue(
    session: Session,
    org_id: str,
    now: int,
    filters: Filters = EVERYTHING,
    limit: int = 100,
    after: tuple[int, str] | None = None,
) -> Sequence[Row]:
    """Return what waits for a decision, the most urgent deadline first.

    Args:
        session: to read with.
        org_id: whose.
        now: ms.
        filters: what to narrow to, but for words and times.
        limit: rows.
        after: (expires_at, id) of the last row of the page before.

    """
    statement = (
        rows()
        .where(
            Approval.org_id == org_id,
            rare(Approval.status.in_(OPEN)),
            waits_still(now),
            *narrowed(filters),
            *any_of(filters.seen),
        )
        .order_by(Approval.expires_at, Approval.id)
        .limit(min(limit, LONGEST_PAGE))
    )
    if filters.agent:
        statement = statement.where(
            or_(Agent.name == filters.agent, Agent.id == filters.agent)
        )
    if after is not None:
        at, last = after
        statement = statement.where(
            or_(
                Approval.expires_at > at,
                and_(Approval.expires_at == at, Approval.id > last),
            )
        )
    return [Row._make(row) for row in session.execute(statement)]


class Pressure(NamedTuple):
    """How much waits, counted up to a limit; how much is of high or critical risk, or urgent."""

    waiting: int
    high: int
    soon: int


def pressure(
    session: Session,
    org_id: str,
    now: int,
    *,
    seen: Seen = None,
    soon: int = 120_000,
    most: int = 1_000,
) -> Pressure:
    """Return how much waits of what a person may see; `soon` in ms."""
    counted = _pressure if seen is None else _counted(seen)
    which = {"org": org_id, "now": now, "soon": now + soon, "most": most}
    return Pressure._make(session.execute(counted, which).one())


def _counted(seen: Seen) -> Select[int, int, int]:
    some = (
        select(Approval.handled_as.label("risk"), Approval.expires_at)
        .where(
            Approval.org_id == bindparam("org"),
            rare(Approval.status.in_(OPEN)),
            waits_still(bindparam("now")),
            *any_of(seen),
        )
        .order_by(Approval.expires_at)
        .limit(bindparam("most"))
        .subquery()
    )
    return select(
        func.count(),
        func.count().filter(some.c.risk.in_([Risk.HIGH, Risk.CRITICAL])),
        func.count().filter(some.c.expires_at < bindparam("soon")),
    ).select_from(some)


# Built once: every page runs it for whoever may see all.
_pressure = _counted(None)
_one = _named().where(
    Approval.org_id == bindparam("org"), Approval.id == bindparam("approval")
)


def one(session: Session, org_id: str, approval_id: str) -> Row | None:
    """Return one approval with its names; sealed arguments come along."""
    row = session.execute(_one, {"org": org_id, "approval": approval_id}).one_or_none()
    return None if row is None else Row._make(row)


class Vote(NamedTuple):
    """A decision with the name of who gave it."""

    decision: Decision
    display: str


# Built once: every answer about a decided call runs it.
_votes = (
    select(Decision, User.display_name)
    .join(User, User.id == Decision.user_id)
    .where(
        Decision.approval_id.in_(bindparam("ids", expanding=True)),
        Decision.reset_at.is_(None),
    )
    .order_by(Decision.id)
)
_votes_on = Prepared(
    select(*table_of(Decision).c, User.display_name)
    .join(User, User.id == Decision.user_id)
    .where(Decision.approval_id == bindparam("id"), Decision.reset_at.is_(None))
    .order_by(Decision.id)
)


def votes(session: Session, approval_ids: Sequence[str]) -> Mapping[str, list[Vote]]:
    """Return the decisions on some approvals, oldest first, in one select."""
    if not approval_ids:
        return {}
    found: dict[str, list[Vote]] = {}
    given = session.execute(_votes, {"ids": list(approval_ids)})
    for decision, display in given:
        found.setdefault(decision.approval_id, []).append(Vote(decision, display))
    return found


def votes_on(connection: Connection, approval_id: str) -> list[Vote]:
    """Return the decisions on one approval, oldest first."""
    rows = _votes_on.rows(connection, {"id": approval_id})
    return [Vote(as_loaded(Decision, row), row.pop("display_name")) for row in rows]


_uses = (
    select(Consumption)
    .where(Consumption.approval_id == bindparam("approval"))
    .order_by(Consumption.id)
)


def uses(session: Session, approval_id: str) -> Sequence[Consumption]:
    """Return the uses of an approval, oldest first (rolled back ones included)."""
    return session.scalars(_uses, {"approval": approval_id}).all()


def about(session: Session, org_id: str, approval_id: str) -> Approval | None:
    """Return what authorization asks of an approval; sealed arguments stay behind."""
    return session.scalar(
        select(Approval)
        .where(Approval.org_id == org_id, Approval.id == approval_id)
        .options(*LEFT_BEHIND)
    )

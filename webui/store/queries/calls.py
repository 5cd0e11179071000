"""Approvals for screens and answers: keyset pages, never a count over history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session, defer

from webui.approvals.states import OPEN, Status
from webui.store.models import Agent, Approval, Consumption, Decision, Membership, User

LONGEST_PAGE = 200


class Row(NamedTuple):
    """An approval with the names a list shows."""

    approval: Approval
    agent_name: str
    principal: str | None
    """Display name of the person the agent acts for."""
    decider: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty fields do not narrow."""

    tool: str = ""
    agent: str = ""
    risk: str = ""
    session: str = ""
    status: str = ""
    words: str = ""


_principal = User.__table__.alias("principal")
_decider = User.__table__.alias("decider")


def _rows() -> Select[Any]:
    return (
        select(Approval, Agent.name, _principal.c.display_name, _decider.c.display_name)
        .join(Agent, Agent.id == Approval.agent_id)
        .outerjoin(_principal, _principal.c.id == Approval.on_behalf_of)
        .outerjoin(_decider, _decider.c.id == Approval.decided_by)
        .options(defer(Approval.sealed), defer(Approval.trace), defer(Approval.context))
    )


def _narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if filters.tool:
        pattern = filters.tool.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        clauses.append(Approval.tool.like(pattern.replace("*", "%"), escape="\\"))
    if filters.agent:
        clauses.append(or_(Agent.name == filters.agent, Agent.id == filters.agent))
    for column, wanted in (
        (Approval.risk, filters.risk),
        (Approval.session, filters.session),
        (Approval.status, filters.status),
    ):
        if wanted:
            clauses.append(column == wanted)
    return clauses


def queue(
    session: Session,
    org_id: str,
    now: int,
    filters: Filters = Filters(),
    limit: int = 100,
) -> Sequence[Row]:
    """Return what waits for a decision, the most urgent deadline first."""
    statement = (
        _rows()
        .where(
            Approval.org_id == org_id,
            Approval.status.in_(OPEN),
            Approval.expires_at > now,
            *_narrowed(filters),
        )
        .order_by(Approval.expires_at, Approval.id)
        .limit(min(limit, LONGEST_PAGE))
    )
    if filters.words:
        statement = statement.where(_mentions(filters.words))
    return [Row._make(row) for row in session.execute(statement)]


def _mentions(words: str) -> ColumnElement[bool]:
    """Match the few open rows by their safe line; history has an index of words."""
    pattern = (
        "%" + words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    )
    return or_(
        Approval.line.ilike(pattern, escape="\\"),
        Approval.summary.ilike(pattern, escape="\\"),
        Approval.id == words,
    )


def waiting(session: Session, org_id: str, now: int, most: int = 200) -> int:
    """Return how many wait, counted up to `most`."""
    some = (
        select(Approval.id)
        .where(
            Approval.org_id == org_id,
            Approval.status.in_(OPEN),
            Approval.expires_at > now,
        )
        .limit(most)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def one(session: Session, org_id: str, approval_id: str) -> Row | None:
    """Return one approval with its names; sealed arguments come along."""
    row = session.execute(
        select(Approval, Agent.name, _principal.c.display_name, _decider.c.display_name)
        .join(Agent, Agent.id == Approval.agent_id)
        .outerjoin(_principal, _principal.c.id == Approval.on_behalf_of)
        .outerjoin(_decider, _decider.c.id == Approval.decided_by)
        .where(Approval.org_id == org_id, Approval.id == approval_id)
    ).one_or_none()
    return None if row is None else Row._make(row)


class Vote(NamedTuple):
    """A decision with the name of who gave it."""

    decision: Decision
    display: str


def votes(session: Session, approval_ids: Sequence[str]) -> Mapping[str, list[Vote]]:
    """Return the decisions on some approvals, oldest first, in one select."""
    if not approval_ids:
        return {}
    found: dict[str, list[Vote]] = {}
    rows = session.execute(
        select(Decision, User.display_name)
        .join(User, User.id == Decision.user_id)
        .where(Decision.approval_id.in_(approval_ids))
        .order_by(Decision.id)
    )
    for decision, display in rows:
        found.setdefault(decision.approval_id, []).append(Vote(decision, display))
    return found


def uses(session: Session, approval_id: str) -> Sequence[Consumption]:
    """Return the uses of an approval, oldest first (rolled back ones included)."""
    return session.scalars(
        select(Consumption)
        .where(Consumption.approval_id == approval_id)
        .order_by(Consumption.id)
    ).all()


def earlier(session: Session, approval: Approval, limit: int = 5) -> Sequence[Row]:
    """Return earlier settled approvals of exactly the same call, newest first."""
    return [
        Row._make(row)
        for row in session.execute(
            _rows()
            .where(
                Approval.org_id == approval.org_id,
                Approval.fingerprint == approval.fingerprint,
                Approval.id < approval.id,
                Approval.decided_at.is_not(None),
            )
            .order_by(Approval.id.desc())
            .limit(limit)
        )
    ]


def history(
    session: Session,
    org_id: str,
    filters: Filters = Filters(),
    before: tuple[int, str] | None = None,
    limit: int = 50,
) -> Sequence[Row]:
    """Return settled approvals, newest first.

    Args:
        session: to read with.
        org_id: whose.
        filters: what to narrow to; `words` are looked up in the word index.
        before: (settled_at, id) of the last row of the page before.
        limit: rows.

    """
    statement = _rows().where(
        Approval.org_id == org_id, Approval.settled_at.is_not(None), *_narrowed(filters)
    )
    if filters.words:
        ids = _found(session, org_id, filters.words)
        statement = statement.where(Approval.id.in_(ids))
    if before is not None:
        at, last = before
        statement = statement.where(
            or_(
                Approval.settled_at < at,
                and_(Approval.settled_at == at, Approval.id < last),
            )
        ).where(Approval.settled_at <= at)
    ordered = statement.order_by(Approval.settled_at.desc(), Approval.id.desc())
    return [
        Row._make(row) for row in session.execute(ordered.limit(min(limit, LONGEST_PAGE)))
    ]


def _found(session: Session, org_id: str, words: str, most: int = 500) -> list[str]:
    """Return the newest approvals whose masked words hold all of `words`."""
    if session.connection().dialect.name == "sqlite":
        quoted = " ".join('"' + word.replace('"', '""') + '"*' for word in words.split())
        statement = text(
            "SELECT approval_id FROM approval_search WHERE words MATCH :words"
            " AND org_id = :org ORDER BY rowid DESC LIMIT :most"
        )
    else:
        quoted = words
        statement = text(
            "SELECT approval_id FROM approval_search"
            " WHERE words @@ plainto_tsquery('simple', :words)"
            " AND org_id = :org ORDER BY id DESC LIMIT :most"
        )
    if not quoted.strip():
        return []
    rows = session.execute(statement, {"words": quoted, "org": org_id, "most": most})
    return list(rows.scalars())


def of_agent(
    session: Session,
    agent_id: str,
    *,
    status: str = "",
    run_session: str = "",
    tool: str = "",
    before: str = "",
    limit: int = 50,
) -> Sequence[Approval]:
    """Return an agent's own approvals, newest first, after the id of the page before."""
    statement = select(Approval).where(Approval.agent_id == agent_id)
    if status:
        statement = statement.where(Approval.status == status)
    if run_session:
        statement = statement.where(Approval.session == run_session)
    if tool:
        statement = statement.where(Approval.tool == tool)
    if before:
        statement = statement.where(Approval.id < before)
    return session.scalars(statement.order_by(Approval.id.desc()).limit(limit)).all()


class Standing(NamedTuple):
    """Just enough of an approval to see whether it changed."""

    status: str
    version: int
    expires_at: int


def standing(session: Session, approval_id: str) -> Standing | None:
    """Return how an approval stands."""
    row = session.execute(
        select(Approval.status, Approval.version, Approval.expires_at).where(
            Approval.id == approval_id
        )
    ).one_or_none()
    return None if row is None else Standing._make(row)


def deciders(session: Session, approval_id: str) -> list[str]:
    """Return the user ids of those who said yes, for a receipt."""
    return list(
        session.scalars(
            select(Decision.user_id).where(
                Decision.approval_id == approval_id, Decision.verdict == "approve"
            )
        )
    )


def members(session: Session, org_id: str) -> Sequence[tuple[User, Membership]]:
    """Return the people of an org."""
    return [
        (user, membership)
        for user, membership in session.execute(
            select(User, Membership)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.org_id == org_id)
            .order_by(User.display_name)
        )
    ]


SETTLED = frozenset(Status) - OPEN

"""Settled approvals for screens: keyset pages over the index of settling, never a count."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from webui.approvals.errors import InvalidError
from webui.sentences import sentence
from webui.store.engines import PLANNED_ANEW
from webui.store.models import Agent, Approval
from webui.store.queries.calls import (
    EVERYTHING,
    LONGEST_PAGE,
    Filters,
    Row,
    by_id,
    narrowed,
    rows,
)
from webui.store.queries.seeing import EVERY_WAY, any_of
from webui.store.queries.walks import Column, Values, Walk, merged, walk
from webui.store.queries.words import found

Place = tuple[int, str]
"""(settled_at, id): where a page begins or ends."""
_ORDER: tuple[Column, ...] = (Approval.settled_at, Approval.id)
TOOLS_MAX = 100
_ALIKE_LOOKED_AT = 50
_STARS = sentence(
    "A tool is narrowed by its whole name, or by how it begins with one "
    "star at the end (mail.*); leave the other stars out."
)
_MANY_TOOLS = sentence(
    "The tool filter stands for more than %(tools_max)s tools; write more "
    "of the name before the star.",
    tools_max=TOOLS_MAX,
)


class History(NamedTuple):
    """A page of settled approvals."""

    rows: Sequence[Row]
    looked_to: Place | None
    """Where looking stopped before the page was full; None when nothing more fits."""


def history(
    session: Session,
    org_id: str,
    filters: Filters = EVERYTHING,
    before: Place | None = None,
    limit: int = 50,
) -> History:
    """Return settled approvals, newest first.

    Args:
        session: to read with.
        org_id: whose.
        filters: what to narrow to, but for risk and session; `words` are looked up in their index.
        before: (settled_at, id) of the last row of the page before.
        limit: rows.

    Raises:
        InvalidError: the tool has a star elsewhere than at its end, or stands for too many.

    """
    limit = min(limit, LONGEST_PAGE)
    indexed = _indexed(session, org_id, filters)
    within = _within(filters, before)
    if filters.words:
        found_ids = found(session, org_id, filters.words)
        fitting = [*within, *_held(indexed), *any_of(filters.seen)]
        walked = _among(session, org_id, found_ids, fitting, limit)
    else:
        whose = [Approval.org_id == org_id, *within]
        ways = (EVERY_WAY,) if filters.seen is None else filters.seen
        walks = [
            walk(
                session,
                _ORDER,
                whose,
                _both(indexed, way.indexed),
                way.also,
                limit,
                len(ways),
            )
            for way in ways
        ]
        walked = merged(walks, limit)
    ids = [approval_id for _, approval_id in walked.keys]
    read = by_id(session, ids)
    stop = walked.looked_to
    return History(
        [read[each] for each in ids if each in read],
        None if stop is None else (stop[0], stop[1]),
    )


def _indexed(session: Session, org_id: str, filters: Filters) -> Values:
    """Return what is narrowed to; each of these has an index of its own."""
    asked: dict[Column, list[str]] = {}
    if filters.agent:
        asked[Approval.agent_id] = _agents(session, org_id, filters.agent)
    if filters.tool.strip("*") or filters.tool.count("*") > 1:
        asked[Approval.tool] = _tools(session, org_id, filters.tool)
    if filters.status:
        asked[Approval.status] = [filters.status]
    return asked


def _both(asked: Values, seen: Values) -> Values:
    """Return what is asked for as far as it may be seen."""
    return {**asked, **seen} | {
        column: [value for value in asked[column] if value in seen[column]]
        for column in asked.keys() & seen.keys()
    }


def _within(filters: Filters, before: Place | None) -> list[ColumnElement[bool]]:
    """Return the bounds of the walk: settled, in these times, after the page before."""
    bounds: list[ColumnElement[bool]] = [Approval.settled_at.is_not(None)]
    bounds += narrowed(Filters(since=filters.since, until=filters.until))
    if before is not None:
        at, last = before
        same = and_(Approval.settled_at == at, Approval.id < last)
        bounds += [or_(Approval.settled_at < at, same), Approval.settled_at <= at]
    return bounds


def _held(indexed: Values) -> list[ColumnElement[bool]]:
    return [column.in_(values) for column, values in indexed.items()]


def _among(
    session: Session,
    org_id: str,
    ids: Sequence[str],
    where: Sequence[ColumnElement[bool]],
    limit: int,
) -> Walk:
    """Return which of the few that a search found fit."""
    if not ids:
        return Walk([], None)
    # The ids lead; SQLite would rather walk all of the org, so it may not know of it.
    org = func.coalesce(Approval.org_id, "") == org_id
    newest = (
        select(*_ORDER)
        .where(Approval.id.in_(ids), *where, org)
        .order_by(*(column.desc() for column in _ORDER))
        .limit(limit)
        .execution_options(**{PLANNED_ANEW: True})
    )
    return Walk([tuple(row) for row in session.execute(newest)], None)


def _agents(session: Session, org_id: str, named: str) -> list[str]:
    """Return the ids an agent filter stands for."""
    wanted = or_(Agent.name == named, Agent.id == named)
    return list(session.scalars(select(Agent.id).where(Agent.org_id == org_id, wanted)))


def _tools(session: Session, org_id: str, pattern: str) -> list[str]:
    """Return the tools a filter stands for."""
    start, star, rest = pattern.partition("*")
    if rest:
        raise InvalidError(_STARS)
    if not star:
        return [start]
    on_sqlite = session.connection().dialect.name == "sqlite"
    # PostgreSQL's order depends on its locale, so there all names are walked and compared.
    first, end = (start, start + "\U0010ffff") if on_sqlite else ("", "")
    names = session.scalars(
        _TOOLS_BETWEEN if on_sqlite else _TOOLS,
        {
            "org": org_id,
            "first": first,
            "end": end,
            "start": start,
            "length": len(start),
            "most": TOOLS_MAX + 1,
        },
    ).all()
    if len(names) > TOOLS_MAX:
        raise InvalidError(_MANY_TOOLS)
    return list(names)


_SKIPPING = """
WITH RECURSIVE each(tool) AS (
  SELECT min(tool) FROM approvals
  WHERE org_id = :org AND settled_at IS NOT NULL{first}
  UNION ALL
  SELECT (SELECT min(tool) FROM approvals
          WHERE org_id = :org AND settled_at IS NOT NULL AND tool > each.tool{end})
  FROM each WHERE each.tool IS NOT NULL)
SELECT tool FROM each WHERE substr(tool, 1, :length) = :start LIMIT :most
"""
# One look-up in the index for each different tool, however many calls it had.
_TOOLS = text(_SKIPPING.format(first="", end=""))
_TOOLS_BETWEEN = text(
    _SKIPPING.format(first=" AND tool >= :first AND tool < :end", end=" AND tool < :end")
)


# Both built once: every call's own page runs them.
_newest_of_tool = (
    select(Approval.id, Approval.agent_id)
    .where(
        Approval.org_id == bindparam("org"),
        Approval.tool == bindparam("tool"),
        Approval.settled_at.is_not(None),
    )
    .order_by(Approval.settled_at.desc(), Approval.id.desc())
    .limit(_ALIKE_LOOKED_AT)
)
_earlier = (
    rows()
    .where(
        Approval.org_id == bindparam("org"),
        Approval.agent_id == bindparam("agent"),  # which the fingerprint binds too
        Approval.fingerprint == bindparam("fingerprint"),
        Approval.id < bindparam("before"),
        Approval.decided_at.is_not(None),
    )
    .order_by(Approval.id.desc())
    .limit(bindparam("most"))
)


def alike(session: Session, approval: Approval, limit: int = 5) -> Sequence[Row]:
    """Return settled calls of the same tool by the same agent, newest first.

    Only the newest of the tool are looked at, whoever asked: the cost has a limit.
    """
    which = {"org": approval.org_id, "tool": approval.tool}
    newest = session.execute(_newest_of_tool, which)
    ids = [found for found, whose in newest if whose == approval.agent_id][:limit]
    read = by_id(session, ids)
    return [read[each] for each in ids if each in read]


def earlier(session: Session, approval: Approval, limit: int = 5) -> Sequence[Row]:
    """Return earlier settled approvals of exactly the same call, newest first."""
    which = {
        "org": approval.org_id,
        "agent": approval.agent_id,
        "fingerprint": approval.fingerprint,
        "before": approval.id,
        "most": limit,
    }
    return [Row._make(row) for row in session.execute(_earlier, which)]

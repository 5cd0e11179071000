"""Settled approvals for screens: keyset pages over the index of settling, never a count."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.orm import Session

from webui.approvals.errors import InvalidError
from webui.store.models import Agent, Approval
from webui.store.queries.calls import EVERYTHING, LONGEST_PAGE, Filters, Row, narrowed, rows
from webui.store.queries.words import found

Place = tuple[int, str]
"""(settled_at, id): where a page begins or ends."""
TOOLS_MAX = 100
_STARS = (
    "A tool is narrowed by its whole name, or by how it begins with one star at the end "
    "(mail.*); leave the other stars out."
)
_MANY_TOOLS = (
    f"The tool filter stands for more than {TOOLS_MAX} tools; "
    "write more of the name before the star."
)


def history(
    session: Session,
    org_id: str,
    filters: Filters = EVERYTHING,
    before: Place | None = None,
    limit: int = 50,
) -> Sequence[Row]:
    """Return settled approvals, newest first.

    Args:
        session: to read with.
        org_id: whose.
        filters: what to narrow to; `words` are looked up in the word index.
        before: (settled_at, id) of the last row of the page before.
        limit: rows.

    Raises:
        InvalidError: the tool has a star elsewhere than at its end, or stands for too many.

    """
    limit = min(limit, LONGEST_PAGE)
    agents = _agents(session, org_id, filters.agent)
    pages = [
        _page(session, org_id, replace(filters, tool=tool, agent=agent), before, limit)
        for tool in _tools(session, org_id, filters.tool)
        for agent in agents
    ]
    newest = sorted((place for page in pages for place in page), reverse=True)
    ids = [approval_id for _, approval_id in newest[:limit]]
    whole = map(Row._make, session.execute(rows().where(Approval.id.in_(ids))))
    read = {row.approval.id: row for row in whole}
    return [read[each] for each in ids if each in read]


def _page(
    session: Session, org_id: str, filters: Filters, before: Place | None, limit: int
) -> list[Place]:
    """Return the newest places of one tool and one agent: a walk along one index."""
    org = Approval.org_id == org_id
    statement = select(Approval.settled_at, Approval.id).where(
        Approval.settled_at.is_not(None), *narrowed(filters)
    )
    if filters.agent:
        statement = statement.where(Approval.agent_id == filters.agent)
    if filters.words:
        # The few ids lead; SQLite would rather walk all of the org, so it may not know of it.
        org = func.coalesce(Approval.org_id, "") == org_id
        ids = found(session, org_id, filters.words)
        statement = statement.where(Approval.id.in_(ids))
    if before is not None:
        at, last = before
        statement = statement.where(
            or_(
                Approval.settled_at < at,
                and_(Approval.settled_at == at, Approval.id < last),
            )
        ).where(Approval.settled_at <= at)
    ordered = statement.where(org).order_by(Approval.settled_at.desc(), Approval.id.desc())
    return [(at or 0, each) for at, each in session.execute(ordered.limit(limit))]


def _agents(session: Session, org_id: str, named: str) -> list[str]:
    """Return the ids an agent filter stands for; "" for all agents."""
    if not named:
        return [""]
    wanted = or_(Agent.name == named, Agent.id == named)
    return list(session.scalars(select(Agent.id).where(Agent.org_id == org_id, wanted)))


def _tools(session: Session, org_id: str, pattern: str) -> list[str]:
    """Return the tools a filter stands for; "" for all tools."""
    start, star, rest = pattern.partition("*")
    if rest:
        raise InvalidError(_STARS)
    if not star or not start:
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


def earlier(session: Session, approval: Approval, limit: int = 5) -> Sequence[Row]:
    """Return earlier settled approvals of exactly the same call, newest first."""
    return [
        Row._make(row)
        for row in session.execute(
            rows()
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

"""Numbers for the page of insights, and what the worker counts them from."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Select, bindparam, cast, func, or_, select
from sqlalchemy.orm import Session

from webui.audit.actions import APPROVAL_OPENED_FULL, APPROVAL_VIEWED
from webui.store.models import (
    Approval,
    AuditHead,
    Event,
    InsightCount,
    InsightCursor,
    Org,
    table_of,
)
from webui.store.prepared import Prepared

_counts = table_of(InsightCount)
LOOKED: Final = 500
"""Events of one call that are looked through for whether a page had shown it."""
_looked = (
    select(Event.action)
    .where(Event.org_id == bindparam("org"), Event.subject == bindparam("subject"))
    .order_by(Event.seq)
    .limit(LOOKED)
    .subquery()
)
_shown = Prepared(
    select(_looked.c.action)
    .where(
        or_(*(_looked.c.action == one for one in (APPROVAL_VIEWED, APPROVAL_OPENED_FULL)))
    )
    .limit(1)
)


def behind(session: Session) -> Sequence[str]:
    """Return the orgs whose log tells of more than was counted."""
    found = (
        select(Org.id)
        .join(AuditHead, AuditHead.org_id == Org.id)
        .outerjoin(InsightCursor, InsightCursor.org_id == Org.id)
        .where(AuditHead.seq > func.coalesce(InsightCursor.seq, -1))
    )
    return session.scalars(found.order_by(Org.id)).all()


_place = Prepared(select(InsightCursor.seq).where(InsightCursor.org_id == bindparam("org")))


def place(session: Session, org_id: str) -> int | None:
    """Return up to which event an org was counted; none before it was ever begun."""
    found = _place.first(session.connection(), {"org": org_id})
    return None if found is None else int(found[0])


_begins = Prepared(
    select(_counts.c.unit)
    .where(
        _counts.c.org_id == bindparam("org"),
        _counts.c.agent_id == "",
        _counts.c.tool == "",
        _counts.c.facet == "all",
        _counts.c.unit >= 0,
    )
    .order_by(_counts.c.unit)
    .limit(1)
)


def begins(session: Session, org_id: str) -> int | None:
    """Return the first day of an org that numbers are kept of; none if there are none."""
    found = _begins.first(session.connection(), {"org": org_id})
    return None if found is None else int(found[0])


_head = Prepared(select(AuditHead.seq).where(AuditHead.org_id == bindparam("org")))


def head(session: Session, org_id: str) -> int:
    """Return the number of an org's last event."""
    found = _head.first(session.connection(), {"org": org_id})
    return 0 if found is None else int(found[0])


def seq_before(session: Session, org_id: str, since: int) -> int:
    """Return the number of the last event before a moment; 0 if there is none."""
    last = (
        select(Event.seq)
        .where(Event.org_id == org_id, Event.at < since)
        .order_by(Event.at.desc(), Event.seq.desc())
        .limit(1)
    )
    return session.scalar(last) or 0


def told(
    session: Session,
    org_id: str,
    after: int,
    upto: int,
    actions: Collection[str],
    limit: int,
) -> Sequence[Any]:
    """Return events of some actions with a number in (`after`, `upto`], in their order."""
    found = (
        select(Event.seq, Event.at, Event.actor, Event.action, Event.subject, Event.payload)
        .where(
            Event.org_id == org_id,
            Event.seq > after,
            Event.seq <= upto,
            # a sum, so that the index on actions is not taken: the place in the log is narrow
            (Event.action + "").in_(actions),
        )
        .order_by(Event.seq)
        .limit(limit)
    )
    return session.execute(found).all()


def calls(session: Session, org_id: str, ids: Iterable[str]) -> Sequence[Any]:
    """Return of calls what is counted by."""
    wanted = list(ids)
    if not wanted:
        return ()
    found = select(
        Approval.id,
        Approval.agent_id,
        Approval.tool,
        Approval.rule_name,
        Approval.created_at,
        Approval.decided_at,
        Approval.settled_at,
    ).where(Approval.org_id == org_id, Approval.id.in_(wanted))
    return session.execute(found).all()


def seen(session: Session, org_id: str, ids: Iterable[str]) -> set[str]:
    """Return which of these calls a page has shown to somebody, as far as is looked."""
    connection = session.connection()
    return {
        approval_id
        for approval_id in ids
        if _shown.first(connection, {"org": org_id, "subject": f"approval:{approval_id}"})
    }


def pairs(
    session: Session, org_id: str, weeks: Iterable[int], limit: int
) -> dict[int, set[str]]:
    """Return the pairs of agent and tool that have rows, by week."""
    found: dict[int, set[str]] = {}
    for week in weeks:
        named = (
            select(InsightCount.name)
            .where(
                InsightCount.org_id == org_id,
                InsightCount.agent_id == "",
                InsightCount.tool == "",
                InsightCount.facet == "pair",
                InsightCount.unit == week,
            )
            .limit(limit)
        )
        found[week] = set(session.scalars(named))
    return found


def sums(
    session: Session,
    org_id: str,
    cut: tuple[str, str],
    facets: Sequence[str],
    columns: Sequence[str],
    units: Sequence[int],
) -> list[dict[str, Any]]:
    """Return what was counted in some units under one cut, added up by facet and name.

    Args:
        session: to read with.
        org_id: whose.
        cut: agent and tool whose calls are meant; empty for all.
        facets: what names are wanted of; they are named, so that the key is walked.
        columns: what is added up; of a thousand rows each column costs.
        units: days and weeks, see `insights.units`.

    """
    agent_id, tool = cut
    given = {"org": org_id, "agent": agent_id, "tool": tool}
    lists = {"facets": list(facets), "units": list(units)}
    found = session.execute(_adding_up(tuple(columns)), given | lists)
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found.all()]


@lru_cache(maxsize=8)
def _adding_up(columns: tuple[str, ...]) -> Select[Any]:
    """Return the select that adds up these columns; building it costs a tenth of a page."""
    # PostgreSQL adds whole numbers up to a decimal
    added = [cast(func.sum(_counts.c[name]), BigInteger).label(name) for name in columns]
    return (
        select(_counts.c.facet, _counts.c.name, *added)
        .where(
            _counts.c.org_id == bindparam("org"),
            _counts.c.agent_id == bindparam("agent"),
            _counts.c.tool == bindparam("tool"),
            _counts.c.facet.in_(bindparam("facets", expanding=True)),
            _counts.c.unit.in_(bindparam("units", expanding=True)),
        )
        .group_by(_counts.c.facet, _counts.c.name)
    )

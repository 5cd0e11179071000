"""The log for screens, the live feed and the outbox: always by (org, seq)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select, text
from sqlalchemy.orm import Session

from webui.store.models import AuditHead, Checkpoint, Event, table_of
from webui.store.queries.walks import Column, Values, walk
from webui.store.transaction import Wake


@dataclass(frozen=True, slots=True)
class EventFilters:
    """What the audit page is narrowed to; empty fields do not narrow."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: int | None = None
    until: int | None = None


class End(NamedTuple):
    """Where an org's log ends and from where on it is kept."""

    seq: int
    pruned_upto: int


_end = select(AuditHead.seq, AuditHead.pruned_upto).where(
    AuditHead.org_id == bindparam("org")
)


def end(session: Session, org_id: str) -> End:
    """Return the end of an org's log; zeros for an org without one."""
    row = session.execute(_end, {"org": org_id}).one_or_none()
    return End(0, 0) if row is None else End._make(row)


def after(session: Session, org_id: str, seq: int, limit: int = 1_000) -> list[Wake]:
    """Return what happened after `seq`, in order: for resuming a live feed."""
    rows = session.execute(
        select(Event.org_id, Event.seq, Event.action, Event.subject)
        .where(Event.org_id == org_id, Event.seq > seq)
        .order_by(Event.seq)
        .limit(limit)
    )
    return [Wake._make(row) for row in rows]


class Logged(NamedTuple):
    """One event as it is kept; `nonce` and `payload` are None once erased."""

    seq: int
    at: int
    actor: str
    action: str
    subject: str
    payload: bytes | None
    row_hash: bytes
    entry: bytes
    nonce: bytes | None


_events = table_of(Event)
# columns, not objects: a page has a hundred rows, and making each an object costs a twentieth of it
_logged = select(*(_events.c[name] for name in Logged._fields)).order_by(
    _events.c.seq.desc()
)


class Page(NamedTuple):
    """Events, newest first."""

    rows: Sequence[Logged]
    looked_to: int | None
    """The seq where looking stopped before the page was full; None when nothing more fits."""


def page(
    session: Session,
    org_id: str,
    filters: EventFilters = EventFilters(),
    before: int | None = None,
    limit: int = 100,
) -> Page:
    """Return events, newest first, from below the seq of the page before."""
    where = [Event.org_id == org_id, *_times(session, org_id, filters)]
    if before is not None:
        where.append(Event.seq < before)
    indexed = _indexed(session, org_id, filters)
    if not indexed:  # they lie in the order of the page
        return Page(_rows(session, _logged.where(*where).limit(limit)), None)
    keys, stop = walk(session, (Event.seq,), where, indexed, {}, limit)
    found = _logged.where(Event.org_id == org_id, Event.seq.in_([seq for (seq,) in keys]))
    return Page(_rows(session, found), None if stop is None else stop[0])


def _rows(session: Session, statement: Select[Any]) -> list[Logged]:
    return [Logged._make(row) for row in session.execute(statement)]


def _indexed(session: Session, org_id: str, filters: EventFilters) -> Values:
    """Return what is narrowed to; each of these has an index of its own."""
    asked: dict[Column, Sequence[str]] = {}
    if filters.subject:
        asked[Event.subject] = [filters.subject]
    if filters.actor:
        asked[Event.actor] = [filters.actor]
    if filters.action.endswith(".*"):
        names = session.scalars(_ACTIONS, {"org": org_id}).all()
        asked[Event.action] = [n for n in names if n.startswith(filters.action[:-1])]
    elif filters.action:
        asked[Event.action] = [filters.action]
    return asked


# One look-up in the index for each name that an action ever had; there are some dozens.
_ACTIONS = text(
    """
WITH RECURSIVE each(action) AS (
  SELECT min(action) FROM events WHERE org_id = :org
  UNION ALL
  SELECT (SELECT min(action) FROM events WHERE org_id = :org AND action > each.action)
  FROM each WHERE each.action IS NOT NULL)
SELECT action FROM each WHERE action IS NOT NULL
"""
)


_latest = (
    select(Event)
    .where(Event.org_id == bindparam("org"), Event.action == bindparam("action"))
    .order_by(Event.seq.desc())
    .limit(bindparam("most"))
)


def latest(
    session: Session, org_id: str, action: str, since: int, limit: int = 3
) -> list[Event]:
    """Return the last events of one action that are not older than `since` (ms), newest first."""
    newest = session.scalars(_latest, {"org": org_id, "action": action, "most": limit})
    return [event for event in newest if event.at >= since]


def _narrowed(filters: EventFilters) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if filters.action.endswith(".*"):
        clauses.append(Event.action.startswith(filters.action[:-1], autoescape=True))
    elif filters.action:
        clauses.append(Event.action == filters.action)
    if filters.actor:
        clauses.append(Event.actor == filters.actor)
    if filters.subject:
        clauses.append(Event.subject == filters.subject)
    return clauses


def _times(
    session: Session, org_id: str, filters: EventFilters
) -> list[ColumnElement[bool]]:
    """Return the times as bounds of seq: within a chain they grow together (details.md, B)."""
    clauses: list[ColumnElement[bool]] = []
    if filters.since is not None:
        first = _first_at(session, org_id, filters.since)
        clauses.append(Event.seq < 0 if first is None else Event.seq >= first)
    if filters.until is not None:
        end = _first_at(session, org_id, filters.until)
        clauses += [] if end is None else [Event.seq < end]
    return clauses


def _first_at(session: Session, org_id: str, at: int) -> int | None:
    """Return the seq of the first event at or after a time, ms."""
    return session.scalar(
        select(Event.seq)
        .where(Event.org_id == org_id, Event.at >= at)
        .order_by(Event.at, Event.seq)
        .limit(1)
    )


def ascending(
    session: Session,
    org_id: str,
    filters: EventFilters,
    after: int,
    upto: int,
    limit: int = 1_000,
) -> Sequence[Event]:
    """Return events in order, above `after` and up to `upto`: for exports, chunk by chunk."""
    return session.scalars(
        select(Event)
        .where(
            Event.org_id == org_id,
            Event.seq > after,
            Event.seq <= upto,
            *_narrowed(filters),
            *_times(session, org_id, filters),
        )
        .order_by(Event.seq)
        .limit(limit)
    ).all()


def checkpoints(session: Session, org_id: str) -> list[tuple[int, str]]:
    """Return the signed checkpoints of an org's log: size and note, ascending."""
    rows = session.execute(
        select(Checkpoint.size, Checkpoint.note)
        .where(Checkpoint.org_id == org_id)
        .order_by(Checkpoint.size)
    )
    return [(size, note) for size, note in rows]


def head(session: Session, org_id: str) -> tuple[int, bytes]:
    """Return seq and hash of the last event that the chain's head knows."""
    row = session.execute(
        select(AuditHead.seq, AuditHead.row_hash).where(AuditHead.org_id == org_id)
    ).one_or_none()
    return (0, bytes(32)) if row is None else (row.seq, row.row_hash)


class About(NamedTuple):
    """The newest events of one subject, oldest first, and how many came before them."""

    newest: Sequence[Event]
    earlier: int


def about(session: Session, org_id: str, subject: str, limit: int = 200) -> Sequence[Event]:
    """Return the newest events of one subject, oldest first."""
    return _newest(session, [Event.org_id == org_id, Event.subject == subject], limit)


def told_about(
    session: Session, org_id: str, subject: str, actions: Collection[str], limit: int = 200
) -> About:
    """Return the newest events of one subject among some actions.

    Leave out actions that an agent can repeat at will: they would push out the others.
    """
    wanted = [
        Event.org_id == org_id,
        Event.subject == subject,
        Event.action.in_(sorted(actions)),
    ]
    newest = _newest(session, wanted, limit)
    if len(newest) < limit:
        return About(newest, 0)
    total = session.scalar(select(func.count()).select_from(Event).where(*wanted)) or 0
    return About(newest, total - len(newest))


def _newest(
    session: Session, wanted: list[ColumnElement[bool]], limit: int
) -> Sequence[Event]:
    found = session.scalars(
        select(Event).where(*wanted).order_by(Event.seq.desc()).limit(limit)
    )
    return found.all()[::-1]


def created_since(session: Session, org_id: str, seq: int, most: int = 500) -> set[str]:
    """Return the subjects of approvals filed after an event."""
    return set(
        session.scalars(
            select(Event.subject)
            .where(
                Event.org_id == org_id,
                Event.action == "approval.created",
                Event.seq > seq,
            )
            .order_by(Event.seq.desc())
            .limit(most)
        )
    )

"""The log for screens, the live feed and the outbox: always by (org, seq)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import AuditHead, Event
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


def end(session: Session, org_id: str) -> End:
    """Return the end of an org's log; zeros for an org without one."""
    row = session.execute(
        select(AuditHead.seq, AuditHead.pruned_upto).where(AuditHead.org_id == org_id)
    ).one_or_none()
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


def page(
    session: Session,
    org_id: str,
    filters: EventFilters = EventFilters(),
    before: int | None = None,
    limit: int = 100,
) -> Sequence[Event]:
    """Return events, newest first, from below the seq of the page before."""
    statement = select(Event).where(Event.org_id == org_id)
    for column, wanted in (
        (Event.actor, filters.actor),
        (Event.action, filters.action),
        (Event.subject, filters.subject),
    ):
        if wanted:
            statement = statement.where(column == wanted)
    if filters.since is not None:
        statement = statement.where(Event.at >= filters.since)
    if filters.until is not None:
        statement = statement.where(Event.at < filters.until)
    if before is not None:
        statement = statement.where(Event.seq < before)
    return session.scalars(statement.order_by(Event.seq.desc()).limit(limit)).all()


def about(session: Session, org_id: str, subject: str, limit: int = 200) -> Sequence[Event]:
    """Return the events of one subject, oldest first."""
    return session.scalars(
        select(Event)
        .where(Event.org_id == org_id, Event.subject == subject)
        .order_by(Event.seq)
        .limit(limit)
    ).all()

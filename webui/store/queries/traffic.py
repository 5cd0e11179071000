"""What comes in from sources and what goes out to endpoints, for screens."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webui.store.models import Delivery, Endpoint, Source, SourceDelivery

ACCEPTED = ("accepted", "known", "ignored")


class SourceRow(NamedTuple):
    """A source with what it sent lately (deliveries are kept 14 days)."""

    source: Source
    accepted: int
    refused: int
    last_at: int | None


def sources(session: Session, org_id: str) -> Sequence[SourceRow]:
    """Return the sources of an org by name."""
    fine = SourceDelivery.verdict.in_(ACCEPTED)
    counts = (
        select(
            SourceDelivery.source_id,
            func.count().filter(fine).label("accepted"),
            func.count().filter(~fine).label("refused"),
            func.max(SourceDelivery.received_at).label("last_at"),
        )
        .where(SourceDelivery.org_id == org_id)
        .group_by(SourceDelivery.source_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Source,
            func.coalesce(counts.c.accepted, 0),
            func.coalesce(counts.c.refused, 0),
            counts.c.last_at,
        )
        .outerjoin(counts, counts.c.source_id == Source.id)
        .where(Source.org_id == org_id)
        .order_by(Source.name, Source.id)
    )
    return [SourceRow._make(row) for row in rows]


def source(session: Session, org_id: str, source_id: str) -> Source | None:
    """Return a source of this org."""
    return session.scalar(
        select(Source).where(Source.org_id == org_id, Source.id == source_id)
    )


class Arrival(NamedTuple):
    """A delivery as it arrived, without its body."""

    id: str
    message_id: str | None
    received_at: int
    verdict: str
    status_code: int
    why: str
    approval_id: str | None
    size: int
    """Bytes as kept, which is encrypted."""


def arrivals(
    session: Session, org_id: str, source_id: str, before: str = "", limit: int = 50
) -> Sequence[Arrival]:
    """Return what a source sent, newest first, from below the id of the page before."""
    statement = select(
        SourceDelivery.id,
        SourceDelivery.message_id,
        SourceDelivery.received_at,
        SourceDelivery.verdict,
        SourceDelivery.status_code,
        SourceDelivery.why,
        SourceDelivery.approval_id,
        func.length(SourceDelivery.body),
    ).where(SourceDelivery.org_id == org_id, SourceDelivery.source_id == source_id)
    if before:
        statement = statement.where(SourceDelivery.id < before)
    ordered = statement.order_by(SourceDelivery.id.desc()).limit(limit)
    return [Arrival._make(row) for row in session.execute(ordered)]


def endpoints(session: Session, org_id: str) -> Sequence[Endpoint]:
    """Return the endpoints of an org, the oldest first; removed ones are not shown."""
    return session.scalars(
        select(Endpoint)
        .where(Endpoint.org_id == org_id, Endpoint.status != "removed")
        .order_by(Endpoint.id)
    ).all()


def deliveries(
    session: Session, org_id: str, before: str = "", limit: int = 50
) -> Sequence[Delivery]:
    """Return deliveries of an org, newest first, from below the id of the page before."""
    statement = select(Delivery).where(Delivery.org_id == org_id)
    if before:
        statement = statement.where(Delivery.id < before)
    return session.scalars(statement.order_by(Delivery.id.desc()).limit(limit)).all()

"""What comes in from sources and what goes out to endpoints, for screens.

Counts end at `MOST`, and failures are read from the newest on: no page costs more as
deliveries grow in number.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from webui.store.models import Delivery, Endpoint, Source, SourceDelivery

ACCEPTED = ("accepted", "known", "ignored")
REFUSED = "refused"
MOST = 500
"""To which number deliveries are counted."""
FAILURES = 200
"""The newest failures of a source, which are put together by their reasons."""


class SourceRow(NamedTuple):
    """A source with what it sent lately (deliveries are kept 14 days)."""

    source: Source
    accepted: int
    refused: int
    last_at: int | None


def _count(
    about: InstrumentedAttribute[Any], of: type[Source] | type[Endpoint], *which: Any
) -> ScalarSelect[int]:
    """Count what belongs to each row of another table along an index, to `MOST` and one more."""
    some = select(literal(1).label("one")).where(about == of.id, *which)
    some = some.limit(MOST + 1).correlate(of)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def sources(session: Session, org_id: str) -> Sequence[SourceRow]:
    """Return the sources of an org by name."""
    statement = _with_counts().where(Source.org_id == org_id)
    rows = session.execute(statement.order_by(Source.name, Source.id))
    return [SourceRow._make(row) for row in rows]


def source(session: Session, org_id: str, source_id: str) -> SourceRow | None:
    """Return a source of this org."""
    row = session.execute(
        _with_counts().where(Source.org_id == org_id, Source.id == source_id)
    ).one_or_none()
    return None if row is None else SourceRow._make(row)


def _with_counts() -> Any:
    sent = aliased(SourceDelivery)
    last = (
        select(sent.received_at)
        .where(sent.source_id == Source.id)
        .order_by(sent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        Source,
        _count(sent.source_id, Source, sent.verdict.in_(ACCEPTED)),
        _count(sent.source_id, Source, sent.verdict == REFUSED),
        last,
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
    address: str


_ARRIVAL = (
    SourceDelivery.id,
    SourceDelivery.message_id,
    SourceDelivery.received_at,
    SourceDelivery.verdict,
    SourceDelivery.status_code,
    SourceDelivery.why,
    SourceDelivery.approval_id,
    func.length(SourceDelivery.body),
    SourceDelivery.address,
)


def arrivals(
    session: Session, org_id: str, source_id: str, before: str = "", limit: int = 50
) -> Sequence[Arrival]:
    """Return what a source sent, newest first, from below the id of the page before."""
    statement = select(*_ARRIVAL).where(
        SourceDelivery.org_id == org_id, SourceDelivery.source_id == source_id
    )
    if before:
        statement = statement.where(SourceDelivery.id < before)
    ordered = statement.order_by(SourceDelivery.id.desc()).limit(limit)
    return [Arrival._make(row) for row in session.execute(ordered)]


def failures(session: Session, org_id: str, source_id: str) -> Sequence[Arrival]:
    """Return the newest `FAILURES` deliveries of a source that were refused, newest first."""
    rows = session.execute(
        select(*_ARRIVAL)
        .where(
            SourceDelivery.org_id == org_id,
            SourceDelivery.source_id == source_id,
            SourceDelivery.verdict == REFUSED,
        )
        .order_by(SourceDelivery.id.desc())
        .limit(FAILURES)
    )
    return [Arrival._make(row) for row in rows]


class EndpointRow(NamedTuple):
    """An endpoint with what is on its way to it, and what never arrived."""

    endpoint: Endpoint
    delivered: int
    waiting: int
    dead: int


def endpoints(session: Session, org_id: str) -> Sequence[EndpointRow]:
    """Return the endpoints of an org, the oldest first; removed ones are not shown."""
    statement = _with_letters().where(Endpoint.org_id == org_id)
    return [
        EndpointRow._make(row) for row in session.execute(statement.order_by(Endpoint.id))
    ]


def endpoint(session: Session, org_id: str, endpoint_id: str) -> EndpointRow | None:
    """Return an endpoint of this org that is not removed."""
    row = session.execute(
        _with_letters().where(Endpoint.org_id == org_id, Endpoint.id == endpoint_id)
    ).one_or_none()
    return None if row is None else EndpointRow._make(row)


def _with_letters() -> Any:
    sent = aliased(Delivery)
    counts = (
        _count(sent.endpoint_id, Endpoint, sent.status.in_(states))
        for states in (("delivered",), ("waiting", "sending"), ("dead",))
    )
    return select(Endpoint, *counts).where(Endpoint.status != "removed")


def delivery(session: Session, org_id: str, delivery_id: str) -> Delivery | None:
    """Return a delivery of this org."""
    return session.scalar(
        select(Delivery).where(Delivery.org_id == org_id, Delivery.id == delivery_id)
    )

"""What goes out to endpoints and callbacks, narrowed: keyset pages along an index, never a count."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from webui.store.models import Delivery
from webui.store.queries.walks import Given, Tests, Values, walk


class Wanted(NamedTuple):
    """What a list of deliveries is narrowed to; nothing given: all of them."""

    endpoint_id: str | None = None
    callbacks: bool = False
    """Only those to an approval's own callback, which have no endpoint."""
    statuses: Sequence[str] = ()
    failed: bool = False
    """Only those whose last attempt failed."""
    event: str = ""


ALL = Wanted()


class Letters(NamedTuple):
    """A page of deliveries."""

    rows: Sequence[Delivery]
    looked_to: str | None
    """Where looking stopped before the page was full; None when nothing more fits."""


def letters(
    session: Session, org_id: str, wanted: Wanted = ALL, before: str = "", limit: int = 50
) -> Letters:
    """Return deliveries of an org, newest first, from below the id of the page before.

    Those of one endpoint, and those of its in one status, have an index. Whatever else is wanted
    is looked for among the newest, and the page says how far.
    """
    where: list[ColumnElement[bool]] = [Delivery.org_id == org_id]
    if before:
        where.append(Delivery.id < before)
    indexed: Values = {}
    also: Tests = {}
    if wanted.endpoint_id is not None:
        where.append(Delivery.endpoint_id == wanted.endpoint_id)
        if wanted.statuses:
            indexed = {Delivery.status: wanted.statuses}
    elif wanted.statuses:
        also = {Delivery.status: wanted.statuses}
    if wanted.callbacks:
        also = {**also, Delivery.endpoint_id: Given(is_given=False)}
    if wanted.failed:
        also = {**also, Delivery.last_error: Given(is_given=True)}
    if wanted.event:
        also = {**also, Delivery.event: [wanted.event]}
    found = walk(session, (Delivery.id,), where, indexed, also, limit)
    ids = [each for (each,) in found.keys]
    read = {
        row.id: row for row in session.scalars(select(Delivery).where(Delivery.id.in_(ids)))
    }
    stop = None if found.looked_to is None else found.looked_to[0]
    return Letters([read[each] for each in ids if each in read], stop)

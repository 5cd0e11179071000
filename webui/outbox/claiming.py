"""Taking deliveries that are due, by lease, so that a dead process loses none of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from webui.approvals.senders import endpoints
from webui.approvals.senders.outbound import INTERRUPT_ANSWERED
from webui.channels.schedule import MAX_IN_FLIGHT, Breaker, may_send
from webui.outbox.secrets import callback_secret
from webui.store.models import Approval, Delivery, Endpoint, Org, table_of
from webui.store.transaction import Transaction

LEASE_MS = 60_000
"""How long a process may take for one attempt; afterwards another one repeats it."""
LOOKED_AT = 200
TELLING = frozenset({"approval.created", "approval_requested"})
"""Events that bring the arguments to an endpoint which asked for them."""
_CLAIM_LOCK = 7_242_001
"""Any number that nothing else locks: claims of all nodes go one after the other."""
_deliveries = table_of(Delivery)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery in our hands, with all that is needed to send it."""

    id: str
    org_id: str
    endpoint_id: str | None
    group: str
    url: str
    secrets: tuple[str, ...]
    """What signs, newest first."""
    body: bytes
    attempts: int
    """This one included."""
    plain: bool = False
    """Signed by a plain digest as well."""
    show: str | None = None
    """The approval whose arguments go with it, as the endpoint asked."""
    resumes: str | None = None
    """The first approval of an interrupt whose answers go with it."""


def group_of(endpoint_id: str | None, url: str) -> str:
    """Return what is throttled as one: an endpoint, or the host of callback URLs."""
    if endpoint_id is not None:
        return endpoint_id
    try:
        parts = urlsplit(url)
    except ValueError:  # no host at all: one broken URL must not stop all deliveries
        return url.lower()
    return f"{parts.scheme}://{parts.netloc}".lower()


def anything_due(
    session: Session, now: int, hosts: Mapping[str, Breaker] | None = None
) -> bool:
    """Say whether a claim would find something; only reads.

    The backlog of an endpoint that is full or left alone is nothing to write for.
    """
    abandoned = and_(Delivery.status == "sending", Delivery.lease_until <= now)
    if session.scalar(select(Delivery.id).where(abandoned).limit(1)) is not None:
        return True
    waiting = and_(Delivery.status == "waiting", Delivery.next_at <= now)
    if session.scalar(select(Delivery.id).where(waiting).limit(1)) is None:
        return False
    fitting = _claimable(_room_of_all(session, hosts, now), now)
    return session.scalar(select(Delivery.id).where(fitting).limit(1)) is not None


def _claimable(room: Mapping[str, int], now: int) -> ColumnElement[bool]:
    return and_(
        Delivery.status == "waiting",
        Delivery.next_at <= now,
        _open_for(room),
        ~_has_elder(),
    )


def claim(
    tx: Transaction, limit: int, hosts: Mapping[str, Breaker] | None = None
) -> list[Claimed]:
    """Take up to `limit` due deliveries.

    Of one approval and endpoint only the oldest undelivered one is taken: order is kept by
    waiting for it. Of one endpoint, and of one host of callbacks, at most
    `schedule.MAX_IN_FLIGHT` are in flight, and none while its breaker is open.

    Args:
        tx: the transaction.
        limit: how many at most.
        hosts: the breakers of callbacks' hosts (`group_of`), which one process keeps.

    """
    if tx.on_postgresql and not tx.connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _CLAIM_LOCK}
    ):
        return []  # another node claims right now
    _free_abandoned(tx)
    room = _room_of_all(tx.session, hosts, tx.now)
    found = tx.session.scalars(
        select(Delivery)
        .where(_claimable(room, tx.now))
        .order_by(Delivery.next_at, Delivery.id)
        .limit(LOOKED_AT)
        .with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    ).all()
    taken = _fitting(found, room, limit)
    held = _loaded(tx.session, taken)
    leased = [_lease(tx, one) for one in taken]
    tx.session.flush()  # together: a healthy receiver waits for all that goes with it
    del held
    return leased


def _loaded(session: Session, taken: Sequence[Delivery]) -> list[Endpoint | Org]:
    """Read what all of them need at once; the session knows it as long as it is held."""
    endpoint_ids = {one.endpoint_id for one in taken} - {None}
    orgs = select(Org).where(Org.id.in_({one.org_id for one in taken}))
    owned = select(Endpoint).where(Endpoint.id.in_(endpoint_ids))
    return [*session.scalars(orgs), *session.scalars(owned)] if taken else []


def _free_abandoned(tx: Transaction) -> None:
    """Give back what a process took and never settled: it may have arrived or not."""
    tx.execute(
        update(_deliveries)
        .where(_deliveries.c.status == "sending", _deliveries.c.lease_until <= tx.now)
        .values(status="waiting", lease_until=None, next_at=tx.now)
    )


def _room_of_all(
    session: Session, hosts: Mapping[str, Breaker] | None, now: int
) -> dict[str, int]:
    """Return how many more may be sent to each group that is in trouble or in flight."""
    breakers = {**(hosts or {}), **_breakers(session)}
    flying = Counter(
        group_of(endpoint_id, url)
        for endpoint_id, url in session.execute(
            select(Delivery.endpoint_id, Delivery.url).where(Delivery.status == "sending")
        )
    )
    return {
        group: _room(breakers.get(group, Breaker()), flying[group], now)
        for group in {*breakers, *flying}
    }


def _breakers(session: Session) -> dict[str, Breaker]:
    """Return the breakers of endpoints that are in trouble or switched off."""
    rows = session.execute(
        select(Endpoint.id, Endpoint.failures, Endpoint.open_until, Endpoint.status).where(
            or_(Endpoint.open_until.is_not(None), Endpoint.status != endpoints.ACTIVE)
        )
    )
    never = 2**62
    return {
        row.id: Breaker(
            row.failures, row.open_until if row.status == endpoints.ACTIVE else never
        )
        for row in rows
    }


def _room(breaker: Breaker, flying: int, now: int) -> int:
    if not may_send(breaker, in_flight=flying, now=now):
        return 0
    return MAX_IN_FLIGHT - flying if breaker.open_until is None else 1


def _open_for(room: Mapping[str, int]) -> ColumnElement[bool]:
    """Leave out full groups, so that their backlog does not stand before the others."""
    full = [group for group, left in room.items() if left == 0]
    hosts = [group for group in full if "://" in group]
    own = Delivery.endpoint_id.is_(None)
    conditions = [
        or_(
            Delivery.endpoint_id.is_(None),
            Delivery.endpoint_id.not_in(set(full) - set(hosts)),
        )
    ]
    conditions += [
        or_(~own, func.lower(func.substr(Delivery.url, 1, len(host))) != host)
        for host in hosts
    ]
    return and_(*conditions)


def _has_elder() -> ColumnElement[bool]:
    elder = aliased(Delivery)
    return exists(
        select(elder.id).where(
            elder.approval_id == Delivery.approval_id,
            elder.endpoint_id.is_not_distinct_from(Delivery.endpoint_id),
            elder.seq < Delivery.seq,
            elder.status.in_(("waiting", "sending")),
        )
    )


def _fitting(
    found: Sequence[Delivery], room: Mapping[str, int], limit: int
) -> list[Delivery]:
    left, taken = dict(room), list[Delivery]()
    for delivery in found:
        group = group_of(delivery.endpoint_id, delivery.url)
        if len(taken) < limit and left.setdefault(group, MAX_IN_FLIGHT) > 0:
            left[group] -= 1
            taken.append(delivery)
    return taken


def _lease(tx: Transaction, delivery: Delivery) -> Claimed:
    delivery.status = "sending"
    delivery.attempts += 1
    delivery.lease_until = tx.now + LEASE_MS
    endpoint = (
        tx.session.get_one(Endpoint, delivery.endpoint_id) if delivery.endpoint_id else None
    )
    asks = endpoint is not None and endpoint.with_arguments
    return Claimed(
        delivery.id,
        delivery.org_id,
        delivery.endpoint_id,
        group_of(delivery.endpoint_id, delivery.url),
        delivery.url,
        _secrets(tx, delivery, endpoint),
        delivery.body.encode(),
        delivery.attempts,
        plain=endpoint is not None and endpoint.plain,
        show=delivery.approval_id if asks and delivery.event in TELLING else None,
        resumes=delivery.approval_id if delivery.event == INTERRUPT_ANSWERED else None,
    )


def _secrets(
    tx: Transaction, delivery: Delivery, endpoint: Endpoint | None
) -> tuple[str, ...]:
    if endpoint is None:
        approval = tx.session.get_one(Approval, delivery.approval_id)
        return (callback_secret(tx.keyring, approval.agent_id),)
    data_key = tx.session.get_one(Org, delivery.org_id).data_key
    return endpoints.secrets_of(tx.keyring, data_key, endpoint, tx.now)

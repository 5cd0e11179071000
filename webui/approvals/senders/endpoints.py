"""Endpoints: whom the desk tells of its events. Made, switched, removed; dead letters resent."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, update

from webui.approvals.desk import SYSTEM
from webui.approvals.errors import ConflictError, Fault, InvalidError, NotFoundError
from webui.approvals.senders.outbound import ALL_ON, CHOICES
from webui.channels.addresses import AllowList, Undeliverable, check_port, parse_url
from webui.signatures import standard
from webui.store.ids import new_id
from webui.store.keyring import Keyring
from webui.store.models import Delivery, Endpoint, Org, table_of
from webui.store.transaction import Transaction

ACTIVE, PAUSED, DISABLED, REMOVED = "active", "paused", "disabled", "removed"
_deliveries = table_of(Delivery)


class Created(NamedTuple):
    """An endpoint's id, and its signing secret, which is shown once."""

    endpoint_id: str
    secret: str


def create_endpoint(
    tx: Transaction,
    org_id: str,
    url: str,
    events: Sequence[str] = (ALL_ON,),
    *,
    allowed: AllowList | None = None,
    actor: str = SYSTEM,
) -> Created:
    """Make an endpoint.

    Args:
        tx: the transaction.
        org_id: its org.
        url: http(s), without user-info; where it leads is checked anew at each attempt.
        events: names in `outbound.CHOICES`; `*` means all that are on by default.
        allowed: what the operator opened (`callback_allow`), for its ports.
        actor: for the log.

    Raises:
        InvalidError: the URL or an event's name cannot be used.

    """
    _check(url, events, allowed or AllowList())
    secret = standard.generate_secret()
    made = keep(tx, org_id, url, list(dict.fromkeys(events)), secret, actor=actor)
    return Created(made.id, secret)


def keep(
    tx: Transaction,
    org_id: str,
    url: str,
    events: Sequence[str],
    secret: str,
    *,
    actor: str,
    by_policy: bool = False,
) -> Endpoint:
    """Put a new endpoint into the database, its secret encrypted, and tell of it."""
    endpoint = Endpoint(
        id=new_id("end", tx.now),
        org_id=org_id,
        url=url,
        events=" ".join(events),
        by_policy=by_policy,
        created_at=tx.now,
    )
    seal_secret(tx, endpoint, secret)
    tx.session.add(endpoint)
    tx.session.flush()
    facts = {"url": url, "events": list(events), "by_policy": by_policy}
    tx.record(org_id, actor, "endpoint.created", subject(endpoint.id), facts)
    return endpoint


def seal_secret(tx: Transaction, endpoint: Endpoint, secret: str) -> None:
    """Give an endpoint its secret, encrypted under the org's data key."""
    org_id, about = endpoint.org_id, _about(endpoint.org_id, endpoint.id)
    data_key = tx.session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
    endpoint.secret = tx.keyring.seal(data_key, org_id, about, secret.encode())


def pause(tx: Transaction, org_id: str, endpoint_id: str, *, actor: str = SYSTEM) -> None:
    """Send nothing until it is resumed; what happens meanwhile is not kept for it."""
    endpoint = load(tx, org_id, endpoint_id)
    _require_by_hand(endpoint)
    if endpoint.status == ACTIVE:
        endpoint.status = PAUSED
        changed(tx, endpoint, actor, {"status": PAUSED})


def resume(tx: Transaction, org_id: str, endpoint_id: str, *, actor: str = SYSTEM) -> None:
    """Send again, also to an endpoint that had asked for the end (410). Twice is fine."""
    endpoint = load(tx, org_id, endpoint_id)
    if endpoint.status == PAUSED:
        _require_by_hand(endpoint)
    if endpoint.status != ACTIVE or endpoint.open_until is not None:
        endpoint.status, endpoint.why = ACTIVE, None
        endpoint.failures, endpoint.open_until = 0, None
        changed(tx, endpoint, actor, {"status": ACTIVE})


def disable(
    tx: Transaction, org_id: str, endpoint_id: str, why: str, *, actor: str = SYSTEM
) -> None:
    """Send nothing more, because of what the endpoint said; a person can resume it."""
    endpoint = load(tx, org_id, endpoint_id)
    if endpoint.status == ACTIVE:
        endpoint.status, endpoint.why = DISABLED, why
        changed(tx, endpoint, actor, {"status": DISABLED, "why": why})


def remove(tx: Transaction, org_id: str, endpoint_id: str, *, actor: str = SYSTEM) -> None:
    """Forget an endpoint; what still waited for it is a dead letter.

    One by the policy goes only after the policy names it no more, and its secret with it.
    """
    endpoint = load(tx, org_id, endpoint_id)
    if endpoint.status != PAUSED:
        _require_by_hand(endpoint)
    endpoint.status = REMOVED
    give_up(tx, endpoint_id, "The endpoint was removed.")
    changed(tx, endpoint, actor, {"status": REMOVED})


def give_up(tx: Transaction, endpoint_id: str, why: str) -> None:
    """Make dead letters of what still waits for an endpoint."""
    tx.execute(
        update(_deliveries)
        .where(
            _deliveries.c.endpoint_id == endpoint_id,
            _deliveries.c.status.in_(("waiting", "sending")),
        )
        .values(
            status="dead",
            ended_at=tx.now,
            lease_until=None,
            last_error=why,
        )
    )


def resend(tx: Transaction, org_id: str, delivery_id: str, *, actor: str = SYSTEM) -> None:
    """Send a dead letter again, from the first attempt on. Asking twice is fine.

    Raises:
        NotFoundError: no such delivery in this org.
        ConflictError: it was delivered, or its endpoint is gone or switched off.

    """
    delivery = tx.session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None or delivery.org_id != org_id:
        raise NotFoundError("delivery")
    if delivery.status in {"waiting", "sending"}:
        return
    if delivery.status != "dead":
        raise ConflictError("already_delivered", "This was delivered; nothing is resent.")
    if delivery.endpoint_id is not None:
        endpoint = tx.session.get(Endpoint, delivery.endpoint_id)
        if endpoint is None or endpoint.status != ACTIVE:
            raise ConflictError(
                "endpoint_off",
                "Its endpoint is switched off or removed; resume it first.",
            )
    delivery.status, delivery.attempts, delivery.next_at = "waiting", 0, tx.now
    delivery.ended_at = delivery.lease_until = None
    tx.session.flush()
    about = subject(delivery.endpoint_id) if delivery.endpoint_id else f"url:{delivery.url}"
    tx.record(org_id, actor, "endpoint.changed", about, {"resent": delivery_id})


def load(tx: Transaction, org_id: str, endpoint_id: str) -> Endpoint:
    """Return an endpoint of the org, locked.

    Raises:
        NotFoundError: there is none in this org.

    """
    endpoint = tx.session.get(Endpoint, endpoint_id, with_for_update=True)
    if endpoint is None or endpoint.org_id != org_id or endpoint.status == REMOVED:
        raise NotFoundError("endpoint")
    return endpoint


def secret_of(keyring: Keyring, data_key: bytes, endpoint: Endpoint) -> str:
    """Return the text of an endpoint's signing secret."""
    about = _about(endpoint.org_id, endpoint.id)
    return keyring.open(data_key, endpoint.org_id, about, endpoint.secret).decode()


def subject(endpoint_id: str) -> str:
    """Return the name of an endpoint in the log."""
    return f"endpoint:{endpoint_id}"


def _about(org_id: str, endpoint_id: str) -> str:
    return f"{org_id}/{endpoint_id}/secret"


def _require_by_hand(endpoint: Endpoint) -> None:
    if endpoint.by_policy:
        raise ConflictError(
            "endpoint_of_policy",
            "The policy names this endpoint; change approvals.notify.webhook there.",
        )


def changed(
    tx: Transaction, endpoint: Endpoint, actor: str, change: Mapping[str, Any]
) -> None:
    """Tell what changed of an endpoint."""
    tx.session.flush()
    facts = {"url": endpoint.url, **change}
    tx.record(endpoint.org_id, actor, "endpoint.changed", subject(endpoint.id), facts)


def _check(url: str, events: Sequence[str], allowed: AllowList) -> None:
    faults: list[Fault] = []
    try:
        check_port(parse_url(url), allowed)
    except Undeliverable as error:
        faults.append(Fault("/url", error.why))
    unknown = [event for event in events if event not in CHOICES]
    if unknown or not events:
        faults.append(Fault("/events", "must be some of " + ", ".join(sorted(CHOICES))))
    if faults:
        told = "; ".join(f"{fault.pointer[1:]}: {fault.detail}" for fault in faults)
        raise InvalidError(f"The endpoint cannot be added: {told}", faults)

"""Endpoints: whom the desk tells of its events. Made, changed, rotated, switched, removed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, update

from webui.approvals.desk import SYSTEM
from webui.approvals.errors import ConflictError, Fault, InvalidError, NotFoundError
from webui.approvals.senders.outbound import ALL_ON, CHOICES
from webui.channels.addresses import AllowList, Undeliverable, check_port, parse_url
from webui.sentences import joined, sentence
from webui.signatures import standard
from webui.store.ids import new_id
from webui.store.keyring import Keyring
from webui.store.models import Delivery, Endpoint, Org, table_of
from webui.store.transaction import Transaction

ACTIVE, PAUSED, DISABLED, REMOVED = "active", "paused", "disabled", "removed"
_OF_POLICY = sentence(
    "The policy names this endpoint; change approvals.notify.webhook there."
)
OVERLAP = 86_400_000
"""ms for which messages are signed by a rotated secret beside the new one."""
_deliveries = table_of(Delivery)


class Created(NamedTuple):
    """An endpoint's id, and its signing secret, which is shown once."""

    endpoint_id: str
    secret: str


class Wishes(NamedTuple):
    """What an endpoint wants to be told, and how."""

    events: Sequence[str] = (ALL_ON,)
    """Names in `outbound.CHOICES`; `*` means all that are on by default."""
    plain: bool = False
    """A plain digest of `timestamp.body` in a header of its own as well."""
    with_arguments: bool = False
    """The call's arguments with `approval.created`, secrets masked."""


def create_endpoint(
    tx: Transaction,
    org_id: str,
    url: str,
    wishes: Wishes | None = None,
    *,
    allowed: AllowList | None = None,
    actor: str = SYSTEM,
) -> Created:
    """Make an endpoint.

    Args:
        tx: the transaction.
        org_id: its org.
        url: http(s), without user-info; where it leads is checked anew at each attempt.
        wishes: what it wants to be told, and how; all that is on by default if left out.
        allowed: what the operator opened (`callback_allow`), for its ports.
        actor: for the log.

    Raises:
        InvalidError: the URL or an event's name cannot be used.

    """
    wishes = wishes or Wishes()
    reject(_faults_of_url(url, allowed or AllowList()) + _faults_of_events(wishes.events))
    secret = standard.generate_secret()
    made = keep(tx, org_id, url, wishes, secret, actor=actor)
    return Created(made.id, secret)


def change_wishes(
    tx: Transaction, org_id: str, endpoint_id: str, wishes: Wishes, *, actor: str = SYSTEM
) -> None:
    """Tell an endpoint other events, or in another way, from now on.

    Raises:
        NotFoundError: there is none in this org.
        ConflictError: the policy names it; what it is told is said there.
        InvalidError: an event's name cannot be used.

    """
    endpoint = load(tx, org_id, endpoint_id)
    _require_by_hand(endpoint)
    reject(_faults_of_events(wishes.events))
    endpoint.events = " ".join(dict.fromkeys(wishes.events))
    endpoint.plain, endpoint.with_arguments = wishes.plain, wishes.with_arguments
    changed(tx, endpoint, actor, _told(wishes))


def rotate_secret(
    tx: Transaction, org_id: str, endpoint_id: str, *, actor: str = SYSTEM
) -> str:
    """Give an endpoint a new secret and return it; for a day both of them sign.

    Raises:
        NotFoundError: there is none in this org.
        ConflictError: the policy names it, with its secret.

    """
    endpoint = load(tx, org_id, endpoint_id)
    _require_by_hand(endpoint)
    secret = standard.generate_secret()
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, tx.now + OVERLAP
    seal_secret(tx, endpoint, secret)
    changed(
        tx,
        endpoint,
        actor,
        {"secret": "rotated", "old_signs_until": endpoint.old_secret_until},
    )
    return secret


def keep(
    tx: Transaction,
    org_id: str,
    url: str,
    wishes: Wishes,
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
        events=" ".join(dict.fromkeys(wishes.events)),
        plain=wishes.plain,
        with_arguments=wishes.with_arguments,
        by_policy=by_policy,
        created_at=tx.now,
    )
    seal_secret(tx, endpoint, secret)
    tx.session.add(endpoint)
    tx.session.flush()
    facts = {"url": url, "by_policy": by_policy, **_told(wishes)}
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
    give_up(tx, endpoint_id, sentence("The endpoint was removed."))
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


def secrets_of(
    keyring: Keyring, data_key: bytes, endpoint: Endpoint, now: int
) -> tuple[str, ...]:
    """Return the secrets that sign at `now` (ms), newest first."""
    newest = secret_of(keyring, data_key, endpoint)
    if endpoint.old_secret is None or (endpoint.old_secret_until or 0) <= now:
        return (newest,)
    about = _about(endpoint.org_id, endpoint.id)
    old = keyring.open(data_key, endpoint.org_id, about, endpoint.old_secret).decode()
    return (newest, old)


def subject(endpoint_id: str) -> str:
    """Return the name of an endpoint in the log."""
    return f"endpoint:{endpoint_id}"


def _about(org_id: str, endpoint_id: str) -> str:
    return f"{org_id}/{endpoint_id}/secret"


def _require_by_hand(endpoint: Endpoint) -> None:
    if endpoint.by_policy:
        raise ConflictError("endpoint_of_policy", _OF_POLICY)


def changed(
    tx: Transaction, endpoint: Endpoint, actor: str, change: Mapping[str, Any]
) -> None:
    """Tell what changed of an endpoint."""
    tx.session.flush()
    facts = {"url": endpoint.url, **change}
    tx.record(endpoint.org_id, actor, "endpoint.changed", subject(endpoint.id), facts)


def _told(wishes: Wishes) -> dict[str, Any]:
    """Return wishes as the log has them."""
    return wishes._asdict() | {"events": list(wishes.events)}


def reject(faults: Sequence[Fault]) -> None:
    """Raise InvalidError if there is any fault."""
    if faults:
        told = joined("; ", (joined(": ", (f.pointer[1:], f.detail)) for f in faults))
        raise InvalidError(
            sentence("The endpoint cannot be kept: %(told)s", told=told), faults
        )


def _faults_of_url(url: str, allowed: AllowList) -> list[Fault]:
    try:
        check_port(parse_url(url), allowed)
    except Undeliverable as error:
        return [Fault("/url", error.why)]
    return []


def _faults_of_events(events: Sequence[str]) -> list[Fault]:
    if events and CHOICES.issuperset(events):
        return []
    known = ", ".join(sorted(CHOICES))
    return [Fault("/events", sentence("must be some of %(known)s", known=known))]

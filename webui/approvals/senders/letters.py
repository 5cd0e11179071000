"""Messages that a person sends: dead letters once more, and test events."""

import json
from typing import Final

from sqlalchemy import func, select

from webui.approvals.desk import SYSTEM
from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.senders import endpoints
from webui.approvals.senders.endpoints import ACTIVE
from webui.audit.chain import rfc3339
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import AuditHead, Delivery, Endpoint
from webui.store.transaction import Transaction

TEST: Final = "endpoint.test"
AT_ONCE: Final = 500
"""Dead letters that one click sends again at most; the oldest go first."""
_OFF = sentence("Its endpoint is switched off or removed; resume it first.")


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
        raise ConflictError(
            "already_delivered", sentence("This was delivered; nothing is resent.")
        )
    if delivery.endpoint_id is not None:
        endpoint = tx.session.get(Endpoint, delivery.endpoint_id)
        if endpoint is None or endpoint.status != ACTIVE:
            raise ConflictError("endpoint_off", _OFF)
    _revive(tx, delivery)
    tx.session.flush()
    about = (
        endpoints.subject(delivery.endpoint_id)
        if delivery.endpoint_id
        else f"url:{delivery.url}"
    )
    tx.record(org_id, actor, "endpoint.changed", about, {"resent": delivery_id})


def resend_all(
    tx: Transaction, org_id: str, endpoint_id: str, *, actor: str = SYSTEM
) -> int:
    """Send the dead letters of an endpoint again, the oldest first; return how many.

    Raises:
        NotFoundError: no such endpoint in this org.
        ConflictError: it is switched off.

    """
    endpoint = endpoints.load(tx, org_id, endpoint_id)
    if endpoint.status != ACTIVE:
        raise ConflictError("endpoint_off", _OFF)
    dead = tx.session.scalars(
        select(Delivery)
        .where(Delivery.endpoint_id == endpoint_id, Delivery.status == "dead")
        .order_by(Delivery.id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for delivery in dead:
        _revive(tx, delivery)
    if dead:
        endpoints.changed(tx, endpoint, actor, {"resent_all": len(dead)})
    return len(dead)


def send_test(
    tx: Transaction, org_id: str, endpoint_id: str, *, actor: str = SYSTEM
) -> str:
    """Send an endpoint a message that tells of nothing; return the delivery's id.

    It is delivered as all others are: signed, tried again, shown.

    Raises:
        NotFoundError: no such endpoint in this org.
        ConflictError: it is switched off.

    """
    endpoint = endpoints.load(tx, org_id, endpoint_id)
    if endpoint.status != ACTIVE:
        raise ConflictError("endpoint_off", _OFF)
    delivery_id = new_id("dlv", tx.now)
    data = {"org": org_id, "subject": endpoints.subject(endpoint_id)}
    message = {"type": TEST, "timestamp": rfc3339(tx.now), "data": data}
    tx.session.add(
        Delivery(
            id=delivery_id,
            org_id=org_id,
            endpoint_id=endpoint_id,
            url=endpoint.url,
            seq=tx.session.scalar(
                select(func.coalesce(func.max(AuditHead.seq), 0)).where(
                    AuditHead.org_id == org_id
                )
            ),
            event=TEST,
            body=json.dumps(message, separators=(",", ":")),
            next_at=tx.now,
            created_at=tx.now,
        )
    )
    endpoints.changed(tx, endpoint, actor, {"tested": delivery_id})
    return delivery_id


def _revive(tx: Transaction, delivery: Delivery) -> None:
    delivery.status, delivery.attempts, delivery.next_at = "waiting", 0, tx.now
    delivery.ended_at = delivery.lease_until = None
    delivery.last_status = delivery.last_error = (
        None  # the attempts before are kept in `tries`
    )

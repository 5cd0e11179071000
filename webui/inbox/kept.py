"""Every delivery as it arrived, with our verdict on it, for 14 days."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.orm import Session

from webui.approvals.asking import throttling
from webui.approvals.errors import TooManyError
from webui.inbox.opening import OpenSource
from webui.receivers.kind import Inbound
from webui.store.ids import new_id
from webui.store.models import Approval, SourceDelivery, SourceMessage, table_of
from webui.store.transaction import Transaction

KEPT_MS = 14 * 86_400_000
FOR_GOOD = 0
"""`received_at` of a message id that is never forgotten: its sender signs no time, so only
the id tells a replay, however old, from something new."""
FILING_MS = 60_000
"""No transaction that files takes longer."""
EXCERPT = 4_096
"""Bytes kept of a body that cannot be replayed: strangers must not fill the disk."""
A_MINUTE = 60
"""Deliveries without effect that are kept of one source in a minute."""
BATCH = 1_000
ACCEPTED, KNOWN, IGNORED, REFUSED = "accepted", "known", "ignored", "refused"

_SHOWN_HEADERS = frozenset(
    {
        "content-length",
        "content-type",
        "date",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
    }
)
_SECRET_WORDS = ("auth", "cookie", "key", "password", "secret", "sign", "token")
_HEADER_MAX, _HEADERS_MAX = 500, 40
_messages = table_of(SourceMessage)
_deliveries = table_of(SourceDelivery)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was made of a delivery."""

    verdict: str
    status_code: int
    why: str
    message_ids: tuple[str, ...] = ()
    """Empty: nobody knows who sent it."""
    approval_id: str | None = None

    @property
    def whole(self) -> bool:
        """Say whether all of the body is kept: it was filed, or may be once mended."""
        proven = bool(self.message_ids)
        return self.verdict == ACCEPTED or (self.verdict == REFUSED and proven)


def keep(tx: Transaction, source: OpenSource, inbound: Inbound, verdict: Verdict) -> None:
    """Keep a delivery, its body encrypted, its headers without anything secret."""
    delivery_id = new_id("sdl", tx.now)
    org_id = source.filer.org_id
    body = inbound.body if verdict.whole else inbound.body[:EXCERPT]
    sealed = tx.keyring.seal(source.data_key, org_id, about(org_id, delivery_id), body)
    tx.execute(
        insert(_deliveries),
        {
            "id": delivery_id,
            "org_id": org_id,
            "source_id": source.id,
            "message_id": "\n".join(verdict.message_ids) or None,
            "received_at": tx.now,
            "address": inbound.address,
            "headers": json.dumps(_without_secrets(inbound.headers, source)),
            "body": sealed,
            "status_code": verdict.status_code,
            "verdict": verdict.verdict,
            "why": verdict.why,
            "approval_id": verdict.approval_id,
        },
    )


def may_keep(tx: Transaction, source: OpenSource, *, proven: bool) -> bool:
    """Say whether one more delivery without effect is kept in this minute."""
    bucket = "proven" if proven else "unproven"
    return once(tx, f"kept:{bucket}:{source.id}", A_MINUTE, burst=A_MINUTE)


def once(tx: Transaction, bucket: str, per_minute: int, *, burst: int = 1) -> bool:
    """Take a token if there is one; unlike `throttling.spend`, lack of it refuses nothing."""
    try:
        throttling.spend(tx, bucket, per_minute=per_minute, burst=burst, detail="")
    except TooManyError:
        return False
    return True


def about(org_id: str, delivery_id: str) -> str:
    """Return what a kept body is sealed to."""
    return f"{org_id}/{delivery_id}"


def _without_secrets(headers: Mapping[str, str], source: OpenSource) -> dict[str, str]:
    """Return the headers that may be shown; the source's own signature header never is."""
    configured = {
        str(value).lower()
        for name, value in source.secrets.config.items()
        if name == "signature_header"
    }
    shown = {
        name: value[:_HEADER_MAX]
        for name, value in headers.items()
        if name in _SHOWN_HEADERS
        or (name not in configured and not any(word in name for word in _SECRET_WORDS))
    }
    return dict(sorted(shown.items())[:_HEADERS_MAX])


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that was taken before, and the approvals it led to, if any."""

    approval_ids: tuple[str, ...]


def seen(session: Session, source_id: str, message_ids: Sequence[str]) -> Seen | None:
    """Return what became of a message if one of its ids was taken before."""
    row = session.execute(
        select(SourceMessage.approval_id).where(
            SourceMessage.source_id == source_id,
            SourceMessage.message_id.in_(message_ids),
        )
    ).first()
    return None if row is None else Seen(tuple((row.approval_id or "").split()))


def filed_together(session: Session, approval: Approval) -> tuple[str, ...]:
    """Return the ids of all approvals that came of one message with this one, in its order.

    A message is remembered in the transaction that files it. One that an admin filed by hand has
    no time, as it is kept for good.
    """
    filed_at = approval.created_at
    about_then = SourceMessage.received_at.between(filed_at, filed_at + FILING_MS)
    for when in (about_then, SourceMessage.received_at == FOR_GOOD):
        found = session.scalars(
            select(SourceMessage.approval_id)
            .where(
                SourceMessage.source_id == approval.source_id,
                SourceMessage.approval_id.contains(approval.id),
                when,
            )
            .limit(1)
        ).first()
        if found is not None:
            return tuple(found.split())
    return ()


def remember(
    tx: Transaction,
    source_id: str,
    message_ids: Sequence[str],
    approval_ids: Sequence[str],
    *,
    signed_at: int | None,
) -> None:
    """Take all ids of a message, in the transaction of its effect.

    Two nodes that take the same message at once meet on the primary key: one of them is
    rolled back, run again, and finds it known.
    """
    tx.execute(
        insert(_messages),
        [
            {
                "source_id": source_id,
                "message_id": message_id,
                "approval_id": " ".join(approval_ids) or None,
                "received_at": FOR_GOOD if signed_at is None else tx.now,
            }
            for message_id in dict.fromkeys(message_ids)
        ],
    )


def forget_old(tx: Transaction) -> int:
    """Drop at most `BATCH` old deliveries and as many old message ids; returns how many."""
    old = tx.now - KEPT_MS
    deliveries = (
        select(_deliveries.c.id).where(_deliveries.c.received_at < old).limit(BATCH)
    )
    dropped = tx.execute(
        delete(_deliveries)
        .where(_deliveries.c.id.in_(deliveries))
        .returning(_deliveries.c.id)
    ).all()
    return len(dropped) + _forget_messages(tx, old)


def _forget_messages(tx: Transaction, old: int) -> int:
    key = (_messages.c.source_id, _messages.c.message_id)
    some = (
        select(*key)
        .where(_messages.c.received_at > FOR_GOOD, _messages.c.received_at < old)
        .limit(BATCH)
    )
    gone = delete(_messages).where(tuple_(*key).in_(some)).returning(_messages.c.source_id)
    return len(tx.execute(gone).all())

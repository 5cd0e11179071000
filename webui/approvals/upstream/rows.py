"""The rows of the way back: what is to be told upstream, begun and ended.

How far a verdict has come is `Approval.reply_state`; what is to be sent lies beside it. Nothing
here moves a status, or knows a kind of source.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, select, update

from webui.approvals.states import ReplyState, Resolution, Status
from webui.approvals.upstream.told import DENY, Told
from webui.approvals.words import RESOLUTION, STATUS
from webui.store.models import Approval, Org, Reply, table_of
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_replies = table_of(Reply)
_data_key = select(Org.data_key).where(Org.id == bindparam("org"))
_ENDED = frozenset({Status.EXPIRED, Status.CANCELLED, Status.SUPERSEDED, Status.REVOKED})
UNDER_WAY = frozenset({ReplyState.OPEN, ReplyState.SENDING})
"""The upstream has not settled it yet, as far as is known."""


def ends_unanswered(approval: Approval, to: Status) -> bool:
    """Say whether a move ends it without a verdict while its upstream still waits."""
    return approval.reply_state in UNDER_WAY and to in _ENDED


def tell_end(tx: Transaction, approval: Approval) -> None:
    """Tell the upstream that it ended without a yes, and why, so that no tool hangs."""
    words = (
        STATUS[Status(approval.status)] + "."
        if approval.resolution is None
        else RESOLUTION[Resolution(approval.resolution)]
    )
    start(tx, approval, Told(DENY, words, "", ended=True))


def start(tx: Transaction, approval: Approval, told: Told) -> None:
    """Have something told upstream from now on, in place of what was to be told before."""
    tx.execute(
        update(_replies)
        .where(_replies.c.approval_id == approval.id)
        .values(
            message=sealed(tx, approval, asdict(told), "message"),
            round=_replies.c.round + 1,
            started_at=tx.now,
            next_at=tx.now,
            lease_until=None,
        )
    )
    note(tx, approval, reply_attempts=0, reply_error=None)


def stop(
    tx: Transaction, approval: Approval, state: ReplyState, error: str | None = None
) -> None:
    """Tell the upstream nothing more, and say how far it came."""
    tx.execute(
        update(_replies)
        .where(_replies.c.approval_id == approval.id)
        .values(message=None, next_at=None, lease_until=None)
    )
    note(tx, approval, reply_state=state, reply_error=error)


def note(tx: Transaction, approval: Approval, **columns: Any) -> None:
    """Write down how far it came; its version stays, as nothing that was shown changed."""
    tx.execute(update(_approvals).where(_approvals.c.id == approval.id).values(**columns))
    approval.__dict__.update(columns)


def latest(tx: Transaction, source_id: str, source_ref: str) -> str | None:
    """Return the id of the newest approval that a source asked for under a reference."""
    return tx.session.scalar(
        select(Reply.approval_id)
        .where(Reply.source_id == source_id, Reply.source_ref == source_ref)
        .order_by(Reply.approval_id.desc())
        .limit(1)
    )


def told_of(tx: Transaction, reply: Reply) -> Told:
    """Return what is to be told; there must be something."""
    assert reply.message is not None
    return Told(**opened(tx, reply, reply.message, "message"))


def reply_to_of(tx: Transaction, reply: Reply) -> Mapping[str, Any]:
    """Return where to, in the words of the kind."""
    return opened(tx, reply, reply.sealed, "reply_to")


def opened(tx: Transaction, reply: Reply, sealed: bytes, part: str) -> dict[str, Any]:
    """Return what was kept encrypted."""
    wrapped = tx.session.scalars(_data_key, {"org": reply.org_id}).one()
    about = f"{reply.org_id}/{reply.approval_id}/{part}"
    found: dict[str, Any] = json.loads(
        tx.keyring.open(wrapped, reply.org_id, about, sealed)
    )
    return found


def sealed(
    tx: Transaction, approval: Approval, content: Mapping[str, Any], part: str
) -> bytes:
    """Return something as it is kept, encrypted for its place."""
    wrapped = tx.session.scalars(_data_key, {"org": approval.org_id}).one()
    about = f"{approval.org_id}/{approval.id}/{part}"
    text = json.dumps(content, ensure_ascii=False)
    return tx.keyring.seal(wrapped, approval.org_id, about, text.encode())

"""The rows of the way back: opened with the approval, started with a verdict or an ending.

How far a verdict has come is `Approval.reply_state`; what is to be sent lies beside it. Nothing
here moves a status.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from webui.approvals.asking.ask import Ask
from webui.approvals.states import OPEN, Resolution, ReplyState, Status
from webui.approvals.words import RESOLUTION, STATUS
from webui.receivers.registry import WAYS_BACK
from webui.receivers.way_back import APPROVE, DENY, Told, WayBack
from webui.store.keyring import Keyring
from webui.store.models import Approval, Org, Reply, Source, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_replies = table_of(Reply)
_kind_of = Prepared(select(Source.kind).where(Source.id == bindparam("source")))
_data_key = select(Org.data_key).where(Org.id == bindparam("org"))
_ENDED = frozenset({Status.EXPIRED, Status.CANCELLED, Status.SUPERSEDED, Status.REVOKED})
UNDER_WAY = frozenset({ReplyState.OPEN, ReplyState.SENDING})
"""The upstream has not settled it yet, as far as is known."""


def way_back_of(tx: Transaction, source_id: str | None) -> WayBack | None:
    """Return how a source's kind is told what became of what it asked; none: it is not."""
    found = None if source_id is None else tx.first(_kind_of, {"source": source_id})
    return None if found is None else WAYS_BACK.get(found[0])


def state_at_filing(tx: Transaction, ask: Ask, source_id: str | None) -> ReplyState | None:
    """Return `open` for what its upstream settles itself, none for all others."""
    if ask.reply_to is None or ask.source_ref is None:
        return None
    return None if way_back_of(tx, source_id) is None else ReplyState.OPEN


def keep_way_back(tx: Transaction, approval: Approval, ask: Ask) -> None:
    """Keep where the verdict on a newly filed approval goes; tell it if it is settled already."""
    if approval.reply_state is None:
        return
    tx.execute(
        insert(_replies),
        {
            "approval_id": approval.id,
            "org_id": approval.org_id,
            "source_id": approval.source_id,
            "source_ref": approval.source_ref,
            "sealed": _seal(tx, approval, dict(ask.reply_to or {}), "reply_to"),
        },
    )
    if approval.status not in OPEN:
        yes = approval.status == Status.APPROVED
        named = f" Its rule: {approval.rule_name}." if approval.rule_name else ""
        reason = RESOLUTION[Resolution(approval.resolution or Resolution.POLICY)] + named
        note(tx, approval, reply_state=ReplyState.SENDING)
        start(tx, approval, Told(APPROVE if yes else DENY, reason, "", ended=True))


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
            message=_seal(tx, approval, asdict(told), "message"),
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
    tx.execute(
        update(_approvals).where(_approvals.c.id == approval.id).values(**columns)
    )
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
    return Told(**_open(tx, reply, reply.message, "message"))


def reply_to_of(tx: Transaction, reply: Reply) -> Mapping[str, Any]:
    """Return where to, in the words of the kind."""
    return _open(tx, reply, reply.sealed, "reply_to")


def _open(tx: Transaction, reply: Reply, sealed: bytes, part: str) -> dict[str, Any]:
    keyring: Keyring = tx.keyring
    wrapped = tx.session.scalars(_data_key, {"org": reply.org_id}).one()
    about = f"{reply.org_id}/{reply.approval_id}/{part}"
    found: dict[str, Any] = json.loads(keyring.open(wrapped, reply.org_id, about, sealed))
    return found


def _seal(
    tx: Transaction, approval: Approval, content: Mapping[str, Any], part: str
) -> bytes:
    wrapped = tx.session.scalars(_data_key, {"org": approval.org_id}).one()
    about = f"{approval.org_id}/{approval.id}/{part}"
    text = json.dumps(content, ensure_ascii=False)
    return tx.keyring.seal(wrapped, approval.org_id, about, text.encode())

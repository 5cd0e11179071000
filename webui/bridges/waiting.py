"""What of a source's questions is open here though its server lists it no more."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from webui.approvals.states import OPEN, ReplyState, Status
from webui.approvals.upstream.rows import UNDER_WAY, reply_to_of
from webui.store.models import Approval, Reply
from webui.store.transaction import Transaction


class Missing(NamedTuple):
    """An open question, and where its server's own record of it is."""

    ref: str
    session: str
    message: str | None
    call: str | None
    sending: bool
    """Our verdict is on its way."""
    fell: bool
    """Another question of the same session was denied while it waited."""


def any_missing(
    session: Session, source_id: str, listed: Collection[str], listed_at: int
) -> bool:
    """Say whether anything that was open before the list was read is not on it."""
    rows = session.execute(_open_of(source_id, listed_at)).all()
    return any(reply.source_ref not in listed for reply, *_ in rows)


def missing(
    tx: Transaction, source_id: str, listed: Collection[str], listed_at: int
) -> list[Missing]:
    """Return what was open before the list was read and is not on it."""
    rows = tx.session.execute(_open_of(source_id, listed_at)).all()
    found = []
    for reply, state, fell in rows:
        if reply.source_ref not in listed:
            place = reply_to_of(tx, reply)
            sending = state == ReplyState.SENDING
            where = (place["session"], place["message"], place["call"])
            found.append(Missing(reply.source_ref, *where, sending, fell))
    return found


def untold(session: Session, source_id: str, refs: Collection[str]) -> set[str]:
    """Return which questions have an answer here that did not get to the server."""
    failed = Approval.reply_state == ReplyState.FAILED
    found = select(Reply.source_ref).join(Approval, Approval.id == Reply.approval_id)
    listed = Reply.source_ref.in_(refs)
    return set(session.scalars(found.where(Reply.source_id == source_id, failed, listed)))


def _open_of(source_id: str, listed_at: int) -> Select[Reply, str | None, bool]:
    other = aliased(Approval)
    fell = exists().where(
        other.source_id == Approval.source_id,
        other.session == Approval.session,
        other.id != Approval.id,
        other.status == Status.DENIED,
        other.settled_at >= Approval.created_at,
    )
    return (
        select(Reply, Approval.reply_state, fell)
        .join(Approval, Approval.id == Reply.approval_id)
        .where(
            Reply.source_id == source_id,
            Approval.status.in_(OPEN),
            Approval.reply_state.in_(UNDER_WAY),
            Approval.created_at < listed_at,
        )
        .order_by(Approval.id)
    )

"""Attempts to tell an upstream: taken by lease, and what follows from how each ended.

At least once: what a process took and never ended is taken up again when its lease is over.
The same verdict is sent each time; a transient failure is repeated until the approval's
deadline, and then nothing is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from webui.approvals.answering.settling import take_back_kept
from webui.approvals.desk import SYSTEM, facts, load, subject
from webui.approvals.ending import expire_if_over
from webui.approvals.states import OPEN, ReplyState, Status
from webui.approvals.upstream import trouble
from webui.approvals.upstream.rows import note, reply_to_of, stop, told_of
from webui.approvals.upstream.settled import confirmed, settle_as, settle_as_gone
from webui.approvals.upstream.standing import withdraw_unfounded
from webui.approvals.upstream.told import APPROVE, Told
from webui.receivers.way_back import End, Outcome
from webui.sentences import sentence
from webui.store.models import Approval, Reply, table_of
from webui.store.transaction import Transaction

LEASE_MS = 60_000
"""How long one attempt may take; its requests have 5 seconds each."""
DELAYS_MS = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000)
"""Before each repeat; the last one goes on."""
ENDED_MS = 3_600_000
"""How long an upstream is tried to be told of what has ended by itself."""
EACH_SOURCE = 8
"""Attempts under way for one source at once."""
_replies = table_of(Reply)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message in our hands."""

    approval_id: str
    org_id: str
    source_id: str
    reply_to: Mapping[str, Any]
    told: Told
    round: int
    attempts: int
    """This one included."""


def anything_due(session: Session, now: int) -> bool:
    """Say whether a claim might find something; only reads."""
    return session.scalar(_due(now).limit(1)) is not None


def _due(now: int) -> Any:
    free = or_(Reply.lease_until.is_(None), Reply.lease_until <= now)
    return (
        select(Reply.approval_id)
        .where(Reply.next_at <= now, free)
        .order_by(Reply.next_at, Reply.approval_id)
    )


def _due_in_turn(now: int) -> Any:
    """Select what is due so that an upstream that does not answer holds up its own alone."""
    way = (
        select(Reply.source_id, func.count().label("number"))
        .where(Reply.lease_until > now)
        .group_by(Reply.source_id)
        .subquery()
    )
    place = func.row_number().over(
        partition_by=Reply.source_id, order_by=(Reply.next_at, Reply.approval_id)
    )
    queue = (
        _due(now)
        .order_by(None)
        .add_columns(Reply.org_id, Reply.source_id, Reply.next_at, place.label("place"))
        .subquery()
    )
    return (
        select(queue.c.approval_id, queue.c.org_id)
        .outerjoin(way, way.c.source_id == queue.c.source_id)
        .where(queue.c.place + func.coalesce(way.c.number, 0) <= EACH_SOURCE)
        .order_by(queue.c.next_at, queue.c.approval_id)
    )


def take_up(tx: Transaction) -> None:
    """Free what a process before this one was sending when it ended: nobody else sends now."""
    left = update(_replies).where(_replies.c.lease_until.is_not(None))
    tx.execute(left.values(lease_until=None))


def claim(tx: Transaction, limit: int) -> list[Claimed]:
    """Take up to `limit` messages that are due, of one source a few at once."""
    due = tx.session.execute(_due_in_turn(tx.now).limit(limit)).all()
    # in the order in which everybody else locks several of them
    taken = [_take(tx, org_id, approval_id) for approval_id, org_id in sorted(due)]
    return [one for one in taken if one is not None]


def _take(tx: Transaction, org_id: str, approval_id: str) -> Claimed | None:
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    reply = _reply(tx, approval_id)
    if (reply.next_at or tx.now + 1) > tx.now or (reply.lease_until or 0) > tx.now:
        return None  # another node was faster
    if _replaced(tx, approval, reply):
        stop(tx, approval, ReplyState.GONE, sentence("The source has asked anew since."))
        return None
    if told_of(tx, reply).verdict == APPROVE and withdraw_unfounded(tx, approval):
        return None  # told as a no, if at all, and that is due by now
    note(tx, approval, reply_attempts=approval.reply_attempts + 1)
    reply.lease_until = tx.now + LEASE_MS
    tx.session.flush()
    told, reply_to = told_of(tx, reply), reply_to_of(tx, reply)
    number = approval.reply_attempts
    return Claimed(
        approval_id, org_id, reply.source_id, reply_to, told, reply.round, number
    )


def _replaced(tx: Transaction, approval: Approval, reply: Reply) -> bool:
    """Say whether its upstream has asked something else under the same reference.

    An answer to the old question would be taken for one to the new.
    """
    if approval.status in OPEN:
        return False
    newer = (
        select(Reply.approval_id)
        .where(
            Reply.source_id == reply.source_id,
            Reply.source_ref == reply.source_ref,
            Reply.approval_id > reply.approval_id,
        )
        .limit(1)
    )
    return tx.session.scalar(newer) is not None


def finish(tx: Transaction, claimed: Claimed, outcome: Outcome) -> None:
    """Write down how an attempt ended, and do what follows."""
    approval = load(tx, claimed.org_id, claimed.approval_id)
    reply = _reply(tx, claimed.approval_id)
    current = (reply.round, approval.reply_attempts) == (claimed.round, claimed.attempts)
    if outcome.end is End.CONFIRMED:
        trouble.told(tx, approval)
        approved = outcome.approved
        _settled(tx, approval, claimed, approved, current=current)
    elif outcome.end is End.GONE and outcome.approved is not None:
        settle_as(tx, approval, approved=outcome.approved)
    elif not current or reply.next_at is None:
        return  # taken back, or told something else meanwhile
    elif outcome.end is End.GONE:
        settle_as_gone(tx, approval, outcome.error)
    else:
        _failed(tx, approval, reply, outcome)


def _settled(
    tx: Transaction,
    approval: Approval,
    claimed: Claimed,
    approved: bool | None,
    *,
    current: bool,
) -> None:
    yes = claimed.told.verdict == APPROVE
    if approved is None:
        approved = yes
    sending = approval.reply_state == ReplyState.SENDING
    if current and approved == yes and sending and approval.settles_at is None:
        confirmed(tx, approval)
        return
    # Also where it was due meanwhile: what is on its way is not overruled by a deadline.
    settle_as(tx, approval, approved=approved)


def _failed(tx: Transaction, approval: Approval, reply: Reply, outcome: Outcome) -> None:
    held = approval.settles_at is not None
    until = approval.expires_at if held else (reply.started_at or 0) + ENDED_MS
    if approval.status == Status.APPROVED:
        until = approval.usable_until or until
    over = outcome.end is End.PERMANENT or tx.now >= until
    number = approval.reply_attempts
    said = {"error": outcome.error, "attempts": number, "gave_up": over}
    name, of = "approval.reply_failed", subject(approval.id)
    tx.record(approval.org_id, SYSTEM, name, of, facts(approval) | said)
    if over:
        trouble.not_told(tx, approval, outcome.error)
    if not over:
        delay = DELAYS_MS[min(number, len(DELAYS_MS)) - 1]
        reply.next_at = min(tx.now + delay, max(until, tx.now))
        reply.lease_until = None
        tx.session.flush()
        note(tx, approval, reply_error=outcome.error)
    elif held:
        take_back_kept(tx, approval, "not_delivered", outcome.error)
        expire_if_over(tx, approval)
    else:
        stop(tx, approval, ReplyState.FAILED, outcome.error)


def _reply(tx: Transaction, approval_id: str) -> Reply:
    return tx.session.get_one(
        Reply, approval_id, populate_existing=True, with_for_update=True
    )

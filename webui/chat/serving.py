"""Writing down what a channel is told: whose turn it is, what to post, and how each call went."""

import json
import random
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, or_, select, update

from webui.approvals.desk import approval_of
from webui.approvals.states import LIVE, OPEN, Status
from webui.channels.chat import Told
from webui.channels.schedule import (
    MINUTE,
    SECOND,
    Breaker,
    after_success,
    after_trouble,
    retry_after_ms,
)
from webui.chat.belonging import belongs
from webui.receivers.chat_config import CHAT_KINDS, ChatConfig, chat_config
from webui.store.ids import new_id
from webui.store.models import (
    Approval,
    AuditHead,
    ChatChannel,
    Event,
    PostedMessage,
    Source,
    table_of,
)
from webui.store.queries.chat import configs_of_others, message_of
from webui.store.transaction import Transaction

LEASE_MS: Final = 60_000
"""How long one process serves a channel before another may."""
AT_ONCE: Final = 500
ATTEMPTS: Final = 40
_FIRST_MS, _LONGEST_MS = 2 * SECOND, 10 * MINUTE
_channels = table_of(ChatChannel)


def take_turn(tx: Transaction, source_id: str) -> bool:
    """Take a channel for this process, unless another has it; a new one begins with now."""
    channel = tx.session.get(ChatChannel, source_id)
    if channel is None:
        source = tx.session.get_one(Source, source_id)
        seq = _seq_at(tx, source)
        channel = ChatChannel(source_id=source_id, org_id=source.org_id, seq=seq)
        tx.session.add(channel)
        tx.session.flush()
    taken = tx.execute(
        update(_channels)
        .where(
            _channels.c.source_id == source_id,
            or_(_channels.c.leased_until.is_(None), _channels.c.leased_until <= tx.now),
        )
        .values(leased_until=tx.now + LEASE_MS)
        .returning(_channels.c.source_id)
    )
    return taken.first() is not None


def end_turn(tx: Transaction, source_id: str) -> None:
    """Give a channel back."""
    tx.execute(
        update(_channels)
        .where(_channels.c.source_id == source_id)
        .values(leased_until=None)
    )


def _seq_at(tx: Transaction, source: Source) -> int:
    """Return the event after which a channel is told: its own making, whatever came before."""
    first = tx.session.scalar(
        select(func.min(Event.seq)).where(
            Event.org_id == source.org_id, Event.at >= source.created_at
        )
    )
    if first is not None:
        return first - 1
    head = tx.session.get(AuditHead, source.org_id)
    return 0 if head is None else head.seq


def note_new(tx: Transaction, source: Source, config: ChatConfig) -> int:
    """Note which approvals of the last time are to be posted; return how many events passed."""
    channel = tx.session.get_one(ChatChannel, source.id, populate_existing=True)
    events = tx.session.execute(
        select(Event.seq, Event.subject)
        .where(
            Event.org_id == source.org_id,
            Event.action == "approval.created",
            Event.seq > channel.seq,
        )
        .order_by(Event.seq)
        .limit(AT_ONCE)
    ).all()
    if not events:
        return 0
    others = _others(tx, source)
    for event in events:
        approval = tx.session.get(Approval, approval_of(event.subject))
        if approval is not None and _wanted(approval, config, others):
            _note(tx, source, config, approval)
    channel.seq = events[-1].seq
    tx.session.flush()
    return len(events)


def _others(tx: Transaction, source: Source) -> list[ChatConfig]:
    rows = configs_of_others(tx.session, source.org_id, source.id, sorted(CHAT_KINDS))
    return [chat_config(row.kind, json.loads(row.config)) for row in rows]


def _wanted(approval: Approval, config: ChatConfig, others: Sequence[ChatConfig]) -> bool:
    waits = approval.by_person and approval.status in OPEN
    return waits and belongs(approval, config, others)


def _note(tx: Transaction, source: Source, config: ChatConfig, approval: Approval) -> None:
    if message_of(tx.session, source.id, approval.id) is None:
        message = PostedMessage(
            id=new_id("pst", tx.now),
            org_id=source.org_id,
            source_id=source.id,
            approval_id=approval.id,
            channel=config.channel,
            next_at=tx.now,
            created_at=tx.now,
        )
        tx.session.add(message)
        tx.session.flush()


def drop(tx: Transaction, message_id: str) -> None:
    """Post a message no more: its approval was settled before it came to that."""
    message = tx.session.get_one(PostedMessage, message_id, with_for_update=True)
    if message.message_id is None:
        message.status = "dropped"
        tx.session.flush()


def note_shown(
    tx: Transaction, message_id: str, approval: Approval, digest: str, told: Told | None
) -> None:
    """Write down that a message shows an approval; `told` none: it looked like that before."""
    message = tx.session.get_one(PostedMessage, message_id, with_for_update=True)
    message.version, message.settles_at = approval.version, approval.settles_at
    message.digest, message.attempts, message.last_error = digest, 0, None
    if told is not None:
        message.told_at = tx.now
        message.message_id = message.message_id or told.message_id
    if Status(approval.status) not in LIVE:
        message.status = "closed"
    tx.session.flush()
    _set_breaker(tx, message.source_id, after_success())


def note_failed(tx: Transaction, message_id: str, told: Told) -> None:
    """Write down that a call failed: when it is tried again, and when the channel is."""
    message = tx.session.get_one(PostedMessage, message_id, with_for_update=True)
    message.last_error = told.why
    asked = retry_after_ms(told.wait, now=tx.now)
    if asked is not None:  # no failure: the platform asks for less
        message.next_at = tx.now + asked
        tx.session.flush()
        _set_breaker(tx, message.source_id, Breaker(0, tx.now + asked))
        return
    message.attempts += 1
    gone = told.gone and message.message_id is not None
    if gone or message.attempts >= ATTEMPTS:
        message.status = "dead"
    wait = min(_FIRST_MS * 2 ** min(message.attempts - 1, 20), _LONGEST_MS)
    message.next_at = tx.now + wait - int(wait * 0.1 * random.random())  # noqa: S311 - spreads load
    tx.session.flush()
    if not gone:
        channel = tx.session.get_one(ChatChannel, message.source_id, populate_existing=True)
        before = Breaker(channel.failures, channel.open_until)
        _set_breaker(tx, message.source_id, after_trouble(before, now=tx.now))


def show_anew(tx: Transaction, message_id: str) -> None:
    """Edit a message once more, although it should look right: somebody saw it otherwise."""
    message = tx.session.get_one(PostedMessage, message_id, with_for_update=True)
    if message.message_id is not None and message.status in {"open", "closed"}:
        message.status, message.version, message.digest = "open", 0, None
        message.next_at = tx.now
        tx.session.flush()


def _set_breaker(tx: Transaction, source_id: str, breaker: Breaker) -> None:
    tx.execute(
        update(_channels)
        .where(_channels.c.source_id == source_id)
        .values(failures=breaker.failures, open_until=breaker.open_until)
    )

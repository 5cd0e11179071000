"""Dropping deliveries, notices and posts nobody needs any more, in small batches."""

from sqlalchemy import delete, func, or_, select

from webui.store.models import ChatChannel, Delivery, Notice, PostedMessage, table_of
from webui.store.transaction import Transaction

KEPT_MS = 14 * 86_400_000
"""How long a delivered one is shown."""
DEAD_KEPT_MS = 90 * 86_400_000
"""How long a dead letter can be resent."""
BATCH = 1_000
NOTICES_KEPT_MS = 90 * 86_400_000
"""How long a call's page says who was told of it, in chats too."""
_deliveries = table_of(Delivery)
_notices = table_of(Notice)
_posts = table_of(PostedMessage)


def forget_old(tx: Transaction) -> int:
    """Drop at most `BATCH` old deliveries; returns how many."""
    old = (
        select(_deliveries.c.id)
        .where(
            or_(
                (_deliveries.c.status == "delivered")
                & (_deliveries.c.ended_at < tx.now - KEPT_MS),
                (_deliveries.c.status == "dead")
                & (_deliveries.c.ended_at < tx.now - DEAD_KEPT_MS),
            )
        )
        .limit(BATCH)
    )
    gone = delete(_deliveries).where(_deliveries.c.id.in_(old)).returning(_deliveries.c.id)
    return len(tx.execute(gone).all())


def forget_notices(tx: Transaction) -> int:
    """Drop at most `BATCH` old notices; returns how many."""
    old = (
        select(_notices.c.id)
        .where(
            _notices.c.status.in_(("delivered", "dead", "dropped")),
            _notices.c.ended_at < tx.now - NOTICES_KEPT_MS,
        )
        .limit(BATCH)
    )
    gone = delete(_notices).where(_notices.c.id.in_(old)).returning(_notices.c.id)
    return len(tx.execute(gone).all())


def forget_posts(tx: Transaction) -> int:
    """Drop at most `BATCH` old messages in chats, which show an end; returns how many.

    Their buttons are gone, and a click on one that is not decides nothing without its row.
    """
    long_ago = tx.now - NOTICES_KEPT_MS
    old = (
        select(_posts.c.id)
        .where(
            _posts.c.source_id.in_(select(ChatChannel.source_id)),
            _posts.c.status.in_(("closed", "dropped", "dead")),
            _posts.c.next_at < long_ago,
            func.coalesce(_posts.c.told_at, _posts.c.created_at) < long_ago,
        )
        .limit(BATCH)
    )
    gone = delete(_posts).where(_posts.c.id.in_(old)).returning(_posts.c.id)
    return len(tx.execute(gone).all())

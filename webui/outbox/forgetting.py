"""Dropping deliveries nobody needs any more, in small batches."""

from sqlalchemy import delete, or_, select

from webui.store.models import Delivery, table_of
from webui.store.transaction import Transaction

KEPT_MS = 14 * 86_400_000
"""How long a delivered one is shown."""
DEAD_KEPT_MS = 90 * 86_400_000
"""How long a dead letter can be resent."""
BATCH = 1_000
_deliveries = table_of(Delivery)


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

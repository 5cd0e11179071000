"""Token buckets kept as one number each (GCRA), so that nodes and restarts share them."""

from sqlalchemy import case, text
from sqlalchemy.dialects import postgresql, sqlite

from webui.approvals.errors import TooManyError
from webui.store.models import Throttle, table_of
from webui.store.transaction import Transaction

_throttles = table_of(Throttle)
MINUTE = 60_000


def spend(
    tx: Transaction,
    name: str,
    *,
    per_minute: int,
    detail: str,
    burst: int | None = None,
) -> None:
    """Take one token out of a bucket, or refuse without taking any.

    Args:
        tx: the transaction; a refusal rolls it back.
        name: of the bucket, such as `filed:agt_...`.
        per_minute: refill; 0 switches the bucket off.
        detail: the sentence for a refusal.
        burst: tokens in a full bucket, by default twice the refill.

    Raises:
        TooManyError: empty; says in how many seconds there is a token again.

    """
    if per_minute == 0:
        return
    step = max(1, MINUTE // per_minute)
    room = step * (2 * per_minute if burst is None else burst)
    build = postgresql.insert if tx.on_postgresql else sqlite.insert
    later = (
        case((_throttles.c.empty_at > tx.now, _throttles.c.empty_at), else_=tx.now) + step
    )
    taken = tx.execute(
        build(_throttles)
        .values(name=name, empty_at=tx.now + step)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"empty_at": later},
            where=later - tx.now <= room,
        )
        .returning(_throttles.c.empty_at)
    ).first()
    if taken is None:
        raise TooManyError(detail, retry_after=max(1, (step + 999) // 1000))


def forget_full(tx: Transaction) -> None:
    """Drop buckets that are full again; a missing bucket is a full one."""
    tx.execute(text("DELETE FROM throttles WHERE empty_at <= :now"), {"now": tx.now})

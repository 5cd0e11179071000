"""Which server processes share the database, so that exactly one of those that stop is the last.

A node says every few seconds that it lives. Who does not for a lease counts as dead: it was
killed, or cut off.
"""

from sqlalchemy import ColumnElement, delete, select, text, update

from webui.store.models import Node, table_of
from webui.store.transaction import Transaction

LEASE_MS = 20_000
"""Without a sign of life for so long, a node is not counted any more."""
FORGOTTEN_MS = 3 * LEASE_MS
"""Then its row is dropped; it may come back."""


def living(now: int) -> ColumnElement[bool]:
    """Return the condition of the nodes that count."""
    return Node.seen_at > now - LEASE_MS


def seen(tx: Transaction, node: str, host: str) -> None:
    """Write down that a node lives, and forget those that have not for long."""
    mine = table_of(Node).alias()
    was_heard = (
        select(mine.c.id)
        .where(mine.c.id == node, mine.c.seen_at > tx.now - FORGOTTEN_MS)
        .exists()
    )
    silent = Node.seen_at <= tx.now - FORGOTTEN_MS
    tx.execute(delete(Node).where(silent, was_heard))
    renewed = update(Node).where(Node.id == node).values(seen_at=tx.now).returning(Node.id)
    if tx.execute(renewed).first() is None:
        tx.session.add(Node(id=node, host=host, started_at=tx.now, seen_at=tx.now))
        tx.session.flush()


def leave(tx: Transaction, node: str) -> bool:
    """Take a node off; say whether no other one lives.

    Until this transaction ends, no other node leaves or comes: of two that stop at once, the
    second one sees what the first one did, and whoever starts finds done what is done here.
    """
    if tx.on_postgresql:
        tx.execute(text("LOCK TABLE nodes IN SHARE ROW EXCLUSIVE MODE"))
        tx.read_clock()
    gone = delete(Node).where(Node.id == node).returning(Node.seen_at)
    last_seen: int = tx.execute(gone).scalar() or tx.now
    # Where the database was away, no node could say that it lives: then this one's own last
    # sign is as old as theirs, and says nothing against them.
    late = last_seen <= tx.now - LEASE_MS
    at = last_seen if late else tx.now
    return tx.execute(select(Node.id).where(living(at)).limit(1)).first() is None

"""Which node holds a source's bridge: one at a time, under a lease that it renews.

Two nodes that believe so at once (one of them slept) do no harm: what both file is filed once.
The lease only keeps them from reading everything twice.
"""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webui.approvals.desk import SYSTEM
from webui.approvals.senders.sources import subject
from webui.store.models import Bridge, Source
from webui.store.transaction import Transaction

LEASE_MS = 20_000
"""Without a renewal for so long, another node takes over."""
ERROR_MAX = 500


def held_elsewhere(session: Session, source_id: str, node: str, now: int) -> bool:
    """Say whether a claim would fail; only reads, as it is asked again and again."""
    bridge = bridge_of(session, source_id)
    return (
        bridge is not None
        and bridge.node != node
        and bridge.lease_until > now
        # on SQLite one process holds the database, so whoever held a bridge is gone
        and session.get_bind().dialect.name == "postgresql"
    )


def claim(tx: Transaction, source_id: str, node: str) -> bool:
    """Take the bridge of a source, or keep it; False: another node holds it."""
    bridge = tx.session.get(Bridge, source_id, with_for_update=True, populate_existing=True)
    if held_elsewhere(tx.session, source_id, node, tx.now):
        return False
    if bridge is None:
        bridge = Bridge(source_id=source_id, node=node, lease_until=0)
        tx.session.add(bridge)
    elif bridge.node != node:
        bridge.node, bridge.connected_at = node, None
    bridge.lease_until = tx.now + LEASE_MS
    tx.session.flush()
    return True


def renew(tx: Transaction, source_id: str, node: str) -> bool:
    """Hold it for longer; False: it is ours no more, so stop."""
    renewed = (
        update(Bridge)
        .where(Bridge.source_id == source_id, Bridge.node == node)
        .values(lease_until=tx.now + LEASE_MS)
        .returning(Bridge.source_id)
    )
    return tx.session.execute(renewed).first() is not None


def release(tx: Transaction, source_id: str, node: str) -> None:
    """Let another node take it at once, and show nothing as connected."""
    gone = delete(Bridge).where(Bridge.source_id == source_id, Bridge.node == node)
    tx.session.execute(gone)


def note(
    tx: Transaction, source_id: str, node: str, *, connected: bool, error: str | None
) -> None:
    """Write down how it stands; the first failure after a good time is an event of its own."""
    bridge = tx.session.get(Bridge, source_id, with_for_update=True, populate_existing=True)
    if bridge is None or bridge.node != node:
        return
    was_well = bridge.error is None
    if not connected:
        bridge.connected_at = None
    elif bridge.connected_at is None:
        bridge.connected_at = tx.now
    bridge.error = None if error is None else error[:ERROR_MAX]
    bridge.error_at = None if error is None else tx.now
    tx.session.flush()
    if error is not None and was_well:
        source = tx.session.get_one(Source, source_id)
        facts = {"code": "bridge", "why": error[:ERROR_MAX]}
        tx.record(source.org_id, SYSTEM, "source.failing", subject(source_id), facts)


def bridge_of(session: Session, source_id: str) -> Bridge | None:
    """Return how a source's bridge stands; None while no node has taken it."""
    return session.scalar(select(Bridge).where(Bridge.source_id == source_id))

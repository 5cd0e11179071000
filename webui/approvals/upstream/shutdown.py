"""What a shutdown does to what is open of a source: it stays, or its upstream is told to reject it."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from webui.approvals.upstream.settled import dispose
from webui.receivers.registry import WAYS_BACK
from webui.store.models import Bridge, Source
from webui.store.transaction import Transaction


def dispose_rejecting(tx: Transaction) -> int:
    """End what is open of every source that rejects at a shutdown; return how many that are.

    What another node listens to is open there still, so that node answers it.
    """
    sources = tx.session.execute(
        select(Source.id, Source.kind, Source.config)
        .where(Source.kind.in_(WAYS_BACK))
        .order_by(Source.id)
    ).all()
    elsewhere = _listened_to(tx)
    return sum(
        len(dispose(tx, source_id))
        for source_id, kind, config in sources
        if source_id not in elsewhere and rejects(kind, json.loads(config))
    )


def _listened_to(tx: Transaction) -> set[str]:
    """Return the sources whose bridge a living node holds; ours are given up by now.

    On SQLite one process has the database for itself: a row there is what a crash left. The
    rows stay locked, so that no node takes one over before what is open here has ended.
    """
    if not tx.on_postgresql:
        return set()
    held = select(Bridge.source_id).where(Bridge.lease_until > tx.now)
    return set(tx.session.scalars(held.order_by(Bridge.source_id).with_for_update()))


def rejects(kind: str, config: Mapping[str, Any]) -> bool:
    """Say whether a source of this kind and settings rejects what is open at a shutdown."""
    does: str = config.get("on_shutdown", WAYS_BACK[kind].on_shutdown)
    return does == "reject"

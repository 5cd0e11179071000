"""What a shutdown does to what is open of a source: it stays, or its upstream is told to reject it.

As long as another node lives, nothing is shut down: that one answers what is open.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from webui.approvals import nodes
from webui.approvals.upstream.settled import dispose
from webui.receivers.registry import WAYS_BACK
from webui.store.models import Source
from webui.store.transaction import Transaction


def leave(tx: Transaction, node: str) -> int:
    """Take a node off, and if it is the last one end what is open of sources that reject then.

    In one transaction: a node that starts meanwhile takes nothing over that ends here.

    Returns:
        How many were ended.

    """
    return _dispose_rejecting(tx) if nodes.leave(tx, node) else 0


def _dispose_rejecting(tx: Transaction) -> int:
    sources = tx.session.execute(
        select(Source.id, Source.kind, Source.config)
        .where(Source.kind.in_(WAYS_BACK))
        .order_by(Source.id)
    ).all()
    return sum(
        len(dispose(tx, source_id))
        for source_id, kind, config in sources
        if rejects(kind, json.loads(config))
    )


def rejects(kind: str, config: Mapping[str, Any]) -> bool:
    """Say whether a source of this kind and settings rejects what is open at a shutdown."""
    does: str = config.get("on_shutdown", WAYS_BACK[kind].on_shutdown)
    return does == "reject"

"""The word index behind the search in history: filled after settlement, off the hot path."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, text, update

from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.preview import Profile, searchable_text
from webui.store.models import Approval, table_of
from webui.store.models.approval import UNINDEXED
from webui.store.queries.words import folded
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
BATCH = 10
"""Rows in one unit: a decision that comes meanwhile waits for these alone."""
_INSERT = {
    False: text(
        "INSERT INTO approval_search(words, org_id, approval_id) VALUES(:words, :org, :id)"
    ),
    True: text(
        "INSERT INTO approval_search(words, org_id, approval_id)"
        " VALUES(to_tsvector('simple', :words), :org, :id)"
    ),
}


def index_settled(
    tx: Transaction,
    profile_of: Callable[[Transaction, Approval], Profile],
    limit: int = BATCH,
) -> int:
    """Put the masked words of newly settled approvals into the index; return how many.

    Several workers may do it at once on PostgreSQL: each skips what another holds.
    """
    found = tx.session.scalars(
        select(Approval)
        .where(UNINDEXED)
        .order_by(Approval.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for approval in found:
        tx.execute(_INSERT[tx.on_postgresql], _words(tx, approval, profile_of))
    if found:
        ids = [approval.id for approval in found]
        tx.execute(update(_approvals).where(_approvals.c.id.in_(ids)).values(indexed=True))
    return len(found)


def _words(
    tx: Transaction,
    approval: Approval,
    profile_of: Callable[[Transaction, Approval], Profile],
) -> dict[str, Any]:
    profile = profile_of(tx, approval)
    readings = [open_arguments(tx.session, tx.keyring, approval)]
    if approval.sealed_edit is not None:  # found by what was asked, and by what ran
        readings.append(effective_arguments(tx.session, tx.keyring, approval))
    masked = " ".join(
        searchable_text(approval.tool, reading.value, profile) for reading in readings
    )
    told = " ".join(part for part in (approval.summary, approval.session) if part)
    return {
        "words": folded(f"{approval.id} {masked} {told}"),
        "org": approval.org_id,
        "id": approval.id,
    }

"""Writing the log: the last write of every commit that has something to tell.

The chain's head row is the lock that serialises an org's writers (details.md, B): on
PostgreSQL it is taken `FOR UPDATE`, on SQLite the write lock is the chain lock.
"""

import os
from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from webui.audit.chain import EMPTY_HEAD, Head, append
from webui.store.models import AuditHead, Event, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Happening, Transaction, Wake

_events = table_of(Event)
_heads = table_of(AuditHead)
_columns = (_heads.c.seq, _heads.c.row_hash, _heads.c.at, _heads.c.frontier)
_insert_events = Prepared(insert(_events))
# Built once: making a statement costs more than running it, and every change runs these.
_head_of = Prepared(
    select(*_columns).where(_heads.c.org_id == bindparam("org")).with_for_update()
)
_move_head = Prepared(
    update(_heads)
    .where(_heads.c.org_id == bindparam("org"))
    .values(
        seq=bindparam("new_seq"),
        row_hash=bindparam("new_hash"),
        at=bindparam("new_at"),
        frontier=bindparam("new_frontier"),
    )
)


def flush(done: Sequence[Transaction]) -> None:
    """Append the events of the units of one commit to their chains, and note what to tell."""
    by_org: dict[str, list[tuple[Transaction, Happening]]] = {}
    for tx in done:
        for happening in tx.happenings:
            by_org.setdefault(happening.org_id, []).append((tx, happening))
    # One order of locks for everybody, so that no two transactions wait for each other.
    for org_id in sorted(by_org):
        _append(org_id, by_org[org_id])


def _append(org_id: str, happened: Sequence[tuple[Transaction, Happening]]) -> None:
    one = happened[0][0]  # they share a connection
    head = _locked_head(one, org_id)
    rows = []
    for tx, (_, actor, action, subject, payload) in happened:
        row, head = append(
            head,
            org=org_id,
            at=tx.now,
            actor=actor,
            action=action,
            subject=subject,
            payload=payload,
            nonce=os.urandom(16),
        )
        rows.append(
            {
                "org_id": org_id,
                "seq": row.seq,
                "entry": row.entry,
                "row_hash": row.row_hash,
                "nonce": row.nonce,
                "payload": row.payload,
                "at": row.at,
                "actor": actor,
                "action": action,
                "subject": subject,
            }
        )
        tx.wakes.append(Wake(org_id, row.seq, action, subject))
    one.run(_insert_events, rows)
    one.run(
        _move_head,
        {
            "org": org_id,
            "new_seq": head.seq,
            "new_hash": head.row_hash,
            "new_at": head.at,
            "new_frontier": head.frontier,
        },
    )


def _locked_head(tx: Transaction, org_id: str) -> Head:
    found = tx.first(_head_of, {"org": org_id})
    return EMPTY_HEAD if found is None else Head(*found)


def open_chain(tx: Transaction, org_id: str) -> None:
    """Start a new org's chain; its first event is the org's creation."""
    tx.execute(
        insert(_heads),
        {
            "org_id": org_id,
            "seq": EMPTY_HEAD.seq,
            "row_hash": EMPTY_HEAD.row_hash,
            "at": tx.now,
            "frontier": EMPTY_HEAD.frontier,
        },
    )

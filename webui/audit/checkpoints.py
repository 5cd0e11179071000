"""Signing checkpoints of every org's log when they are due (details.md, B).

Every 256 events, or 60 seconds after the last one if anything but a checkpoint happened since.
Each is kept in the database, written into the log, and appended to a file outside of it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webui.audit.chain import Head
from webui.audit.checkpoint import (
    Checkpoint,
    Signer,
    SignRefused,
    checkpoint_of,
    continued,
    log_origin,
    read_note,
    sign,
)
from webui.audit.export import checkpoint_line
from webui.store import models
from webui.store.engines import one_state
from webui.store.keyring import Keyring
from webui.store.models import AuditHead, Event, Install, table_of
from webui.store.store import Store
from webui.store.transaction import Transaction

log = structlog.get_logger()
EVERY_EVENTS = 256
EVERY_MS = 60_000
_checkpoints = table_of(models.Checkpoint)


class Last(NamedTuple):
    """The newest checkpoint of a log, and the frontier kept with it."""

    checkpoint: Checkpoint | None
    frontier: bytes
    at: int


def signer(keyring: Keyring, install: str, org_id: str) -> Signer:
    """Return the key that signs an org's checkpoints."""
    return Signer.from_seed(log_origin(install, org_id), keyring.derive("checkpoint"))


def vkeys(session: Session, keyring: Keyring) -> list[str]:
    """Return the verifier keys of all logs, for publishing."""
    install = session.scalars(select(Install.id)).one()
    orgs = session.scalars(select(AuditHead.org_id).order_by(AuditHead.org_id))
    return [signer(keyring, install, org_id).vkey for org_id in orgs]


def newest(session: Session, org_id: str) -> Last:
    """Return the newest checkpoint of a log; an empty one before the first."""
    row = session.execute(
        select(_checkpoints.c.note, _checkpoints.c.frontier, _checkpoints.c.created_at)
        .where(_checkpoints.c.org_id == org_id)
        .order_by(_checkpoints.c.size.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Last(None, b"", 0)
    return Last(read_note(row.note)[0], row.frontier, row.created_at)


def sized_notes(session: Session, org_id: str) -> Iterator[tuple[int, str]]:
    """Yield (size, note) of every checkpoint of a log, oldest first, for an export."""
    rows = session.execute(
        select(_checkpoints.c.size, _checkpoints.c.note)
        .where(_checkpoints.c.org_id == org_id)
        .order_by(_checkpoints.c.size)
    )
    for row in rows:
        yield row.size, row.note


def kept_outside(folder: Path, org_id: str) -> list[str]:
    """Return the newest note that was written beside the database, if there is one."""
    file = folder / f"{org_id}.jsonl"
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [str(json.loads(line)["checkpoint"]) for line in lines[-1:]]


def sign_due(store: Store, folder: Path | None = None, *, every_ms: int = EVERY_MS) -> int:
    """Sign what is due; return 0, since there is nothing to do again at once.

    `every_ms` 0 signs whatever is new, as a process does before it ends.
    """
    with store.reading() as session:
        due = [
            org_id
            for org_id, seq in session.execute(select(AuditHead.org_id, AuditHead.seq))
            if _is_due(session, org_id, seq, store.now() - every_ms)
        ]
    for org_id in due:
        try:
            sign_now(store, org_id, folder)
        except SignRefused as refusal:
            log.critical("a checkpoint was refused", org=org_id, why=str(refusal))
    return 0


def _is_due(session: Session, org_id: str, seq: int, since: int) -> bool:
    last = newest(session, org_id)
    size = 0 if last.checkpoint is None else last.checkpoint.size
    if seq - size >= EVERY_EVENTS:
        return True
    if seq == size or last.at > since:
        return False
    others = select(Event.seq).where(
        Event.org_id == org_id, Event.seq > size, Event.action != "audit.checkpoint"
    )
    return session.scalar(others.limit(1)) is not None


def sign_now(store: Store, org_id: str, folder: Path | None = None) -> str:
    """Sign a log as it stands; return the note.

    Raises:
        SignRefused: the log does not continue what was signed before.

    """
    with store.reading() as session, one_state(session.connection()):
        install = session.scalars(select(Install.id)).one()
        head = session.get_one(AuditHead, org_id)
        last = newest(session, org_id)
        checkpoint = _continued(session, install, head, last)
        frontier = head.frontier
    note = sign(checkpoint, [signer(store.keyring, install, org_id)], last=last.checkpoint)
    if last.checkpoint is not None and checkpoint.size == last.checkpoint.size:
        return note
    if store.write(lambda tx: _keep(tx, org_id, checkpoint, note, frontier)):
        _append_to_file(folder, org_id, note)
    return note


def _continued(session: Session, install: str, head: AuditHead, last: Last) -> Checkpoint:
    """Recompute the root from the last checkpoint on, and compare it with the head's own."""
    claimed = checkpoint_of(
        log_origin(install, head.org_id),
        Head(head.seq, head.row_hash, head.at, head.frontier),
    )
    if last.checkpoint is None or last.checkpoint.size >= head.seq:
        return claimed
    entries = session.scalars(
        select(Event.entry)
        .where(
            Event.org_id == head.org_id,
            Event.seq > last.checkpoint.size,
            Event.seq <= head.seq,
        )
        .order_by(Event.seq)
        .execution_options(yield_per=1_000)
    )
    computed, _ = continued(last.checkpoint, last.frontier, entries)
    if computed.root != claimed.root or computed.size != claimed.size:
        raise SignRefused(
            f"the rows after {last.checkpoint.size} of {claimed.origin} do not give the root "
            "that its head claims: the log was tampered with. Run `countersign audit verify`."
        )
    return claimed


def _keep(
    tx: Transaction, org_id: str, checkpoint: Checkpoint, note: str, frontier: bytes
) -> bool:
    """Keep a signed note, unless another node was faster."""
    known = tx.execute(
        select(_checkpoints.c.size).where(
            _checkpoints.c.org_id == org_id, _checkpoints.c.size >= checkpoint.size
        )
    ).first()
    if known is not None:
        return False
    tx.execute(
        insert(_checkpoints),
        {
            "org_id": org_id,
            "size": checkpoint.size,
            "note": note,
            "frontier": frontier,
            "created_at": tx.now,
        },
    )
    tx.record(
        org_id,
        "system",
        "audit.checkpoint",
        f"checkpoint:{checkpoint.size}",
        {"size": checkpoint.size, "root": checkpoint.root.hex(), "note": note},
    )
    return True


def _append_to_file(folder: Path | None, org_id: str, note: str) -> None:
    """Write the note beside the database too; a copy of it elsewhere proves the history."""
    if folder is None:
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / f"{org_id}.jsonl").open("a", encoding="utf-8") as file:
        file.write(checkpoint_line(note))
        file.flush()
        os.fsync(file.fileno())

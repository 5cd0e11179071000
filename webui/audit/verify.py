"""Verify an org's log where it lies: chain, checkpoints, and the tables it speaks of.

The rows go through the same checks as an export does offline (`verifier.Chain`). The
database has more to say than an export: the columns beside each entry, the head, and the
rows that the events are about (`agreement`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from json.encoder import encode_basestring as _quoted
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Result, Row, select

from webui.audit import agreement
from webui.audit.chain import rfc3339
from webui.audit.verifier import Broken, Chain, Finding, NoteError, Report, parse_vkey
from webui.store.engines import one_state
from webui.store.models import AuditHead, Checkpoint, Event, table_of

CHECKPOINT_EVERY: Final = 256
"""Rows without a checkpoint that are still in order: the first one may be yet to come."""

_Row: TypeAlias = Row[*tuple[Any, ...]]
_BATCH: Final = 1000
_events = table_of(Event)
_heads = table_of(AuditHead)
_checkpoints = table_of(Checkpoint)


def verify_org(
    connection: Connection,
    org_id: str,
    progress: Callable[[int], object] | None = None,
    *,
    vkeys: Sequence[str] = (),
    notes: Iterable[str] = (),
) -> Report:
    """Check one org's log in the database and say what was found. Constant memory.

    `vkeys` are the keys trusted to sign; without any, the chain alone is checked and no
    Merkle tree is built. `notes` are checkpoints kept outside the database. `progress` gets
    the number of rows now and then. The connection must not have begun anything yet; it is
    rolled back at the end. Raises NoteError for a verifier key that is none.
    """
    chain = Chain([parse_vkey(vkey) for vkey in vkeys])
    # Else what is written meanwhile would look like a contradiction.
    with one_state(connection):
        return _verified(connection, org_id, chain, notes, progress)


def _verified(
    connection: Connection,
    org_id: str,
    chain: Chain,
    notes: Iterable[str],
    progress: Callable[[int], object] | None,
) -> Report:
    report = chain.report
    head = connection.execute(
        select(
            _heads.c.seq, _heads.c.row_hash, _heads.c.frontier, _heads.c.pruned_upto
        ).where(_heads.c.org_id == org_id)
    ).one_or_none()
    if head is None:
        lost = "the log has no head: it was never opened, or lost."
        report.findings.append(Finding("tampered", "head", 0, lost))
        return report
    try:
        _follow(connection, org_id, chain, head, notes, progress)
    except Broken as broken:
        report.findings.insert(0, broken.finding)
    report.first = report.last - report.rows + 1
    report.findings += agreement.findings(connection, org_id, pruned=bool(head.pruned_upto))
    return report


def _follow(
    connection: Connection,
    org_id: str,
    chain: Chain,
    head: _Row,
    notes: Iterable[str],
    progress: Callable[[int], object] | None,
) -> None:
    if head.pruned_upto:
        _start_after(connection, org_id, chain, head.pruned_upto)
    for note in notes:
        chain.checkpoint(note)
    # Closed even when the chain breaks: on PostgreSQL each is a cursor in the server.
    with _rows(connection, org_id) as rows, _kept_notes(connection, org_id) as kept:
        due = next(kept, None)
        for row in rows:
            _check_row(chain, org_id, row)
            while due is not None and due.size <= row.seq:
                chain.checkpoint(due.note)
                due = next(kept, None)
            if progress is not None and not row.seq % _BATCH:
                progress(chain.report.rows)
        while due is not None:
            chain.checkpoint(due.note)
            due = next(kept, None)
    _check_head(chain, head)
    _judge_end(chain.finish(), head)


def _start_after(connection: Connection, org_id: str, chain: Chain, size: int) -> None:
    note = connection.scalar(
        select(_checkpoints.c.note).where(
            _checkpoints.c.org_id == org_id, _checkpoints.c.size == size
        )
    )
    try:
        chain.start_at(note or "")
    except NoteError as error:
        message = f"rows up to {size} were archived, but the note of that cut: {error}"
        raise Broken("cut", size, message, "incomplete") from None


def _rows(connection: Connection, org_id: str) -> Result[*tuple[Any, ...]]:
    return connection.execute(
        select(
            _events.c.seq,
            _events.c.entry,
            _events.c.row_hash,
            _events.c.nonce,
            _events.c.payload,
            _events.c.at,
            _events.c.actor,
            _events.c.action,
            _events.c.subject,
        )
        .where(_events.c.org_id == org_id)
        .order_by(_events.c.seq),
        execution_options={"yield_per": _BATCH},
    )


def _kept_notes(connection: Connection, org_id: str) -> Result[*tuple[Any, ...]]:
    statement = (
        select(_checkpoints.c.size, _checkpoints.c.note)
        .where(_checkpoints.c.org_id == org_id)
        .order_by(_checkpoints.c.size)
    )
    return connection.execute(statement, execution_options={"yield_per": _BATCH})


def _check_row(chain: Chain, org_id: str, row: _Row) -> None:
    seq, entry, row_hash, nonce, payload, at, actor, action, subject = row
    try:
        text = entry.decode()
        chain.row(seq, text, row_hash.hex(), nonce, payload)
        start = (
            f'{{"action":{_quoted(action)},"actor":{_quoted(actor)},'
            f'"at":"{rfc3339(at)}","org":{_quoted(org_id)},'
        )
    except ValueError:
        raise Broken("entry", seq, f"row {seq} has text or a time that is none.") from None
    if not (
        text.startswith(start) and text.endswith(f'"subject":{_quoted(subject)},"v":1}}')
    ):
        raise Broken(
            "columns", seq, f"row {seq}: a column beside the entry contradicts it."
        )


def _check_head(chain: Chain, head: _Row) -> None:
    seq, row_hash, frontier = chain.end()
    if (head.seq, head.row_hash.hex()) != (seq, row_hash):
        raise Broken(
            "head",
            seq,
            f"the log ends at row {seq}, but its head stands at row {head.seq}: rows were "
            "taken away or put there past the program.",
        )
    if frontier and head.frontier != frontier:
        raise Broken(
            "head", seq, "the head's Merkle frontier is not the one of these rows."
        )


def _judge_end(report: Report, head: _Row) -> None:
    """The database is the whole log: what an export may lack, it may not."""
    young = head.seq - head.pruned_upto < CHECKPOINT_EVERY
    report.findings = [
        replace(finding, verdict="tampered") if finding.code == "truncated" else finding
        for finding in report.findings
        if finding.code != "empty" and not (finding.code == "unsigned" and young)
    ]

"""A desk with a long past: settled approvals, their decisions, uses, log and words, made in bulk.

Rows are written past the rules, but as the rules leave them: sealed arguments, a chain that
verifies, every index and the search index. It is made once and kept under
COUNTERSIGN_BENCH_CACHE (else in the user's cache); a newer migration is applied to it.
"""

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from benchmarks import past_rows
from benchmarks.prepare import numbers as count_numbers
from benchmarks.prepare import opened
from benchmarks.recorded import owner_of, rows_of
from benchmarks.servers import Account, initialise
from webui.audit.chain import Head, append
from webui.audit.checkpoints import sign_now
from webui.runtime import DATABASE
from webui.store import schema
from webui.store.engines import sqlite_url
from webui.store.models import Approval, AuditHead, Consumption, Decision, table_of
from webui.store.store import Store

FEW: Final = 1_000
MANY: Final = 1_000_000 if os.environ.get("COUNTERSIGN_BENCH") == "full" else 150_000
COPIED: Final = 200_000
AT_ONCE: Final = 20_000
Rows = dict[str, list[Sequence[Any]]]


def long_past(number: int) -> tuple[Path, Account]:
    """Return the kept instance with that many old approvals, and its owner."""
    folder = kept_in() / f"history-{number}"
    said = folder / "account.json"
    if not said.exists():
        _make(folder, number)
    schema.upgrade(sqlite_url(folder / DATABASE))
    return folder, Account(**json.loads(said.read_text(encoding="utf-8")))


def _make(folder: Path, number: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    account = initialise(folder)
    fill(folder, number)
    with opened(folder) as store:
        count_numbers(store, account, number)
    said = json.dumps(asdict(account))
    (folder / "account.json").write_text(said, encoding="utf-8")


def desk_with(number: int, scratch: Path) -> tuple[Path, Account]:
    """Return such an instance to be served and changed, and its owner.

    It is a copy; but of very many approvals the kept one itself, which a few more do not change.
    """
    folder, account = long_past(number)
    if number > COPIED:
        return folder, account
    shutil.copytree(folder, scratch / str(number))
    return scratch / str(number), account


def kept_in() -> Path:
    """Return where large databases are kept between runs."""
    named = os.environ.get("COUNTERSIGN_BENCH_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "countersign-bench"


def fill(instance: Path, number: int) -> None:
    """Give a fresh desk a past, oldest first."""
    with opened(instance) as store:
        connection = sqlite3.connect(instance / DATABASE, isolation_level=None)
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute("PRAGMA synchronous = OFF")
        dropped = _without_indexes(connection)
        head = head_of(store)
        for rows, after in batches(store, number, head):
            connection.execute("BEGIN")
            for table, some in rows.items():
                _insert(connection, table, some)
            connection.execute("COMMIT")
            head = after
        for statement in dropped:
            connection.execute(statement)
        _move_head(connection, owner_of(store).org, head)
        connection.execute("ANALYZE")
        connection.close()
        sign_now(store, owner_of(store).org)


def _without_indexes(connection: sqlite3.Connection) -> list[str]:
    """Drop the indexes; return how they are made again, which is cheaper than keeping them up."""
    wanted = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('approvals', 'decisions', 'consumptions', 'events')"
    ).fetchall()
    for name, _ in wanted:
        connection.execute(f"DROP INDEX {name}")
    return [sql for _, sql in wanted]


def head_of(store: Store) -> Head:
    """Return where the log of the first org ends."""
    heads = table_of(AuditHead)
    columns = (heads.c.seq, heads.c.row_hash, heads.c.at, heads.c.frontier)
    with store.reading() as session:
        wanted = select(*columns).where(heads.c.org_id == owner_of(store).org)
        return Head(*session.execute(wanted).one())


def _move_head(connection: sqlite3.Connection, org_id: str, head: Head) -> None:
    """Say where the log ends now, and that all of it was told to whom it concerns."""
    connection.execute(
        "UPDATE audit_heads SET seq = ?1, row_hash = ?2, at = ?3, frontier = ?4,"
        " fanned_out = ?1 WHERE org_id = ?5",
        (head.seq, head.row_hash, head.at, head.frontier, org_id),
    )


def _insert(connection: sqlite3.Connection, table: str, rows: list[Sequence[Any]]) -> None:
    names = past_rows.columns()[table]
    marks = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO {table}({', '.join(names)}) VALUES({marks})",
        rows,
    )


def batches(store: Store, number: int, head: Head) -> Iterator[tuple[Rows, Head]]:
    """Yield rows for each table, and where the log stands after them."""
    owner = owner_of(store)
    now = store.now()
    chance = random.Random(number)  # noqa: S311 - no secret
    for start in range(0, number, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, number))
        found: Rows = {name: [] for name in past_rows.columns()}
        for row, arguments in rows_of(
            store, owner, numbers, (now, number), past_rows.small
        ):
            past_rows.finished(row, arguments, chance)
            found["approvals"].append(past_rows.whole(table_of(Approval), row))
            found["approval_search"].append(past_rows.words(row, arguments))
            for model, made in (
                (Decision, past_rows.decision(row)),
                (Consumption, past_rows.consumption(row)),
            ):
                if made is not None:
                    table = table_of(model)
                    found[table.name].append(past_rows.whole(table, made))
            for happened in past_rows.events(row):
                event, head = _appended(head, owner.org, row["id"], happened)
                found["events"].append(event)
        yield found, head


def _appended(
    head: Head, org_id: str, approval_id: str, happened: past_rows.Happened
) -> tuple[tuple[Any, ...], Head]:
    at, actor, action, payload = happened
    subject = f"approval:{approval_id}"
    row, after = append(
        head,
        org=org_id,
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        payload=payload,
        nonce=os.urandom(16),
    )
    kept = (org_id, row.seq, row.entry, row.row_hash, row.nonce, row.payload, row.at)
    return (*kept, actor, action, subject), after

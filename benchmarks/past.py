"""A desk with a long past: settled approvals, their decisions, log and words, made in bulk.

Rows are written past the rules, but as the rules leave them: sealed arguments, a chain that
verifies, every index and the search index. It is made once and kept under
COUNTERSIGN_BENCH_CACHE (else in the user's cache), named by the newest migration.
"""

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, select

from benchmarks.prepare import opened
from benchmarks.recorded import owner_of, rows_of
from benchmarks.servers import Account, initialise
from webui.audit.chain import Head, append
from webui.audit.checkpoints import sign_now
from webui.runtime import DATABASE
from webui.store import migrations
from webui.store.ids import new_id
from webui.store.models import Approval, AuditHead, Decision, Event, table_of
from webui.store.store import Store

FEW: Final = 1_000
MANY: Final = 1_000_000 if os.environ.get("COUNTERSIGN_BENCH") == "full" else 150_000
AT_ONCE: Final = 20_000
WORDS: Final = 20_000
"""Different words; the n-th is said about n times less often than the first, as in speech."""
_PICKED: Final = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
_SAID: Final = 8
_SEARCH: Final = ("words", "org_id", "approval_id")
_REVISIONS: Final = Path(migrations.__file__).parent / "versions"
Rows = dict[str, list[Sequence[Any]]]


def word(rank: int) -> str:
    """Return the word that is said as the `rank`-th most often of all."""
    return f"w{rank:x}ord"


def long_past(number: int) -> tuple[Path, Account]:
    """Return an instance with that many old approvals, which nobody may change, and its owner."""
    revision = max(path.name[:4] for path in _REVISIONS.glob("[0-9]*.py"))
    folder = kept_in() / f"past-{revision}-{number}"
    said = folder / "account.json"
    if not said.exists():
        shutil.rmtree(folder, ignore_errors=True)
        account = initialise(folder)
        fill(folder, number)
        said.write_text(json.dumps(asdict(account)), encoding="utf-8")
    return folder, Account(**json.loads(said.read_text(encoding="utf-8")))


def copied(number: int, to: Path) -> Account:
    """Copy such an instance to where it may change; return its owner."""
    folder, account = long_past(number)
    shutil.copytree(folder, to)
    return account


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
        connection.execute("BEGIN")
        dropped = _without_indexes(connection)
        head = head_of(store)
        for rows, after in batches(store, number, head):
            for table, some in rows.items():
                _insert(connection, table, some)
            head = after
        for statement in dropped:
            connection.execute(statement)
        _move_head(connection, owner_of(store).org, head)
        connection.execute("ANALYZE")
        connection.execute("COMMIT")
        connection.close()
        sign_now(store, owner_of(store).org)


def _without_indexes(connection: sqlite3.Connection) -> list[str]:
    """Drop the indexes; return how they are made again, which is cheaper than keeping them up."""
    wanted = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('approvals', 'decisions', 'events')"
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
    names = columns()[table]
    marks = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO {table}({', '.join(names)}) VALUES({marks})",
        rows,
    )


def columns() -> dict[str, Sequence[str]]:
    """Return the tables that a past is in, and their columns."""
    tables = (table_of(Approval), table_of(Decision), table_of(Event))
    found: dict[str, Sequence[str]] = {
        table.name: [column.name for column in table.columns] for table in tables
    }
    return found | {"approval_search": _SEARCH}


def batches(store: Store, number: int, head: Head) -> Iterator[tuple[Rows, Head]]:
    """Yield rows for each table, and where the log stands after them."""
    owner = owner_of(store)
    now = store.now()
    chance = random.Random(number)  # noqa: S311 - no secret
    for start in range(0, number, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, number))
        found: Rows = {name: [] for name in columns()}
        for row, arguments in rows_of(store, owner, numbers, (now, number), _small):
            ranks = chance.choices(range(WORDS), cum_weights=_PICKED, k=_SAID)
            row["summary"] = " ".join(map(word, ranks))
            decided = bool(row["decided_at"]) and row["by_person"]
            found["approvals"].append(_whole(table_of(Approval), row))
            found["approval_search"].append(_words(row, arguments))
            if decided:
                found["decisions"].append(_whole(table_of(Decision), _decision(row)))
            for happened in _events(row):
                event, head = _appended(head, owner.org, happened)
                found["events"].append(event)
        yield found, head


def _small(chance: random.Random) -> dict[str, object]:
    """Return arguments of few bytes: a million of them are to fit on a disk."""
    return {
        "amount": chance.randrange(600_000),
        "path": f"src/{chance.randrange(9_000)}.py",
    }


def _whole(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple([row.get(name, plain) for name, plain in _plain(table)])


@cache
def _plain(table: Table) -> list[tuple[str, Any]]:
    """Return the columns of a table and what is in them unless something is said."""
    columns = table.columns
    return [(column.name, getattr(column.default, "arg", None)) for column in columns]


def _words(row: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[str, str, str]:
    values = json.dumps(list(arguments.items()))
    said = f"{row['id']} {row['tool']}\n{values} {row['summary']} {row['session']}"
    return said, row["org_id"], row["id"]


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id("dec", row["decided_at"]),
        "org_id": row["org_id"],
        "approval_id": row["id"],
        "user_id": row["decided_by"],
        "verdict": "deny" if row["status"] == "denied" else "approve",
        "reason": "fine",
        "channel": "page",
        "at": row["decided_at"],
    }


def _events(row: Mapping[str, Any]) -> Iterator[tuple[int, str, str, str, dict[str, Any]]]:
    said = {name: row[name] for name in ("tool", "arguments_hash", "fingerprint")}
    said |= {"agent": row["agent_id"], "approval": row["id"]}
    subject, agent = f"approval:{row['id']}", f"agent:{row['agent_id']}"
    created = said | {"status": "pending", "risk": "medium", "version": 1}
    yield row["created_at"], agent, "approval.created", subject, created
    done = "approval.decided" if row["decided_at"] else "approval.expired"
    actor = f"user:{row['decided_by']}" if row["by_person"] else "system"
    after = said | {"status": row["status"], "resolution": row["resolution"], "version": 2}
    yield row["settled_at"], actor, done, subject, after


def _appended(
    head: Head, org_id: str, happened: tuple[int, str, str, str, dict[str, Any]]
) -> tuple[tuple[Any, ...], Head]:
    at, actor, action, subject, payload = happened
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

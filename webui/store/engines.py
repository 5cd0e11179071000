"""Connections to the two databases, with the settings that make their promises true."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import NullPool, QueuePool

BUSY_MS = 5_000
PLANNED_ANEW = "planned_anew"
"""Option of statements whose best plan depends on their values, as that of a walk along one of
several indexes does; see `is_planned_anew`."""
PRAGMAS = {
    "journal_mode": "WAL",
    # NORMAL loses acknowledged decisions on a power cut (research: security.md, F3)
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "busy_timeout": str(BUSY_MS),
    "journal_size_limit": "67108864",
    # 16 MiB of log between checkpoints: each writes a page once, however often it changed
    "wal_autocheckpoint": "4000",
    "trusted_schema": "OFF",
    # What a unit's savepoint would restore: beyond 64 KiB it would go to a file, which costs
    # an intake a third of its time, and a crash never reads it (that is the log's work).
    "temp_store": "MEMORY",
}


_READING = (
    "-c default_transaction_read_only=on"
    # As if on a disk with a moving head, PostgreSQL would rather walk a hundred thousand of the
    # newest rows than look up the few thousand that hold two common words.
    " -c random_page_cost=1.1"
)


def sqlite_url(path: Path) -> URL:
    """Return the URL of a SQLite file."""
    return make_url(f"sqlite:///{path}")


def writing_engine(url: URL) -> Engine:
    """Return the engine whose transactions change rows."""
    if url.get_backend_name() != "sqlite":
        return _postgresql_engine(url, "READ COMMITTED")
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_writer)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reading_engine(url: URL) -> Engine:
    """Return the engine for pages and lists: it cannot write, and each statement stands alone.

    READ COMMITTED would let each see what is committed when it begins, too, for the price of a
    BEGIN and a ROLLBACK; and a ROLLBACK makes psycopg forget which statements it has prepared,
    so that the server would plan each of them anew for every page.
    """
    if url.get_backend_name() != "sqlite":
        return _postgresql_engine(url, "AUTOCOMMIT", _READING)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        hide_parameters=True,
        pool_size=8,
        max_overflow=64,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_reader)
    return engine


@contextmanager
def one_state(connection: Connection) -> Iterator[None]:
    """Let what a block reads be of one moment; so alone may a long answer come in pieces.

    For connections of `reading_engine` that have read nothing yet.
    """
    on_postgresql = connection.dialect.name == "postgresql"
    how = " ISOLATION LEVEL REPEATABLE READ, READ ONLY" if on_postgresql else ""
    connection.exec_driver_sql(f"BEGIN{how}")
    try:
        yield
    finally:
        connection.rollback()


def _postgresql_engine(url: URL, isolation_level: str, further: str = "") -> Engine:
    options = "-c statement_timeout=5000 -c lock_timeout=2000 -c timezone=UTC"
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level=isolation_level,
        # an error in a log must not carry arguments, keys or hashes
        hide_parameters=True,
        pool_size=10,
        max_overflow=5,
        pool_use_lifo=True,  # the one used last has most of its statements prepared
        connect_args={"connect_timeout": 5, "options": f"{options} {further}".rstrip()},
    )
    event.listen(engine, "checkout", _refuse_closed)
    event.listen(engine, "do_execute", _plan_anew)
    return engine


def is_planned_anew(statement: str, options: Mapping[str, Any]) -> bool:
    """Say whether PostgreSQL plans a statement each time, for the values of that time.

    All others it plans once for any values, when a connection has run them a few times, which
    spares a page half of what it costs there. It then knows no limit either, takes it for a
    tenth of the table, and would rather sort that much than follow an index to the first few.
    """
    return bool(options.get(PLANNED_ANEW)) or "LIMIT" in statement


def _plan_anew(cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
    """Run a statement unprepared where its plan must not be kept; all others run as ever."""
    if not is_planned_anew(statement, context.execution_options):
        return None
    cursor.execute(statement, parameters, prepare=False)
    return True


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool open another connection in the place of one that the server has closed.

    What the server said last lies in our socket, so this costs no trip, as a ping would.
    """
    from psycopg import OperationalError  # noqa: PLC0415 - it is installed where it is used

    try:
        connection.pgconn.consume_input()  # the last words, if there are any
        connection.pgconn.consume_input()  # that nothing follows them
    except OperationalError as error:
        raise DisconnectionError from error


def _prepare_writer(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours: the driver's own is deferred
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {value}")


def _prepare_reader(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for name in ("busy_timeout", "trusted_schema"):
        connection.execute(f"PRAGMA {name} = {PRAGMAS[name]}")
    connection.execute("PRAGMA query_only = ON")
    connection.execute(
        "PRAGMA wal_autocheckpoint = 0"
    )  # the writer is the only checkpointer


def _begin_immediate(connection: Connection) -> None:
    # A deferred BEGIN that reads and then writes fails at once, whatever the timeout.
    connection.exec_driver_sql("BEGIN IMMEDIATE")

"""Connections to the two databases, with the settings that make their promises true."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool, QueuePool

BUSY_MS = 5_000
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


def sqlite_url(path: Path) -> URL:
    """Return the URL of a SQLite file."""
    return make_url(f"sqlite:///{path}")


def writing_engine(url: URL) -> Engine:
    """Return the engine whose transactions change rows."""
    if url.get_backend_name() != "sqlite":
        return _postgresql_engine(url)
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
    """Return the engine for pages and lists; on SQLite it cannot write."""
    if url.get_backend_name() != "sqlite":
        return _postgresql_engine(url)
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


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        # an error in a log must not carry arguments, keys or hashes
        hide_parameters=True,
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            "options": "-c statement_timeout=5000 -c lock_timeout=2000 -c timezone=UTC",
        },
    )


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

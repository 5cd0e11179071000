"""The same past in PostgreSQL: a cluster beside the kept instance, filled from its SQLite file.

The instance's keys open both databases, so one account signs in to either.
"""

import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from scripts.test_programs import find_postgres
from webui.runtime import DATABASE
from webui.store import schema
from webui.store.models.base import Model

DATABASE_NAME: Final = "countersign"
START_SECONDS: Final = 60
AT_ONCE: Final = 20_000
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "log_checkpoints": "off",
}


@contextmanager
def in_postgresql(instance: Path) -> Iterator[str]:
    """Give the address of a PostgreSQL that holds what an instance's SQLite file holds."""
    programs = find_postgres()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed: run `make test-programs` as root")
    folder = instance.parent / f"{instance.name}-postgresql"
    made = folder / "filled"
    if not made.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        folder.parent.chmod(0o711)  # its user has to get there
        shutil.chown(folder, *_owner())
        named = ["--username=bench", "--auth=trust", "--encoding=UTF8", "--no-locale"]
        _as_owner([programs / "initdb", "-D", folder / "data", *named])
    with _running(programs, folder) as url:
        if not made.exists():
            _fill(instance, url)
            made.touch()
        schema.upgrade(url)
        yield url


def _owner() -> tuple[int, int]:
    """Return the user and group that PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    raise RuntimeError("there is no user `postgres` or `nobody` to run PostgreSQL as")


def _words(command: Sequence[str | Path]) -> list[str | Path]:
    user, group = _owner()
    if os.geteuid() != 0:
        return list(command)
    drop = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    return [*drop, "--pdeathsig=INT", *command]


def _as_owner(command: Sequence[str | Path]) -> None:
    subprocess.run(_words(command), check=True, capture_output=True, cwd="/")


@contextmanager
def _running(programs: Path, folder: Path) -> Iterator[str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    settings = _SETTINGS | {"port": str(port), "unix_socket_directories": str(folder)}
    options = [
        word for name, value in settings.items() for word in ("-c", f"{name}={value}")
    ]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            _words([programs / "postgres", "-D", folder / "data", *options]),
            stdout=log,
            stderr=log,
            cwd="/",
        )
    try:
        _wait(port)
        yield f"postgresql+psycopg://bench@127.0.0.1:{port}/{DATABASE_NAME}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)


def _wait(port: int) -> None:
    over = time.monotonic() + START_SECONDS
    while True:
        try:
            with _connected(port, "postgres") as connection:
                found = connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE_NAME,)
                )
                if found.fetchone() is None:
                    name = sql.Identifier(DATABASE_NAME)
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
                return
        except psycopg.OperationalError:
            if time.monotonic() > over:
                raise
            time.sleep(0.1)


def _connected(port: int, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1", port=port, user="bench", dbname=database, autocommit=True
    )


def _fill(instance: Path, url: str) -> None:
    """Copy every table; indexes and constraints are made again at the end, which is cheaper."""
    schema.upgrade(url)
    port = int(url.rpartition(":")[2].partition("/")[0])
    with (
        closing(sqlite3.connect(f"file:{instance / DATABASE}?mode=ro", uri=True)) as source,
        _connected(port, DATABASE_NAME) as target,
    ):
        target.execute("SET session_replication_role = replica")
        target.execute("SET synchronous_commit = off")
        indexes = _indexes(target)
        for name, _ in indexes:
            target.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for table in Model.metadata.sorted_tables:
            _copy(source, target, table.name, [column.name for column in table.columns])
        _copy_words(source, target)
        for _, statement in indexes:
            target.execute(statement.encode())
        target.execute("VACUUM (ANALYZE)")


def _indexes(target: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Return the indexes that hold no constraint, and how each is made."""
    found = target.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    return [(name, statement) for name, statement in found]


def _copy(
    source: sqlite3.Connection,
    target: psycopg.Connection[Any],
    table: str,
    names: list[str],
) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    flags = _booleans(target, table, names)
    target.execute(f'DELETE FROM "{table}"'.encode())  # noqa: S608 - the schema's own names
    rows = source.execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608 - the same
    into = f'COPY "{table}" ({listed}) FROM STDIN'.encode()
    with target.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            if flags:
                changed = list(row)
                for at in flags:
                    changed[at] = None if row[at] is None else bool(row[at])
                copy.write_row(changed)
            else:
                copy.write_row(row)


def _booleans(target: psycopg.Connection[Any], table: str, names: list[str]) -> list[int]:
    """Return where truth values stand: SQLite keeps them as numbers."""
    found = target.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND data_type = 'boolean'",
        (table,),
    )
    return [names.index(name) for (name,) in found]


def _copy_words(source: sqlite3.Connection, target: psycopg.Connection[Any]) -> None:
    """Index the words as the desk does."""
    target.execute(
        "CREATE TEMP TABLE said(id bigserial, words text, org text, approval text)"
    )
    rows = source.execute(
        "SELECT words, org_id, approval_id FROM approval_search ORDER BY rowid"
    )
    with (
        target.cursor() as cursor,
        cursor.copy("COPY said (words, org, approval) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    target.execute(
        "INSERT INTO approval_search(words, org_id, approval_id)"
        " SELECT to_tsvector('simple', words), org, approval FROM said ORDER BY id"
    )

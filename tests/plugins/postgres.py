"""A real PostgreSQL for the tests: one cluster a test process, one database a test."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest

from scripts.test_programs import find_postgres
from tests.plugins.desk import House
from tests.plugins.pools import NAME, Pools
from webui.store import schema

USER = "countersign"
PASSWORD = "for-one-test-run"
MIGRATED = "migrated"
START_SECONDS = 120


@dataclass
class PostgresServer:
    """A cluster of its own, with the programs of the system and nothing of its data."""

    programs: Path
    folder: Path
    port: int
    durable: bool
    _process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says; pytest shows its end when the start fails."""
        return self.folder / "log"

    def url(self, database: str) -> str:
        """Where SQLAlchemy finds a database of this cluster."""
        return f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside of any transaction."""
        with self.connect(database) as connection:
            connection.execute(statement.encode())

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection that commits every statement."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def create(self) -> None:
        """Make the cluster's files."""
        password_file = self.folder / "password"
        password_file.write_text(PASSWORD)
        shutil.chown(password_file, *_owner())
        subprocess.run(
            [
                *_unprivileged(),
                self.programs / "initdb",
                "--pgdata",
                self.data,
                "--username",
                USER,
                "--pwfile",
                password_file,
                "--auth=md5",  # SCRAM takes its time on purpose, at each of thousands of connections
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=self.folder,
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # The server must not outlive a test process that is killed: it gets SIGINT then.
        dying_with_us = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(_unprivileged() or dying_with_us),
                    self.programs / "postgres",
                    "-D",
                    self.data,
                    *self._options(),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        self._wait_until_it_answers(self._process)

    def _options(self) -> Iterator[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "shared_buffers": "32MB",
            "max_connections": "120",
            "log_checkpoints": "off",
        }
        if not self.durable:
            # A killed process loses nothing without fsync; only a power cut would.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        for name, value in settings.items():
            yield "-c"
            yield f"{name}={value}"

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        over = time.monotonic() + START_SECONDS
        while True:
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > over:
                    said = self.log.read_text(errors="replace")[-2_000:]
                    raise RuntimeError(f"PostgreSQL did not start:\n{said}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT in order, SIGKILL as in a crash (of all its processes)."""
        if self._process is None:
            return
        process, self._process = self._process, None
        children = _children(process.pid) if how is signal.SIGKILL else []
        process.send_signal(how)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait(timeout=START_SECONDS)


def _children(pid: int) -> list[int]:
    """The server's own processes: each keeps shared memory that a new start would trip over."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def _owner() -> tuple[int, int]:
    """Return the user and group that PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    raise RuntimeError(
        "there is neither a user `postgres` nor `nobody` to run PostgreSQL as"
    )


def _unprivileged() -> list[str]:
    """Return the words before a command that drop root; none for an ordinary user."""
    if os.geteuid() != 0:
        return []
    user, group = _owner()
    return [
        "setpriv",
        f"--reuid={user}",
        f"--regid={group}",
        "--clear-groups",
        "--pdeathsig=INT",
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def new_postgres_server() -> Iterator[Callable[[], PostgresServer]]:
    """Start further clusters, for tests that stop, kill or slow down theirs."""
    with contextlib.ExitStack() as ends:

        def new(*, durable: bool = False) -> PostgresServer:
            programs = find_postgres()
            if programs is None:
                pytest.fail("PostgreSQL is not installed: run `make test-programs` as root")
            # Not below pytest's own folder: only root may look into that.
            folder = Path(tempfile.mkdtemp(prefix="countersign-postgres-"))
            ends.callback(shutil.rmtree, folder, ignore_errors=True)
            shutil.chown(folder, *_owner())
            server = PostgresServer(programs, folder, _free_port(), durable)
            ends.callback(server.stop)
            server.create()
            server.start()
            return server

        yield new


@pytest.fixture(scope="session")
def postgres_server(
    new_postgres_server: Callable[..., PostgresServer], pytestconfig: pytest.Config
) -> PostgresServer:
    """The cluster of this test process, shared by its tests; durable under `make proof`."""
    return new_postgres_server(
        durable="proof" in (pytestconfig.option.markexpr or "").split()
    )


@pytest.fixture(scope="session")
def _migrated_database(postgres_server: PostgresServer) -> str:
    """A database at the newest revision; copying it takes a tenth of migrating anew."""
    postgres_server.run(f"CREATE DATABASE {MIGRATED}")
    schema.upgrade(postgres_server.url(MIGRATED))
    return MIGRATED


def _database(server: PostgresServer, template: str, name: str) -> Iterator[str]:
    server.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server.url(name)
    # FORCE: a test that failed may still hold connections; its own message matters, not ours.
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _database_numbers() -> Iterator[int]:
    return iter(range(1_000_000))


@dataclass
class EmptyDatabases:
    """Migrated databases, used again by one test after the other.

    Making one and dropping it costs more than most tests that need one. What a test left in it
    is deleted; one that a test changed the shape of, or filled far, is dropped. The rows that
    most tests begin with lie in a schema of their own and are copied over. One connection to
    each stays open: a new one first has to learn of all the tables.
    """

    server: PostgresServer
    template: str
    numbers: Iterator[int]
    contents: House
    pools: Pools
    free: list[str] = field(default_factory=list)
    _open: dict[str, psycopg.Connection[Any]] = field(default_factory=dict)

    @cached_property
    def _shape(self) -> tuple[object, ...]:
        with self.server.connect(self.template) as connection:
            return _shape_of(connection)

    def take(self, *, furnished: bool) -> str:
        """Return the name of one, with the house in it or without a row."""
        name = self.free.pop() if self.free else self._new()
        if furnished:
            self._open[name].execute(_FURNISH)
        return name

    def _new(self) -> str:
        shape = self._shape  # asked before the copy: nobody may be in the template then
        assert shape
        name = f"t{next(self.numbers)}"
        self.server.run(
            f"CREATE DATABASE {name} TEMPLATE {self.template} STRATEGY FILE_COPY"
        )
        self._open[name] = self.server.connect(name)
        self._open[name].execute(_WITHOUT_TRIGGERS)
        self.pools.keep(self.server.url(name))
        return name

    def give_back(self, name: str) -> None:
        """Empty it for the next test."""
        connection = self._open[name]
        kept = self.pools.take_back(self.server.url(name))
        connection.execute(_END_OTHERS, [NAME if kept else ""])
        small = connection.execute(_IS_SMALL).fetchone() == (True,)
        if small and _shape_of(connection) == self._shape:
            connection.execute(_DELETE_ALL)
            self.free.append(name)
            return
        self._open.pop(name).close()
        self.pools.drop(self.server.url(name))
        # FORCE: a test that failed may still hold connections.
        self.server.run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Let go of all of them."""
        for connection in self._open.values():
            connection.close()


_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND application_name <> %s
"""
_IS_SMALL = "SELECT pg_database_size(current_database()) < 32 * 1024 * 1024"
_WITHOUT_TRIGGERS = "SET session_replication_role = replica"
_PUT_ASIDE = """
    CREATE SCHEMA furnished;
    DO $$
    DECLARE known record; filled boolean;
    BEGIN
      FOR known IN SELECT tablename FROM pg_tables
                   WHERE schemaname = 'public' AND tablename <> 'alembic_version'
      LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', known.tablename) INTO filled;
        IF filled THEN
          EXECUTE format('CREATE TABLE furnished.%1$I AS SELECT * FROM public.%1$I',
                         known.tablename);
        END IF;
      END LOOP;
    END $$
"""
_FURNISH = """
    DO $$
    DECLARE known record;
    BEGIN
      FOR known IN SELECT tablename FROM pg_tables WHERE schemaname = 'furnished'
      LOOP
        EXECUTE format('INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE '
                       'SELECT * FROM furnished.%1$I', known.tablename);
      END LOOP;
    END $$
"""
_DELETE_ALL = """
    DO $$
    DECLARE known record; filled boolean;
    BEGIN
      FOR known IN SELECT tablename FROM pg_tables
                   WHERE schemaname = 'public' AND tablename <> 'alembic_version'
      LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', known.tablename) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %I', known.tablename); END IF;
      END LOOP;
    END $$
"""


def _shape_of(connection: psycopg.Connection[Any]) -> tuple[object, ...]:
    """Return what tells a database that was only filled from one that was altered."""
    relations = """
        SELECT count(*), sum(relnatts) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    """
    triggers = "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O'"
    revision = "SELECT version_num FROM alembic_version"
    return tuple(
        connection.execute(query).fetchone() for query in (relations, triggers, revision)
    )


@pytest.fixture(scope="session")
def _empty_databases(
    postgres_server: PostgresServer,
    _migrated_database: str,
    _database_numbers: Iterator[int],
    _furnish: Callable[[str], House],
    pools: Pools,
) -> Iterator[EmptyDatabases]:
    house = _furnish(postgres_server.url(_migrated_database))
    with postgres_server.connect(_migrated_database) as connection:
        connection.execute(_PUT_ASIDE)
        connection.execute(_WITHOUT_TRIGGERS)
        connection.execute(_DELETE_ALL)
    made = EmptyDatabases(
        postgres_server, _migrated_database, _database_numbers, house, pools
    )
    yield made
    made.close()


@pytest.fixture
def postgres_url(
    request: pytest.FixtureRequest, _empty_databases: EmptyDatabases
) -> Iterator[str]:
    """A database of one test, at the newest revision, with the `house` if it asks for one."""
    name = _empty_databases.take(furnished="house" in request.fixturenames)
    yield _empty_databases.server.url(name)
    _empty_databases.give_back(name)


@pytest.fixture
def empty_postgres_url(
    postgres_server: PostgresServer, _database_numbers: Iterator[int]
) -> Iterator[str]:
    """A database of one test without any table, for tests of migrations."""
    yield from _database(postgres_server, "template0", f"t{next(_database_numbers)}")

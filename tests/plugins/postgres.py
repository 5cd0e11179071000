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
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from scripts.test_programs import find_postgres
from webui.store import schema

USER = "countersign"
PASSWORD = "for-one-test-run"
MIGRATED = "migrated"
START_SECONDS = 30


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
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        ) as connection:
            connection.execute(statement.encode())

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
                "--auth=scram-sha-256",
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


@pytest.fixture
def postgres_url(
    postgres_server: PostgresServer,
    _migrated_database: str,
    _database_numbers: Iterator[int],
) -> Iterator[str]:
    """A database of one test, at the newest revision and without a row."""
    yield from _database(postgres_server, _migrated_database, f"t{next(_database_numbers)}")


@pytest.fixture
def empty_postgres_url(
    postgres_server: PostgresServer, _database_numbers: Iterator[int]
) -> Iterator[str]:
    """A database of one test without any table, for tests of migrations."""
    yield from _database(postgres_server, "template0", f"t{next(_database_numbers)}")

"""Real servers on one PostgreSQL: who stops hands its bridge over, and the last one rejects."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from socket import gethostname
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import make_url

from tests.bridges.program import until
from tests.bridges.standin import StandIn
from tests.bridges.test_killed import listening, touch
from tests.plugins.countersign import environment_of
from webui.approvals.nodes import LEASE_MS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.countersign import Served

AN_HOUR = 3_600_000
pytestmark = [pytest.mark.postgres, pytest.mark.sure]


@pytest.fixture
def opencode(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in of this test's own."""
    standin = StandIn(tmp_path)
    standin.start()
    yield standin
    standin.close()


class Cluster:
    """Nodes on one database, and what is in it."""

    def __init__(
        self, serve: Any, countersign: Any, url: str, folder: Path, opencode: StandIn
    ) -> None:
        self.keys = {
            "DATABASE_URL": url,
            "COUNTERSIGN_KEYS_FILE": str(folder / "keys"),
            "COUNTERSIGN_CALLBACK_ALLOW": "127.0.0.1",
        }
        self._serve, self._folder = serve, folder
        self._database = make_url(url).set(drivername="postgresql")
        environment = environment_of(folder / "first", **self.keys)
        made = countersign(environment, "init", "--json")
        assert made.returncode == 0, made.stderr
        self._run, self._environment = countersign, environment
        self._token = json.loads(made.stdout)["admin"]["token"]
        listening(self, opencode)  # type: ignore[arg-type] # it needs the environment only

    @property
    def environment(self) -> dict[str, str]:
        return self._environment

    def start(self, name: str) -> Served:
        (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        served: Served = self._serve(self._folder / name, **self.keys)
        return served

    def rows(self, statement: str) -> list[Any]:
        url = self._database.render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def statuses(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT status FROM approvals ORDER BY id")]

    def holder(self) -> str | None:
        """Return the node that listens, once it is connected."""
        found = self.rows("SELECT node FROM bridges WHERE connected_at IS NOT NULL")
        return found[0][0] if found else None

    def approve(self) -> None:
        """Approve the newest card by the command line."""
        ((approval,),) = self.rows("SELECT max(id) FROM approvals")
        words = ("approvals", "approve", approval, "--token", self._token)
        done = self._run(self._environment, *words)
        assert done.returncode == 0, done.stderr

    def doctor(self) -> str:
        return str(self._run(self._environment, "doctor").stdout)


@pytest.fixture
def cluster(
    serve: Any,
    countersign: Any,
    empty_postgres_url: str,
    tmp_path: Path,
    opencode: StandIn,
) -> Cluster:
    """A database with a source that listens; nobody serves it yet."""
    return Cluster(serve, countersign, empty_postgres_url, tmp_path, opencode)


def kill(server: Served) -> None:
    """KILL, its worker first: nobody gets to say goodbye."""
    found = subprocess.run(
        ["pgrep", "-P", str(server.process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    for pid in (server.process.pid, *map(int, found.stdout.split())):
        os.kill(pid, signal.SIGKILL)
    server.process.communicate()


def test_a_node_that_stops_leaves_its_questions_to_the_other_and_the_last_rejects_them(
    cluster: Cluster, opencode: StandIn
) -> None:
    a = cluster.start("a")
    first = until(cluster.holder, "a connection")
    b = cluster.start("b")
    assert len(cluster.rows("SELECT id FROM nodes")) == 2, "it is known once it is ready"
    opencode.prompt(touch("open"))
    opencode.prompt(touch("allowed"))
    until(lambda: cluster.statuses() == ["pending"] * 2, "the cards")
    here = gethostname()
    assert f"nodes: Serving this database now: {here}, {here}.\n" in cluster.doctor()

    assert a.stop()[0] == 0
    assert cluster.rows("SELECT node FROM bridges") != [(first,)]  # no lease to wait for
    assert len(cluster.rows("SELECT id FROM nodes")) == 1
    until(cluster.holder, "the other's connection")
    assert cluster.statuses() == ["pending"] * 2
    assert len(opencode.pending()) == 2
    cluster.approve()
    until((opencode.work / "allowed").exists, "the file")
    until(lambda: cluster.statuses() == ["pending", "consumed"], "its end")

    assert b.stop()[0] == 0
    assert cluster.statuses() == ["cancelled", "consumed"]
    until(lambda: not opencode.pending(), "the rejection")
    assert not (opencode.work / "open").exists()
    assert cluster.rows("SELECT id FROM nodes") == []


def test_a_killed_node_counts_no_longer_once_its_lease_is_over(
    cluster: Cluster, opencode: StandIn
) -> None:
    a = cluster.start("a")
    killed = until(cluster.holder, "a connection")
    opencode.prompt(touch("open"))
    until(lambda: cluster.statuses() == ["pending"], "the card")
    kill(a)
    # however long the next steps take here, its lease is not over yet
    of = f"WHERE id = '{killed}'"
    cluster.rows(f"UPDATE nodes SET seen_at = seen_at + {AN_HOUR} {of}")  # noqa: S608 - our own number and id
    b = cluster.start("b")
    assert b.stop()[0] == 0
    assert cluster.statuses() == ["pending"], "the killed one may live for all we know"

    b = cluster.start("b")
    over = AN_HOUR + LEASE_MS
    cluster.rows(f"UPDATE nodes SET seen_at = seen_at - {over} {of}")  # noqa: S608 - the same
    assert b.stop()[0] == 0
    assert cluster.statuses() == ["cancelled"]
    until(lambda: not opencode.pending(), "the rejection")

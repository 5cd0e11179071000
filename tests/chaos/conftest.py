"""The real server on the real database, killed and restarted while others work with it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from benchmarks.prepare import opened
from benchmarks.servers import Account, Served, environment, initialise, launch
from webui.store.models import Approval, Consumption

WRITERS = 8
SETTLED_FOR_USE = {"approved", "executing", "consumed", "failed", "unknown"}


@dataclass
class Caller:
    """One connection at a time to the agents' listener."""

    port: int
    bearer: str
    _connection: HTTPConnection | None = None

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and document; raises ConnectionError when no whole answer came."""
        headers = {"Authorization": f"Bearer {self.bearer}"}
        data = None
        if method == "POST":
            headers["Content-Type"] = "application/json"
            data = json.dumps(body or {})
        try:
            if self._connection is None:
                self._connection = HTTPConnection("127.0.0.1", self.port, timeout=70)
            self._connection.request(method, path, data, headers)
            answer = self._connection.getresponse()
            text = answer.read()
            if answer.will_close:
                self.close()
        except (OSError, HTTPException) as error:
            self.close()
            raise ConnectionError("no whole answer came") from error
        return answer.status, json.loads(text)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Rig:
    """A desk that comes back at the same addresses however it ended."""

    folder: Path
    database_url: str | None
    more: dict[str, str] = field(default_factory=dict)
    served: Served | None = None

    def __post_init__(self) -> None:
        if self.database_url is not None:
            self.more["DATABASE_URL"] = self.database_url
        self.account: Account = initialise(self.folder, **self.more)

    def start(self) -> Served:
        """Serve."""
        with (self.folder / "server.log").open("a", encoding="utf-8") as log:
            self.served = launch(self.folder, more=self.more, log=log)
        self.more |= {
            "COUNTERSIGN_BIND": f"127.0.0.1:{self.served.dashboard}",
            "COUNTERSIGN_AGENT_BIND": f"127.0.0.1:{self.served.agents}",
        }
        return self.served

    def kill(self) -> None:
        """SIGKILL, to supervisor and worker."""
        assert self.served is not None
        self.served.kill()
        self.served = None

    def stop(self) -> int:
        """TERM; return the exit status."""
        assert self.served is not None
        served, self.served = self.served, None
        return served.signal(signal.SIGTERM)

    def agent(self) -> Caller:
        """A connection with the agent's key."""
        assert self.served is not None
        return Caller(self.served.agents, self.account.key)

    def person(self) -> Caller:
        """A connection with the admin's token."""
        assert self.served is not None
        return Caller(self.served.agents, self.account.token)

    def verified(self) -> bool:
        """Whether the whole log verifies, by the command that an auditor runs."""
        done = subprocess.run(
            [sys.executable, "-m", "webui.cli", "audit", "verify"],
            env=environment(self.folder, self.more),
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def log(self) -> str:
        """What the server wrote to standard error."""
        return (self.folder / "server.log").read_text("utf-8")


@dataclass
class Ledger:
    """What the server said that it had done."""

    filed: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    used: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Consumptions by approval."""

    def violations(self, rig: Rig) -> dict[str, int]:
        """Compare it with the rows, which nobody serves now."""
        with opened(rig.folder, rig.database_url) as store, store.reading() as session:
            rows = session.execute(select(Approval.id, Approval.status))
            status = {row.id: row.status for row in rows}
            uses = set(session.scalars(select(Consumption.id)))
            doubled = session.scalars(
                select(Consumption.approval_id)
                .group_by(Consumption.approval_id)
                .having(func.count() > 1)
            ).all()
        lost = len(self.filed - status.keys())
        lost += sum(status.get(each) not in SETTLED_FOR_USE for each in self.approved)
        lost += sum(len(some - uses) for some in self.used.values())
        twice = sum(len(some) > 1 for some in self.used.values())
        return {
            "lost": lost,
            "double": len(doubled) + twice,
            "broken chain": int(not rig.verified()),
        }


class Crowd:
    """Writers that file, approve and use calls; two of them want each use."""

    def __init__(self, rig: Rig, ledger: Ledger, numbers: Iterator[int]) -> None:
        self._rig, self._ledger, self._numbers = rig, ledger, numbers
        self._over = threading.Event()
        self._acknowledged = threading.Semaphore(0)
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def until(self, acknowledged: int) -> None:
        """Wait until so many more calls were filed, approved or used."""
        for _ in range(acknowledged):
            assert self._acknowledged.acquire(timeout=120), (self._rig.log(), self.errors)

    def end(self) -> None:
        """Stop, and raise what a writer found wrong."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _write(self) -> None:
        agent, rival, person = self._rig.agent(), self._rig.agent(), self._rig.person()
        try:
            while not self._over.is_set():
                self._one_call(agent, rival, person)
        except ConnectionError:
            return  # the server went away: this writer's day is over
        except BaseException as error:  # noqa: BLE001 - raised again by `end`
            self.errors.append(error)
        finally:
            for caller in (agent, rival, person):
                caller.close()

    def _one_call(self, agent: Caller, rival: Caller, person: Caller) -> None:
        body = {"tool": "shell.run", "arguments": {"n": next(self._numbers)}}
        status, document = agent.send("POST", "/api/v1/approvals", body)
        if status == 503:
            raise ConnectionError("it is stopping")
        assert status == 201, document
        approval_id = document["id"]
        self._ledger.filed.add(approval_id)
        self._acknowledged.release()
        status, document = person.send("POST", f"/api/approve/{approval_id}")
        assert status == 200, document
        self._ledger.approved.add(approval_id)
        self._acknowledged.release()
        second = threading.Thread(target=self._use, args=(rival, body))
        second.start()
        try:
            self._use(agent, body)
        finally:
            second.join()

    def _use(self, caller: Caller, body: Any) -> None:
        try:
            status, document = caller.send("POST", "/api/v1/gate", body)
        except ConnectionError:
            return
        if status == 200:
            used = self._ledger.used[document["approval"]["id"]]
            used.add(document["consumption"])
            self._acknowledged.release()
        elif status not in {409, 503}:
            self.errors.append(AssertionError(document))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the second database to `make sure` where a rig starts and stops whole desks.

    What it finds there lies in our process far more than in the database under it; the races,
    which do depend on the database, stay.
    """
    for item in items:
        here = item.path.parent == Path(__file__).parent
        starts = here and item.path.name in WHOLE_DESKS
        if starts and item.get_closest_marker("postgres"):
            item.add_marker("sure")


WHOLE_DESKS = {
    "test_kill.py",
    "test_receivers.py",
    "test_restart.py",
    "test_signatures.py",
    "test_term.py",
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A desk that is not served yet, on each database."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
    made = Rig(tmp_path / "desk", url)
    yield made
    if made.served is not None:
        made.kill()


@pytest.fixture
def ledger() -> Ledger:
    """Nothing was said yet."""
    return Ledger()


@pytest.fixture
def crowd(rig: Rig, ledger: Ledger) -> Callable[[], Crowd]:
    """Let eight writers loose on the desk as it is served now."""
    numbers = count()
    return lambda: Crowd(rig, ledger, numbers)

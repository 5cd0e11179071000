"""R10: bad receivers beside a healthy one (quality.md, "Reliability")."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from benchmarks.figures import percentile
from benchmarks.receivers import BAD
from benchmarks.servers import ROOT
from tests.chaos.conftest import Caller
from tests.plugins.served import ServedDesk, StartDesk

TIMEOUT = 120
CALLS = int(os.environ.get("COUNTERSIGN_CALLS", "30"))
ROUNDS = 5
GOAL = 1.1
ALLOWED = {
    "COUNTERSIGN_ADMIN_API": "1",
    "COUNTERSIGN_CALLBACK_ALLOW": "127.0.0.1",
    "COUNTERSIGN_MAX_PENDING": "0",
    "COUNTERSIGN_RATE_LIMIT": "0",
}
EVENTS = ("approval.created", "approval.decided")


class Receivers:
    """One process of receivers; what arrived there, in order."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.receivers"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        self.arrivals: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reading.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.arrivals.put(json.loads(line))
        self._process.stdout.close()


@pytest.fixture
def receivers() -> Iterator[Callable[[], Receivers]]:
    """Start processes of receivers; all end with the test."""
    started: list[Receivers] = []

    def start() -> Receivers:
        started.append(Receivers())
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def telling(request: pytest.FixtureRequest, start_desk: StartDesk) -> Iterator[ServedDesk]:
    """A desk that tells whomever it is asked to, on each database."""
    more = dict(ALLOWED)
    if request.param == "postgresql":
        more["DATABASE_URL"] = request.getfixturevalue("empty_postgres_url")
    desk = start_desk(**more)
    yield desk
    desk.stop()


@contextmanager
def bad_ones(desk: ServedDesk, bad: Receivers) -> Iterator[list[dict[str, Any]]]:
    """Have all kinds of bad endpoints, none of which has failed before."""
    made = [desk.command("endpoints", "add", bad.url + path) for path in BAD]
    try:
        yield made
    finally:
        for each in made:
            desk.command("endpoints", "remove", each["id"])


@dataclass
class Seen:
    """In ms after something was sent to the desk: when it answered, when the healthy one knew."""

    answered: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)

    def __iadd__(self, other: Seen) -> Self:
        self.answered += other.answered
        self.told += other.told
        return self

    def figures(self) -> dict[str, float]:
        """Return the percentiles that say how it felt."""
        seen = {f"p{at}": round(percentile(self.told, at / 100), 1) for at in (50, 90, 99)}
        return seen | {"answered_p50": round(percentile(self.answered, 0.5), 1)}


def called(desk: ServedDesk, healthy: Receivers, number: int) -> Seen:
    """File calls and decide them one by one."""
    port = int(desk.agents.rpartition(":")[2])
    agent, person = Caller(port, desk.key), Caller(port, desk.admin.token)
    seen = Seen()
    with closing(agent), closing(person):
        for at in range(number):
            body = {"tool": "shell.run", "arguments": {"n": time.monotonic_ns()}}
            filed = _sent(agent, "/api/v1/approvals", body, healthy, seen)
            time.sleep(
                0.013 * (at % 20)
            )  # so that no tick of the desk meets them all alike
            _sent(person, f"/api/approve/{filed}", None, healthy, seen)
    return seen


def _sent(caller: Caller, path: str, body: Any, healthy: Receivers, seen: Seen) -> str:
    sent = time.monotonic()
    status, document = caller.send("POST", path, body)
    seen.answered.append((time.monotonic() - sent) * 1000)
    assert status in {200, 201}, document
    told = healthy.arrivals.get(timeout=TIMEOUT)
    seen.told.append((told["at"] - sent) * 1000)
    assert told["type"] == ("approval.created" if body else "approval.decided")
    return str(told["id"])


def add_healthy(desk: ServedDesk, healthy: Receivers) -> None:
    """Make the endpoint that is looked at."""
    wanted = [word for event in EVENTS for word in ("--event", event)]
    desk.command("endpoints", "add", f"{healthy.url}/healthy", *wanted)


@pytest.mark.sure  # tests/outbox has slow and failing ones beside a healthy one, without a desk
def test_bad_receivers_keep_nothing_from_a_healthy_one(
    telling: ServedDesk, receivers: Callable[[], Receivers]
) -> None:
    desk, healthy, bad = telling, receivers(), receivers()
    add_healthy(desk, healthy)
    with bad_ones(desk, bad):
        assert len(called(desk, healthy, 6).told) == 12
        reached = {bad.arrivals.get(timeout=TIMEOUT)["path"] for _ in range(2 * len(BAD))}
        assert reached == set(BAD)


@pytest.mark.proof
def test_beside_bad_receivers_a_healthy_one_is_told_as_soon(
    telling: ServedDesk,
    receivers: Callable[[], Receivers],
    report: Callable[..., None],
    request: pytest.FixtureRequest,
) -> None:
    desk, healthy, bad = telling, receivers(), receivers()
    add_healthy(desk, healthy)
    called(desk, healthy, 10)
    alone, beside, ratios = Seen(), Seen(), list[float]()
    for _ in range(ROUNDS):
        one = called(desk, healthy, CALLS)
        with bad_ones(desk, bad):
            other = called(desk, healthy, CALLS)
        alone += one
        beside += other
        ratios.append(round(percentile(other.told, 0.5) / percentile(one.told, 0.5), 2))
    ratio = percentile(beside.told, 0.5) / percentile(alone.told, 0.5)
    report(
        id="R10",
        database=request.node.callspec.params["telling"],
        deliveries=len(alone.told) + len(beside.told),
        alone=alone.figures(),
        beside=beside.figures(),
        ratio=round(ratio, 3),
        rounds=ratios,
        goal="< 1.1",
        met=ratio < GOAL,
    )

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
from typing import Any

import pytest

from benchmarks.figures import percentile
from benchmarks.receivers import BAD
from benchmarks.servers import ROOT
from tests.chaos.conftest import Caller
from tests.plugins.served import ServedDesk, StartDesk

TIMEOUT = 30
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

    def arrival(self, event: str, approval_id: str) -> float:
        """Wait for the next arrival, which must be this one; return when it was."""
        told = self.arrivals.get(timeout=TIMEOUT)
        assert (told["type"], told["id"]) == (event, approval_id)
        return float(told["at"])

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


@contextmanager
def bad_ones(desk: ServedDesk, bad: Receivers) -> Iterator[list[dict[str, Any]]]:
    """Have all kinds of bad endpoints, none of which has failed before."""
    made = [desk.command("endpoints", "add", bad.url + path) for path in BAD]
    try:
        yield made
    finally:
        for each in made:
            desk.command("endpoints", "remove", each["id"])


def called(desk: ServedDesk, healthy: Receivers, number: int) -> list[float]:
    """File calls and decide them one by one; how many ms after each the healthy one knew."""
    port = int(desk.agents.rpartition(":")[2])
    agent, person = Caller(port, desk.key), Caller(port, desk.admin.token)
    took: list[float] = []
    with closing(agent), closing(person):
        for at in range(number):
            took += _told_of_one(agent, person, healthy, at)
    return took


def _told_of_one(agent: Caller, person: Caller, healthy: Receivers, at: int) -> list[float]:
    body = {"tool": "shell.run", "arguments": {"n": time.monotonic_ns()}}
    sent = time.monotonic()
    status, filed = agent.send("POST", "/api/v1/approvals", body)
    assert status == 201, filed
    first = healthy.arrival("approval.created", filed["id"]) - sent
    time.sleep(0.013 * (at % 20))  # so that no tick of the desk meets them all alike
    sent = time.monotonic()
    status, decided = person.send("POST", f"/api/approve/{filed['id']}")
    assert status == 200, decided
    second = healthy.arrival("approval.decided", filed["id"]) - sent
    return [first * 1000, second * 1000]


def add_healthy(desk: ServedDesk, healthy: Receivers) -> None:
    """Make the endpoint that is looked at."""
    wanted = [word for event in EVENTS for word in ("--event", event)]
    desk.command("endpoints", "add", f"{healthy.url}/healthy", *wanted)


def test_bad_receivers_keep_nothing_from_a_healthy_one(
    start_desk: StartDesk, receivers: Callable[[], Receivers]
) -> None:
    desk, healthy, bad = start_desk(**ALLOWED), receivers(), receivers()
    add_healthy(desk, healthy)
    with bad_ones(desk, bad):
        assert len(called(desk, healthy, 6)) == 12
        reached = {bad.arrivals.get(timeout=TIMEOUT)["path"] for _ in range(2 * len(BAD))}
        assert reached == set(BAD)


@pytest.mark.proof
def test_beside_bad_receivers_a_healthy_one_is_told_as_soon(
    start_desk: StartDesk, receivers: Callable[[], Receivers], report: Callable[..., None]
) -> None:
    desk, healthy, bad = start_desk(**ALLOWED), receivers(), receivers()
    add_healthy(desk, healthy)
    called(desk, healthy, 10)
    alone: list[float] = []
    beside: list[float] = []
    ratios: list[float] = []
    for _ in range(ROUNDS):
        one = called(desk, healthy, CALLS)
        with bad_ones(desk, bad):
            other = called(desk, healthy, CALLS)
        alone += one
        beside += other
        ratios.append(round(percentile(other, 0.5) / percentile(one, 0.5), 2))
    ratio = percentile(beside, 0.5) / percentile(alone, 0.5)
    report(
        id="R10",
        deliveries=len(alone) + len(beside),
        alone={f"p{at}": round(percentile(alone, at / 100), 1) for at in (50, 90, 99)},
        beside={f"p{at}": round(percentile(beside, at / 100), 1) for at in (50, 90, 99)},
        ratio=round(ratio, 3),
        rounds=ratios,
        met=ratio < GOAL,
    )

"""P3: from a person's decision to the agent that waits for it, with a thousand others waiting.

python -m benchmarks.waiting    reads a plan (JSON) from standard input, prints what it saw
"""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.figures import Figure, compared, percentile
from benchmarks.load import answer_end
from benchmarks.prepare import file_calls, opened
from benchmarks.servers import ROOT, Account, Served, initialise, scratch, serving

SIZES = (1_000, 10_000) if os.environ.get("COUNTERSIGN_BENCH") == "full" else (1_000,)
DECISIONS = 150
RUNS = 3
GOAL_P99_MS = 10.0


@dataclass(frozen=True)
class Plan:
    """Whose calls wait, and who decides the first `decisions` of them."""

    port: int
    key: str
    token: str
    ids: list[str]
    decisions: int


@dataclass(frozen=True)
class Seen:
    """In ms after the decision was sent: when it was answered, when its agent knew."""

    answered: list[float]
    told: list[float]
    released: float
    """Seconds until the last of all others knew that their session had ended."""


def measure() -> Iterator[Figure]:
    """Measure P3."""
    for size in SIZES:
        with scratch() as folder:
            yield from _with_waiting(folder, size)


def _with_waiting(folder: Path, size: int) -> Iterator[Figure]:
    account = initialise(folder / "desk")
    runs: list[Seen] = []
    for run in range(RUNS):
        with opened(folder / "desk") as store:
            ids = file_calls(store, account, size, first=run * size)
        with serving(folder / "desk") as served:
            runs.append(_waited(served, account, ids))
    told = [percentile(run.told, 0.5) for run in runs]
    answered = [percentile(run.answered, 0.5) for run in runs]
    yield compared(
        told,
        answered,
        place=("P3", f"decision to waiting agent, p50, {size} waiting"),
        unit="ms",
        goal="<= 1.1 x the decision's own answer",
        at_most=1.1,
    )
    worst = [percentile(run.told, 0.99) for run in runs]
    yield compared(
        worst,
        [percentile(run.answered, 0.99) for run in runs],
        place=("P3", f"decision to waiting agent, p99, {size} waiting"),
        unit="ms",
        goal=f"<= {GOAL_P99_MS:.0f} ms",
        limit=GOAL_P99_MS,
    )
    yield compared(
        [run.released for run in runs],
        [2.0],
        place=("P3", f"all of {size} waiting agents released at once"),
        unit="s",
        goal="< 2 s",
        at_most=1.0,
    )


def _waited(served: Served, account: Account, ids: list[str]) -> Seen:
    plan = Plan(served.agents, account.key, account.token, ids, DECISIONS)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.waiting"],
        input=json.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return Seen(**json.loads(done.stdout))


class Waiters:
    """One connection an agent, each holding a long poll, and one that decides."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.poll = select.epoll()
        self.by_fd: dict[int, str] = {}
        self.socks: list[socket.socket] = []
        for approval_id in plan.ids:
            sock = self.connect()
            path = f"/api/v1/approvals/{approval_id}?wait=60"
            sock.sendall(self.request("GET", path, plan.key, ""))
            self.by_fd[sock.fileno()] = approval_id
            self.poll.register(sock, select.EPOLLIN)
        self.decider = self.connect()
        self.socks_by_fd = {sock.fileno(): sock for sock in self.socks}
        self.poll.register(self.decider, select.EPOLLIN)

    def connect(self) -> socket.socket:
        """Open a connection to the agents' listener."""
        sock = socket.create_connection(("127.0.0.1", self.plan.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socks.append(sock)
        return sock

    def request(self, method: str, path: str, key: str, body: str) -> bytes:
        """Return a request's bytes."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.plan.port}",
            f"Authorization: Bearer {key}",
        ]
        if method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def decide(self, approval_id: str) -> tuple[float, float]:
        """Approve one call; return when that was answered and when its agent knew (ms)."""
        body = '{"reason": "fine"}'
        path = f"/api/approve/{approval_id}"
        started = time.perf_counter()
        self.decider.sendall(self.request("POST", path, self.plan.token, body))
        answered = told = 0.0
        partial: dict[int, bytes] = {}
        while not (answered and told):
            for number, _ in self.poll.poll(10):
                at = (time.perf_counter() - started) * 1000
                data = partial.get(number, b"") + self.socks_by_fd[number].recv(65_536)
                partial[number] = data
                if not answer_end(data):
                    continue
                assert data[9:12] == b"200", data[:500]
                if number == self.decider.fileno():
                    answered = at
                else:
                    assert self.by_fd.pop(number) == approval_id
                    told = at
        return answered, told

    def release(self) -> float:
        """End the session of all that still wait; return the seconds until the last knew."""
        left = len(self.by_fd)
        path = "/api/v1/sessions/bench/end"
        started = time.perf_counter()
        self.decider.sendall(self.request("POST", path, self.plan.key, "{}"))
        while left:
            for number, _ in self.poll.poll(10):
                if not self.socks_by_fd[number].recv(1 << 20).startswith(b"HTTP/1.1 200"):
                    continue
                left -= number in self.by_fd
        return time.perf_counter() - started


def main() -> None:
    """Run a plan."""
    plan = Plan(**json.load(sys.stdin))
    waiters = Waiters(plan)
    time.sleep(1.0)  # until the last of them is held; nothing here tells when
    pairs = [waiters.decide(approval_id) for approval_id in plan.ids[: plan.decisions]]
    seen = Seen([pair[0] for pair in pairs], [pair[1] for pair in pairs], 0.0)
    print(json.dumps(asdict(seen) | {"released": waiters.release()}))


if __name__ == "__main__":
    main()

"""A cheap HTTP client for load: one epoll loop, one request in flight a connection.

    python -m benchmarks.load    reads a plan (JSON) from standard input, prints what it saw

A process of its own, so that it never shares an interpreter with what it measures, and the
same one for the product and for every reference.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from benchmarks.figures import percentile
from benchmarks.servers import ROOT

COUNTER = "########"
"""Where a body's running number goes, so that each is another call."""


@dataclass(frozen=True)
class Plan:
    """What to send. With `bodies` each is sent once and the run ends with the last."""

    port: int
    path: str
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)
    template: str = ""
    first: int = 0
    bodies: list[str] = field(default_factory=list)
    connections: int = 32
    warm_up: float = 0.5
    keep: bool = False
    """Whether to hand back every answer's body."""


@dataclass(frozen=True)
class Seen:
    """What came back: a second's requests, latencies in ms, and how often each status."""

    rate: float
    p50: float
    p99: float
    statuses: dict[str, int]
    sent: int
    answers: list[str]


def run(plan: Plan) -> Seen:
    """Run a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return Seen(**json.loads(done.stdout))


def requests(plan: Plan) -> Iterator[bytes]:
    """Yield the bytes of one request after the other."""
    method = "POST" if plan.template or plan.bodies else "GET"
    lines = [f"{method} {plan.path} HTTP/1.1", f"Host: 127.0.0.1:{plan.port}"]
    lines += [f"{name}: {value}" for name, value in plan.headers.items()]
    head = "\r\n".join(lines)
    if method == "GET":
        while True:
            yield f"{head}\r\n\r\n".encode()
    number = plan.first
    bodies = iter(plan.bodies)
    while True:
        if plan.bodies:
            body = next(bodies, "")
            if not body:
                return
        else:
            body = plan.template.replace(COUNTER, f"{number:08d}")
        number += 1
        length = len(body.encode())
        yield (
            f"{head}\r\nContent-Type: application/json\r\nContent-Length: {length}"
            f"\r\n\r\n{body}"
        ).encode()


def answer_end(data: bytes) -> int:
    """Return where the first answer ends, or 0 while some of it is missing."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return 0
    place = data.find(b"ontent-", 0, head)
    while place >= 0 and data[place : place + 14].lower() != b"ontent-length:":
        place = data.find(b"ontent-", place + 1, head)
    length = 0 if place < 0 else int(data[place + 14 : data.index(b"\r\n", place)])
    return head + 4 + length if len(data) >= head + 4 + length else 0


class Loop:
    """All connections of one run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.source = requests(plan)
        self.poll = select.epoll()
        self.socks: dict[int, socket.socket] = {}
        self.partial: dict[int, bytes] = {}
        self.since: dict[int, float] = {}
        self.took: list[tuple[float, float]] = []
        self.statuses: Counter[str] = Counter()
        self.answers: list[str] = []
        self.sent = 0

    def run(self) -> Seen:
        """Send until the time or the bodies are over."""
        for _ in range(self.plan.connections):
            sock = socket.create_connection(("127.0.0.1", self.plan.port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socks[sock.fileno()] = sock
            self.partial[sock.fileno()] = b""
            self.poll.register(sock, select.EPOLLIN)
        started = time.perf_counter()
        begin, end = started + self.plan.warm_up, started + self.plan.seconds
        for number in list(self.socks):
            self.send(number)
        while self.since and time.perf_counter() < end:
            for number, _ in self.poll.poll(1.0):
                self.read(number)
        counted = [took for at, took in self.took if at >= begin] or [0.0]
        last = max((at for at, _ in self.took), default=end)
        return Seen(
            rate=len(counted) / max(min(last, end) - begin, 1e-9),
            p50=percentile(counted, 0.5) * 1000,
            p99=percentile(counted, 0.99) * 1000,
            statuses=dict(self.statuses),
            sent=self.sent,
            answers=self.answers,
        )

    def send(self, number: int) -> None:
        """Send the next request on a connection, if there is one left."""
        data = next(self.source, None)
        if data is None:
            self.since.pop(number, None)
            return
        self.since[number] = time.perf_counter()
        self.socks[number].sendall(data)
        self.sent += 1

    def read(self, number: int) -> None:
        """Take what came; a whole answer is counted and followed by the next request."""
        chunk = self.socks[number].recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed a connection in the middle of a run")
        data = self.partial[number] + chunk
        end = answer_end(data)
        if not end:
            self.partial[number] = data
            return
        now = time.perf_counter()
        self.took.append((now, now - self.since[number]))
        self.statuses[data[9:12].decode()] += 1
        if self.plan.keep:
            self.answers.append(data[data.index(b"\r\n\r\n") + 4 : end].decode())
        self.partial[number] = data[end:]
        self.send(number)


if __name__ == "__main__":
    print(json.dumps(asdict(Loop(Plan(**json.load(sys.stdin))).run())))

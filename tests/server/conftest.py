"""A tiny desk in a process of its own, started as `countersign serve` starts the real one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

HERE = Path(__file__).parent
TIMEOUT = 50
"""Seconds: only what hangs reaches it; the longest hold of an agent is 60."""


@dataclass
class Answer:
    """One HTTP answer, read from the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Running:
    """A served tiny desk."""

    process: subprocess.Popen[str]
    dashboard: int
    agents: int

    def raw(self, port: int, request: bytes) -> Answer:
        """Send bytes, read the first answer to the end."""
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as sock:
            sock.sendall(request)
            return read_answer(sock)

    def ask(self, port: int, target: str, *headers: str, body: bytes = b"") -> Answer:
        """A plain request: POST when there are headers that ask for it, see `method`."""
        method = "POST" if body or "Content-Length: 0" in headers else "GET"
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return self.raw(port, ("\r\n".join(lines) + "\r\n\r\n").encode() + body)

    def act(self, path: str) -> str:
        """POST to the agents' listener, which steers the tiny desk."""
        answer = self.ask(self.agents, f"/api/v1/{path}", "Content-Length: 0")
        assert answer.status == 200, answer
        return answer.body.decode()

    def ticket(self, session: str) -> str:
        """Fetch a ticket as the page does."""
        origin = f"Origin: http://127.0.0.1:{self.dashboard}"
        cookie = f"Cookie: session={session}"
        answer = self.ask(self.dashboard, "/ws/ticket", origin, cookie, "Content-Length: 0")
        assert answer.status == 200, answer
        return answer.body.decode()

    def live(self, session: str = "ann", query: str = "") -> ClientConnection:
        """Open the live socket as a browser on our page does."""
        target = f"ws://127.0.0.1:{self.dashboard}/ws?t={self.ticket(session)}{query}"
        return connect(
            target,
            origin=Origin(f"http://127.0.0.1:{self.dashboard}"),
            additional_headers={"Cookie": f"session={session}"},
            proxy=None,
            max_queue=None,  # else it stops reading, and closing waits for a time-out
        )

    def stop(self) -> int:
        """TERM, then the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)


def read_answer(sock: socket.socket) -> Answer:
    """Read one answer; its body is as long as it says, or ends with the connection."""
    with sock.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = {}
        for line in iter(stream.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length")
        body = b"" if status == 101 else stream.read(int(length) if length else -1)
        return Answer(status, headers, body)


Start = Callable[..., Running]


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COUNTERSIGN_")}
    kept |= {"COUNTERSIGN_BIND": "127.0.0.1:0", "COUNTERSIGN_AGENT_BIND": "127.0.0.1:0"}
    kept.pop("DATABASE_URL", None)
    kept["PYTHONPATH"] = str(HERE.parents[1])
    return kept | changes


@pytest.fixture(scope="session")
def start() -> Iterator[Start]:
    """Start tiny desks with settings of their own; all are ended with the tests."""
    with ExitStack() as stack:

        def begin(**changes: str) -> Running:
            process = launch(**changes)
            stack.callback(_end, process)
            assert process.stdout is not None
            ready = process.stdout.readline().split()
            assert ready[:1] == ["ready"], process.communicate(timeout=TIMEOUT)[1]
            ports = [urlsplit(word.partition("=")[2]).port for word in ready[1:]]
            assert ports[0] is not None
            assert ports[1] is not None
            return Running(process, ports[0], ports[1])

        yield begin


def launch(**changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "tiny_desk.py")],
        env=environment(**changes),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def refused() -> Callable[..., tuple[int, str, str]]:
    """Start a tiny desk that is expected not to come up: (status, stdout, stderr)."""

    def begin(**changes: str) -> tuple[int, str, str]:
        process = launch(**changes)
        out, err = process.communicate(timeout=TIMEOUT)
        return process.returncode, out, err

    return begin


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=TIMEOUT)


@pytest.fixture(scope="session")
def desk(start: Start) -> Running:
    """One desk for all tests that do not stop or break it."""
    return start()

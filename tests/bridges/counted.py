"""The stand-in for OpenCode with a memory of every reply, and an answer that may get lost.

It takes a reply as 1.18.33 does: once, and never again. What came, and what came of it, is kept
for whoever checks a run afterwards.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.bridges.standin import Handler, StandIn

DESK, TERMINAL, TOGETHER, SERVER = "desk", "terminal", "together", "server"
"""Who settled a question: us, its own terminal, another question's answer, or the server's end."""
BUSY, LOST, UNHEARD, REFUSED = "busy", "lost", "unheard", "refused"
FAILURES = (BUSY, LOST, UNHEARD, REFUSED)
"""It answers 503; the request is lost; the request counts and its answer is lost; it answers 403."""
PATIENCE = 4.0
"""Seconds for which a reply is held back at most: less than its sender waits."""


@dataclass
class Posted:
    """One reply that came from the desk."""

    reply: str
    counted: bool = False
    answered: bool = False
    """The desk has a 200 in its hands."""


@dataclass(frozen=True)
class End:
    """How a question was settled."""

    reply: str
    by: str


class Counted(StandIn):
    """Counts replies by question; fails and waits as it is told."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.asked: dict[str, dict[str, Any]] = {}
        """Every question there ever was."""
        self.ends: defaultdict[str, list[End]] = defaultdict(list)
        self.posted: defaultdict[str, list[Posted]] = defaultdict(list)
        self.failures: list[str] = []
        """What becomes of the next replies."""
        self.flows = threading.Event()
        """Unset: replies are held back."""
        self.flows.set()
        self._answering = ("", TERMINAL)

    def routes(self) -> type[Handler]:
        return _Counting

    def emit(self, kind: str, properties: dict[str, Any]) -> None:
        if kind == "permission.asked":
            self.asked[properties["id"]] = properties
        super().emit(kind, properties)

    def kill(self) -> None:
        with self.lock:
            for request in self.waiting:
                self.ends[request].append(End("", SERVER))
            self.waiting.clear()
        super().kill()

    def answer(self, request_id: str, said: dict[str, Any], by: str = TERMINAL) -> bool:
        with self.lock:
            self._answering = (request_id, by)
            return super().answer(request_id, said)

    def _settle(self, request: dict[str, Any], reply: str, message: str | None) -> None:
        first, by = self._answering
        who = by if request["id"] == first else TOGETHER
        self.ends[request["id"]].append(End(reply, who))
        super()._settle(request, reply, message)

    def posts(self, request_id: str, said: dict[str, Any]) -> tuple[Posted, str | None]:
        """Take a reply of the desk's; return what came of it and how its answer fails, if so."""
        posted = Posted(said["reply"])
        with self.lock:
            self.posted[request_id].append(posted)
            failure = self.failures.pop(0) if self.failures else None
        self.flows.wait(PATIENCE)
        if failure in {None, UNHEARD}:
            posted.counted = self.answer(request_id, said, DESK)
        return posted, failure


class _Counting(Handler):
    standin: Counted

    def take(self, request: str, body: dict[str, Any]) -> None:
        posted, failure = self.standin.posts(request, body)
        if failure == BUSY:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, {"name": "Busy"})
        elif failure == REFUSED:
            self._say(HTTPStatus.FORBIDDEN, {"name": "Forbidden"})
        elif failure is not None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        elif posted.counted:
            self._say(HTTPStatus.OK, True)
            posted.answered = True
        else:
            self._unknown(request)

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        with contextlib.suppress(OSError):  # its asker went away
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        with contextlib.suppress(OSError):
            super().do_POST()

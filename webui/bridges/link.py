"""One source's bridge in one process: connects, and comes back after each end until stopped."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import structlog

from webui.approvals.errors import DeskError
from webui.bridges import lease
from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import Sender
from webui.channels.stream import Stream, follow
from webui.inbox.opening import OpenSource, open_source
from webui.receivers.way_back import Heard, Outgoing
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError

log = structlog.get_logger()
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before coming back; it doubles with each failure in a row, some of it at random."""
MAX_ANSWER = 8 * 1024 * 1024
"""Bytes of a list or a message: a diff in it may be long."""
FAULT = sentence("It failed by a fault of the desk; the server's log says which.")


class Stopped(Exception):
    """The source was paused or removed, or the process ends."""


@dataclass
class Link:
    """What a bridge's module is given: the source, requests, and where to say how it goes."""

    runtime: Runtime
    source_id: str
    node: str
    listen: "Listen"
    sender: Sender
    first_pause: float = FIRST_PAUSE
    _stop: Event = field(default_factory=Event)
    _stream: Stream | None = None
    _noted: tuple[bool, str | None] | None = None
    _thread: Thread | None = None

    def start(self) -> None:
        """Begin, on a thread (a greenlet, under gevent) of its own."""
        self._thread = Thread(
            target=self._run, name=f"bridge {self.source_id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the connection; what is being filed is filed."""
        self._stop.set()
        if self._stream is not None:
            self._stream.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; False: it goes on."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Say whether it runs."""
        return self._thread is not None and self._thread.is_alive()

    def open_source(self) -> OpenSource:
        """Return the source as it stands now; raises Stopped."""
        store = self.runtime.store
        with store.reading() as session:
            source = open_source(session, store.keyring, self.source_id, store.now())
        if self._stop.is_set() or source is None or not source.active:
            raise Stopped
        return source

    def ask(self, request: Outgoing) -> Heard:
        """Send one request; raises Undeliverable."""
        sent = (request.method, request.url, request.headers, request.body)
        answer = self.sender.send(*sent)
        return Heard(answer.status, answer.body_excerpt)

    @contextmanager
    def stream(self, request: Outgoing) -> Iterator[Stream]:
        """Hold an event stream; a stop ends it. Raises Undeliverable and Stopped."""
        with follow(self.sender, request.url, request.headers) as stream:
            self._stream = stream
            try:
                if self._stop.is_set():
                    raise Stopped
                yield stream
            finally:
                self._stream = None

    def well(self) -> None:
        """Say that it listens and knows what waits."""
        self._note(connected=True, error=None)

    def limping(self, why: str) -> None:
        """Say that it listens, and what is in the way all the same."""
        self._note(connected=True, error=why)

    def _note(self, *, connected: bool, error: str | None) -> None:
        if self._noted != (connected, error):
            of, node = self.source_id, self.node
            self.runtime.store.write(
                lambda tx: lease.note(tx, of, node, connected=connected, error=error)
            )
            self._noted = (connected, error)

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self.listen(self)
            except Stopped:
                return
            except Undeliverable as undeliverable:
                self._failed(undeliverable.why)
            except DeskError as error:
                self._failed(error.detail)
            except StoreUnavailableError:
                log.warning("a bridge waits for the database", source=self.source_id)
            except Exception:
                log.exception("a bridge failed", source=self.source_id)
                self._failed(FAULT)
            if self._stop.is_set():
                return
            lasted = time.monotonic() - began
            failures = 1 if lasted > LONGEST_PAUSE else failures + 1
            self._stop.wait(pause(failures, self.first_pause, random.random()))  # noqa: S311

    def _failed(self, why: str) -> None:
        try:
            self._note(connected=False, error=why)
        except StoreUnavailableError:
            log.warning("how a bridge stands was not written down", source=self.source_id)


Listen = Callable[[Link], None]
"""Holds one connection: returns or raises when it ends, raises Stopped when it shall."""


def pause(failures: int, first: float, at_random: float) -> float:
    """Return the seconds before coming back: at least half of the time that doubles."""
    longest: float = min(first * 2 ** min(failures - 1, 16), LONGEST_PAUSE)
    return longest * (0.5 + at_random / 2)


def sender_of(runtime: Runtime) -> Sender:
    """Return what a bridge sends with: the guard of all requests, and room for lists."""
    allowed = AllowList.of(runtime.settings.callback_allow)
    return Sender(allowed, timeout_ms=10_000, max_answer=MAX_ANSWER)

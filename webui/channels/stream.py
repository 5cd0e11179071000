"""Following somebody's event stream: one long answer, guarded as every other request is.

The address guard, the resolver and the rule against redirects are those of `http.py`. Silence
ends it: a server that lives says something, and a connection that died says nothing.
"""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import count

from webui.channels.addresses import Undeliverable, check_port, parse_url
from webui.channels.http import Deadline, Sender, ask, connect
from webui.channels.sse import MAX_EVENT, Event, Reader
from webui.sentences import sentence

IDLE_MS = 35_000
"""Without a finished line for so long, a stream counts as dead."""
_CHUNK = 64 * 1024
_BREATH = 16
"""Chunks after which whoever shares our thread has a turn, however fast the server talks."""


class Unwelcome(Undeliverable):
    """The server answered, but with no event stream."""

    def __init__(self, status: int) -> None:
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            why = sentence(
                "The server does not take our password (%(status)s).", status=status
            )
        elif status == HTTPStatus.OK:
            why = sentence("What answers there is no event stream.")
        else:
            why = sentence(
                "The server answered %(status)s instead of its event stream.", status=status
            )
        super().__init__(why, permanent=False)
        self.status = status


class Stream:
    """One open stream. Read by one thread; any other may close it."""

    def __init__(
        self,
        answer: http.client.HTTPResponse,
        handle: socket.socket,
        idle_ms: int,
        max_event: int,
    ) -> None:
        self._answer, self._handle, self._idle = answer, handle, idle_ms / 1000
        self._reader = Reader(max_event)
        self._heard = time.monotonic()
        self._over = threading.Event()
        self._closed = False
        threading.Thread(target=self._watch, name="stream", daemon=True).start()

    def events(self) -> Iterator[Event]:
        """Yield events until it is closed; raises Undeliverable if it was not by us."""
        try:
            yield from self._events()
        except (OSError, http.client.HTTPException):
            if not self._over.is_set():
                raise Undeliverable(
                    sentence("The stream broke off."), permanent=False
                ) from None
        if not self._closed:
            silent = self._over.is_set()
            why = (
                sentence("Nothing was heard for %(idle)s s.", idle=f"{self._idle:g}")
                if silent
                else sentence("It ended.")
            )
            raise Undeliverable(why, permanent=False)

    def close(self) -> None:
        """End it, from whatever thread: `events` returns."""
        self._closed = True
        self._cut()

    def _events(self) -> Iterator[Event]:
        for number in count():
            chunk = self._answer.read1(_CHUNK)
            if not chunk or self._over.is_set():
                return
            if b"\n" in chunk or b"\r" in chunk:
                self._heard = time.monotonic()
            yield from self._reader.feed(chunk)
            if number % _BREATH == 0:
                time.sleep(0)

    def _watch(self) -> None:
        while not self._over.wait(self._heard + self._idle - time.monotonic()):
            if time.monotonic() - self._heard >= self._idle:
                self._cut()

    def _cut(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def follow(
    sender: Sender,
    url: str,
    headers: Mapping[str, str],
    *,
    idle_ms: int = IDLE_MS,
    max_event: int = MAX_EVENT,
) -> Iterator[Stream]:
    """Open an event stream and hold it for the caller's block.

    Raises Undeliverable as `Sender.send` does, and Unwelcome if the answer is no stream.
    """
    target = parse_url(url)
    check_port(target, sender.allowed)
    deadline = Deadline(sender.timeout_ms)
    with contextlib.ExitStack() as held:
        try:
            addresses = sender.checked_addresses(target, deadline)
            raw = held.enter_context(connect(addresses, target.port, deadline))
            # TLS takes the socket's descriptor over, a second one stays good for shutdown
            handle = held.enter_context(raw.dup())
            with deadline.cuts(raw):
                connection = sender.connection(target, raw, deadline)
                held.callback(connection.close)
                sock = connection.sock
                ask(connection, target, "GET", {**headers, "Accept": "text/event-stream"})
                answer = held.enter_context(connection.getresponse())
            sock.settimeout(None)  # the stream's own watch ends it
        except (OSError, http.client.HTTPException) as error:
            raise deadline.explain(error) from error
        if not _is_stream(answer):
            raise Unwelcome(answer.status)
        stream = Stream(answer, handle, idle_ms, max_event)
        held.callback(stream.close)
        yield stream


def _is_stream(answer: http.client.HTTPResponse) -> bool:
    media_type = answer.headers.get_content_type()
    plain = answer.getheader("Content-Encoding", "identity") == "identity"
    return answer.status == HTTPStatus.OK and media_type == "text/event-stream" and plain

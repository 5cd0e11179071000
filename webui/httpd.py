"""The gunicorn worker: gevent, announced when it accepts, and stopped without losing anybody."""

from __future__ import annotations

import _socket
import gc
import os
import signal
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.ggevent import GeventWorker

if TYPE_CHECKING:
    from webui.serve import Desk

# Together under the ten seconds in which TERM must have ended the process (spec, operations.md).
DRAIN_SECONDS = 6.0
SOCKETS_SECONDS = 1.5
# For headers from their first byte, for a body from the end of the headers.
HEADER_SECONDS = 10.0
BODY_SECONDS = 30.0
_REQUEST_TIMEOUT = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


class Patient:
    """A connection as gunicorn reads requests from it: patient, but not for ever.

    What waits on the socket later (a WebSocket, a long poll) is given the socket itself.
    """

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self._reads_body = False
        self._until: float | None = None
        """Monotonic time by which what is read now must be here; none between requests."""

    def __getattr__(self, name: str) -> Any:
        """Be the socket in all else."""
        return getattr(self.sock, name)

    def recv(self, size: int) -> bytes:
        """Receive; raises NoMoreData for late headers, RequestTimeout for a late body."""
        if self._until is None:  # idle: `keepalive` ends that, and headers begin here
            received: bytes = self.sock.recv(size)
            self._until = time.monotonic() + HEADER_SECONDS
            return received
        late = gevent.Timeout(max(0.0, self._until - time.monotonic()))
        try:
            with late:
                received = self.sock.recv(size)
        except gevent.Timeout as timeout:
            if timeout is not late:
                raise
            raise self._too_slow() from timeout
        return received

    def reads_body(self) -> None:
        """Start the time for the body."""
        self._reads_body, self._until = True, time.monotonic() + BODY_SECONDS

    def answered(self) -> None:
        """Wait for the next request."""
        self._reads_body, self._until = False, None

    def _too_slow(self) -> Exception:
        if self._reads_body:
            from werkzeug.exceptions import RequestTimeout  # noqa: PLC0415 - after the fork

            return RequestTimeout("The body came too slowly.")
        with suppress(OSError):
            self.sock.sendall(_REQUEST_TIMEOUT)
        ended: Exception = NoMoreData()
        return ended


class HttpWorker(GeventWorker):  # type: ignore[misc] # gunicorn ships no types
    """Serves both listeners in one process; the application's life is `Desk`."""

    def init_signals(self) -> None:
        """TERM, INT and QUIT all mean: finish what runs, then go."""
        super().init_signals()
        self._asked_to_stop = Event()
        self._idle: set[Any] = set()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            # libev's watcher wakes the loop at once; Python's handler could come a second late.
            gevent.signal_handler(number, self._asked_to_stop.set)

    def run(self) -> None:
        """Accept until asked to stop, then drain."""
        desk: Desk = self.app.desk
        servers = [self._accept(listener) for listener in self.sockets]
        # What exists now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.enable()
        desk.started()
        self.app.announce(self)
        while not self._asked_to_stop.is_set():
            self.notify()
            self._asked_to_stop.wait(1.0)
        self._drain(servers, desk)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """One connection, known while it waits for its next request."""
        self._idle.add(client)
        try:
            super().handle(listener, Patient(client), addr)
        finally:
            self._idle.discard(client)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """One request on a connection."""
        self._idle.discard(sock.sock)
        sock.reads_body()
        super().handle_request(listener_name, req, sock.sock, addr)
        sock.answered()
        self._idle.add(sock.sock)

    def _accept(self, listener: Any) -> StreamServer:
        listener.setblocking(1)
        pool = Pool(self.worker_connections)
        server = StreamServer(listener, handle=partial(self.handle, listener), spawn=pool)
        server.start()
        return server

    def _drain(self, servers: list[StreamServer], desk: Desk) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        self.alive = False  # from now on every answer closes its connection
        for server in servers:
            server.close()
        desk.bus.stop()
        desk.sockets.stop(SOCKETS_SECONDS)
        while any(len(server.pool) for server in servers) and time.monotonic() < deadline:
            self._end_idle()
            self.notify()
            gevent.sleep(0.02)
        for server in servers:
            server.stop(timeout=0.1)
        desk.close()

    def _end_idle(self) -> None:
        """Let connections that wait for a request see its end; one already sent is answered."""
        for client in list(self._idle):
            self._idle.discard(client)
            with suppress(OSError):
                # Past gevent's socket, whose shutdown would raise in the reading greenlet.
                raw = _socket.socket(fileno=os.dup(client.fileno()))
                raw.shutdown(_socket.SHUT_RD)
                raw.close()

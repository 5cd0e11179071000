"""The one place that opens outgoing connections.

A URL may come from an agent, so each call is guarded (`addresses.py`): the name is
resolved once, every address it has is checked, and the connection goes to a checked
address, never to the name again. No redirect is followed, no proxy setting is read, the
whole exchange is over when its time is. Works on plain threads and under gevent.
"""

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from webui.channels.addresses import (
    AllowList,
    Target,
    Undeliverable,
    check_address,
    check_port,
    parse_url,
)
from webui.sentences import sentence

TIMEOUT_MS = 5_000
MAX_ANSWER = 64 * 1024
_MAX_ADDRESSES = 4
_MAX_RETRY_AFTER = 100
_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding"})
"""Headers that no sender gives: a second one of them would be read as another request's."""

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port to addresses; raises OSError."""


@dataclass(frozen=True)
class Answer:
    """What the other side said, whatever the status; redirects are answers too."""

    status: int
    body_excerpt: bytes
    """The first 64 KiB at most, unless its sender reads more."""
    retry_after: str | None
    """The header as it came; `schedule.py` reads it."""


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name in the system's order; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def trusting_the_system() -> ssl.SSLContext:
    """Return what trusts the system's certificates; to read them anew takes 25 ms each time."""
    return ssl.create_default_context()


_UNTRUSTED: Final = {
    "certificate has expired": sentence("certificate has expired"),
    "self-signed certificate": sentence("self-signed certificate"),
    "self-signed certificate in certificate chain": sentence(
        "self-signed certificate in certificate chain"
    ),
    "unable to get local issuer certificate": sentence(
        "unable to get local issuer certificate"
    ),
}
_FAILED: Final = {
    "Connection refused": sentence("Connection refused"),
    "Connection reset by peer": sentence("Connection reset by peer"),
    "Network is unreachable": sentence("Network is unreachable"),
    "No route to host": sentence("No route to host"),
    "Broken pipe": sentence("Broken pipe"),
    "the host name has no address": sentence("the host name has no address"),
    "the host name cannot be resolved": sentence("the host name cannot be resolved"),
}
"""What TLS and the system say, for people."""


@dataclass(frozen=True)
class Sender:
    """Sends one request and reads one answer; holds no connection, so threads share it."""

    allowed: AllowList = field(default_factory=AllowList)
    resolve: Resolver = look_up
    tls: ssl.SSLContext = field(default_factory=trusting_the_system)
    timeout_ms: int = TIMEOUT_MS
    max_answer: int = MAX_ANSWER
    """Bytes of an answer's body that are read at most."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a POST; see `send`."""
        return self.send("POST", url, headers, body)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Send one request and return the answer, of any status.

        Raises Undeliverable: permanent if the URL or its address may not be called,
        otherwise if no whole answer came within `timeout_ms` from now.
        """
        target = parse_url(url)
        check_port(target, self.allowed)
        deadline = Deadline(self.timeout_ms)
        try:
            addresses = self.checked_addresses(target, deadline)
            with connected(addresses, target.port, deadline) as raw:
                connection = self.connection(target, raw, deadline)
                with contextlib.closing(connection):
                    return self._exchange(connection, target, method, headers, body)
        except (OSError, http.client.HTTPException) as error:
            raise deadline.explain(error) from error

    def checked_addresses(self, target: Target, deadline: "Deadline") -> list[str]:
        """Resolve once, in time; one closed address among them closes the host."""
        found = _within(deadline, lambda: self.resolve(target.host, target.port))
        if not found:
            msg = sentence("the host name has no address")
            raise OSError(msg)
        if target.host not in self.allowed.hosts:
            for address in found:
                check_address(address, self.allowed)
        return list(found[:_MAX_ADDRESSES])

    def connection(
        self, target: Target, raw: socket.socket, deadline: "Deadline"
    ) -> http.client.HTTPConnection:
        """Speak HTTP over an open connection, inside TLS where the URL asks for it."""
        raw.settimeout(deadline.remaining())
        sock = raw
        if target.scheme == "https":
            sock = self.tls.wrap_socket(raw, server_hostname=target.host)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = sock
        return connection

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        target: Target,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer:
        ask(connection, target, method, headers, body)
        with contextlib.closing(connection.getresponse()) as answer:
            retry_after = answer.getheader("Retry-After")
            return Answer(
                answer.status,
                answer.read(self.max_answer),
                retry_after[:_MAX_RETRY_AFTER] if retry_after is not None else None,
            )


def ask(
    connection: http.client.HTTPConnection,
    target: Target,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> None:
    """Send a request; the headers that say whom we ask, and where it ends, are ours alone."""
    fixed = {"Host": target.authority, "Connection": "close"}
    given = {name: value for name, value in headers.items() if name.lower() not in _OURS}
    headers = {"User-Agent": "Countersign", **given}
    connection.request(method, target.path, body, {**headers, **fixed})


class Deadline:
    """The end of one exchange. Per-read timeouts alone would let a byte a second live."""

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms
        self._end = time.monotonic() + timeout_ms / 1000
        self._passed = False

    def remaining(self) -> float:
        """Return the seconds left; raises TimeoutError if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            self._passed = True
            raise TimeoutError
        return left

    @contextlib.contextmanager
    def cuts(self, sock: socket.socket) -> Iterator[None]:
        """Shut the connection down at the deadline, whatever is being done with it.

        Raises TimeoutError at the end if that happened, as a cut answer looks whole.
        """
        # TLS takes the socket's descriptor over, a second one stays good for shutdown;
        # the lock keeps a late cut from hitting a descriptor that was used anew
        seconds = self.remaining()
        handle, lock = sock.dup(), threading.Lock()

        def cut() -> None:
            with lock, contextlib.suppress(OSError):
                self._passed = True
                handle.shutdown(socket.SHUT_RDWR)

        watchdog = threading.Timer(seconds, cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
            with lock:
                handle.close()
        if self._passed:
            raise TimeoutError

    def explain(self, error: Exception) -> Undeliverable:
        """Say in a sentence what an error of the exchange means."""
        if self._passed or isinstance(error, TimeoutError):
            seconds = f"{self._timeout_ms / 1000:g}"
            why = sentence("No complete answer within %(seconds)s s.", seconds=seconds)
        elif isinstance(error, ssl.SSLCertVerificationError):
            said = _UNTRUSTED.get(error.verify_message, error.verify_message)
            why = sentence("The certificate is not trusted: %(said)s.", said=said)
        elif isinstance(error, ssl.SSLError):
            why = sentence("No TLS connection could be made.")
        elif isinstance(error, http.client.HTTPException):
            why = sentence("The answer was not HTTP.")
        elif isinstance(error, socket.gaierror):
            why = sentence("The host name could not be resolved.")
        else:
            said = error.strerror or str(error)  # type: ignore[attr-defined]
            why = sentence("The connection failed: %(said)s.", said=_FAILED.get(said, said))
        return Undeliverable(why, permanent=False)


def _within(deadline: Deadline, call: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Run a call that knows no timeout; the system's resolver is one.

    A thread that overruns is left to end by itself (the resolver's own limit, seconds).
    """
    answers: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(call())
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(OSError(sentence("the host name cannot be resolved")))

    threading.Thread(target=run, daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.remaining())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


@contextlib.contextmanager
def connected(
    addresses: Sequence[str], port: int, deadline: Deadline
) -> Iterator[socket.socket]:
    """Hold a connection to one of the addresses until the deadline at most."""
    sock = connect(addresses, port, deadline)
    with contextlib.closing(sock), deadline.cuts(sock):
        yield sock


def connect(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """Try the addresses in order; each gets its share of the time that is left."""
    failure: OSError = TimeoutError()
    for number, address in enumerate(addresses):
        share = deadline.remaining() / (len(addresses) - number)
        try:
            return socket.create_connection((address, port), timeout=share)
        except OSError as error:
            failure = error
    raise failure

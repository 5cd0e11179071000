"""HTTP to the desk: one request a connection, no redirects, no proxies, bounded in size and time."""

import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from countersign_client.errors import BadAnswer, DeskUnreachable, Refused, refusal
from countersign_client.json_only import dump, load_object
from countersign_client.retry import Retry, retry_after
from countersign_client.version import __version__

MAX_BODY = 1024 * 1024
BUSY = frozenset({429, 503})
JSON_TYPES = frozenset({"application/json", "application/problem+json"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer or 304 (then `body` is empty)."""

    status: int
    body: dict[str, Any]
    etag: str | None


@dataclass(frozen=True, slots=True)
class _Sending:
    method: str
    path: str
    payload: bytes | None
    headers: Mapping[str, str]
    timeout: float


@dataclass(frozen=True, slots=True)
class Address:
    """Where the desk listens, taken apart once."""

    secure: bool
    host: str
    port: int
    prefix: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        """ValueError says what is wrong with a URL that cannot be the desk's."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"the desk's URL must be http(s)://host[:port], not {url!r}")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(
                "the desk's URL carries no user, query or fragment; the key goes in key="
            )
        secure = parts.scheme == "https"
        return cls(
            secure,
            parts.hostname,
            parts.port or (443 if secure else 80),
            parts.path.rstrip("/"),
        )


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends one logical call, and sends it again while that is safe and may help.

    timeout: seconds to connect, and to wait for each answer. patience: seconds one logical call
    keeps trying a desk that is away or busy. Every POST carries an Idempotency-Key that stays the
    same over its retries, so that a lost answer never files or consumes twice.
    """

    address: Address
    key: str = field(repr=False)
    timeout: float
    patience: float
    pause: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def get(self, path: str, *, hold: float = 0, etag: str | None = None) -> Answer:
        """GET. hold: seconds the desk may keep us waiting (long poll) on top of the timeout."""
        headers = {"If-None-Match": etag} if etag else {}
        return self._send(
            _Sending("GET", path, None, headers, self.timeout + hold), self.patience
        )

    def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        patience: float | None = None,
    ) -> Answer:
        """POST JSON. Raises Refused for a problem answer, DeskUnreachable, BadAnswer."""
        headers = {"Idempotency-Key": uuid4().hex}
        payload = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            payload = dump(body)
        sending = _Sending("POST", path, payload, headers, self.timeout)
        return self._send(sending, self.patience if patience is None else patience)

    @contextmanager
    def streaming(
        self, path: str, headers: Mapping[str, str], silence: float
    ) -> Iterator[http.client.HTTPResponse]:
        """GET what does not end by itself. silence: seconds to wait for each word of it."""
        sending = _Sending("GET", path, None, headers, silence)
        with self._talking(sending) as response:
            if response.status != http.client.OK:
                _understand(sending, response, self._read(response))
                raise BadAnswer(f"the desk answered {response.status} to a stream")
            if response.headers.get_content_type() != "text/event-stream":
                raise BadAnswer("the desk answered something else than a stream of events")
            yield response

    def _send(self, sending: _Sending, patience: float) -> Answer:
        retry = Retry(patience, self.pause, self.clock)
        while True:
            try:
                return self._once(sending)
            except DeskUnreachable as away:
                retry.pause_or_raise(away, None)
            except Refused as refused:
                if refused.status not in BUSY:
                    raise
                retry.pause_or_raise(refused, refused.retry_after)

    def _once(self, sending: _Sending) -> Answer:
        with self._talking(sending) as response:
            return _understand(sending, response, self._read(response))

    @contextmanager
    def _talking(self, sending: _Sending) -> Iterator[http.client.HTTPResponse]:
        """Send it and give the answer; what goes wrong meanwhile has the errors of this package."""
        connection = self._connection(sending.timeout)
        try:
            connection.request(
                sending.method,
                self.address.prefix + sending.path,
                sending.payload,
                self._headers(sending),
            )
            with connection.getresponse() as response:
                yield response
        except ssl.SSLError as error:
            raise BadAnswer(
                f"no trustworthy TLS connection to the desk: {error}"
            ) from error
        except (OSError, http.client.IncompleteRead) as error:
            where = f"{self.address.host}:{self.address.port}"
            raise DeskUnreachable(
                f"the desk at {where} did not answer ({type(error).__name__}: {error}); "
                "check that `countersign serve` runs and that COUNTERSIGN_URL names it"
            ) from error
        except http.client.HTTPException as error:
            raise BadAnswer(
                f"what answered speaks no HTTP: {type(error).__name__}"
            ) from error
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        # http.client knows nothing of proxies in the environment, and that is wanted: the key
        # must reach the desk and nobody between.
        if self.address.secure:
            return http.client.HTTPSConnection(
                self.address.host,
                self.address.port,
                timeout=timeout,
                context=ssl.create_default_context(),
            )
        return http.client.HTTPConnection(
            self.address.host, self.address.port, timeout=timeout
        )

    def _headers(self, sending: _Sending) -> dict[str, str]:
        return {
            "Accept": "application/json, application/problem+json",
            "Authorization": f"Bearer {self.key}",
            "User-Agent": f"countersign-client/{__version__}",
            **sending.headers,
        }

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        # A timeout on the socket bounds one recv; the deadline bounds a body that drips.
        # Accepted flaw: headers that drip are bounded by their number and length alone.
        deadline = self.clock() + self.timeout
        data = bytearray()
        while chunk := response.read1(65536):
            data += chunk
            if len(data) > MAX_BODY:
                raise BadAnswer(f"the desk's answer is larger than {MAX_BODY} bytes")
            if self.clock() > deadline:
                raise TimeoutError("the body came too slowly")
        if (
            response.length
        ):  # read1 ends quietly when the connection is cut before Content-Length
            raise http.client.IncompleteRead(bytes(data), response.length)
        return bytes(data)


def _understand(
    sending: _Sending, response: http.client.HTTPResponse, data: bytes
) -> Answer:
    status = response.status
    etag = response.headers.get("ETag")
    if status == http.client.NOT_MODIFIED and "If-None-Match" in sending.headers:
        return Answer(status, {}, etag)
    if status >= http.client.BAD_REQUEST:
        raise refusal(
            status,
            _problem(response, data),
            retry_after(response.headers.get("Retry-After")),
        )
    if status not in {200, 201, 202}:
        raise BadAnswer(
            f"the desk answered {status}; redirects are not followed and nothing else is understood"
        )
    _require_json_type(response)
    return Answer(status, load_object(data), etag)


def _problem(response: http.client.HTTPResponse, data: bytes) -> dict[str, Any]:
    # It is a refusal whatever the body says; an unreadable one only loses the explanation.
    try:
        _require_json_type(response)
        return load_object(data)
    except BadAnswer:
        return {"title": response.reason}


def _require_json_type(response: http.client.HTTPResponse) -> None:
    kind = response.headers.get_content_type()
    coding = response.headers.get("Content-Encoding", "identity")
    if kind not in JSON_TYPES or coding != "identity":
        raise BadAnswer(f"the desk answered {kind} ({coding}) where JSON was agreed")

"""Upstreams on loopback, each as its documents say; CTRLRun's decides by its official package."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ctrlrun import (
    Action,
    InMemoryStateStore,
    Principal,
    SQLiteStateStore,
    WebhookApprovalProvider,
)
from ctrlrun.webhook import handle_inbound
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

Answer = tuple[int, Any]


class StandIn:
    """An HTTP server; what it is asked is kept, and it may be out of order for a while."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.broken = 0
        """How many requests from now on are answered with 503."""
        self.arrived = threading.Semaphore(0)
        self.let_go = threading.Event()
        """Cleared: it answers nobody until it is set again."""
        self.let_go.set()
        self.url = ""

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """Answer one request."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the end of the block."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler_for(standin: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            standin.requests.append((self.command, self.path))
            standin.let_go.wait()
            if standin.broken > 0:
                standin.broken -= 1
                status, said = 503, {"error": "out of order"}
            else:
                status, said = standin.answer(self.command, self.path, self.headers, body)
            text = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            standin.arrived.release()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


class Helio(StandIn):
    """Its approvals API: tickets are settled once, by who knows the secret."""

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[str, str] = {}
        self.by: dict[str, Any] = {}

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """Answer one request."""
        if headers["Authorization"] != "Bearer api-secret":
            return 401, {"error": "Unauthorized"}
        _, _, _, ticket, verb = path.split("/")
        if ticket not in self.tickets:
            return 404, {"error": "Ticket not found"}
        if self.tickets[ticket] != "pending":
            status = self.tickets[ticket]
            return 409, {"error": "Ticket already resolved", "status": status}
        self.tickets[ticket] = {"approve": "approved", "deny": "denied"}[verb]
        self.by[ticket] = json.loads(body)
        return 200, {"ok": True}


class CtrlRun(StandIn):
    """Its gateway: the official package makes the requests and decides on the answers."""

    def __init__(self) -> None:
        super().__init__()
        self.secret = ""
        self.store: InMemoryStateStore | SQLiteStateStore = InMemoryStateStore()

    def ask(self) -> tuple[str, bytes, dict[str, str]]:
        """Ask for an action; return the request's id, and what is posted."""
        posted: list[tuple[bytes, dict[str, str]]] = []

        class Provider(WebhookApprovalProvider):
            def _post(self, body: bytes, headers: dict[str, str]) -> None:
                posted.append((body, headers))

        provider = Provider(
            self.store, url="https://desk/hooks", secret=self.secret, public_url=self.url
        )
        action = Action("refund", {"amount": 12}, Principal("bot"))
        request = provider.request(action, timedelta(minutes=10))
        return request.request_id, *posted[0]

    def status(self, request_id: str) -> str:
        """Return how a request stands."""
        record = self.store.get_approval(request_id)
        assert record is not None
        return record.status.value

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """Answer one request."""
        signature = headers["CTRLRun-Signature"] or ""
        status, detail = handle_inbound(
            self.store, path.rsplit("/", 1)[1], body, signature, secret=self.secret
        )
        return status, {"status": "ok" if status == 200 else "refused", "detail": detail}


class GitHub(StandIn):
    """The three calls of its API that an App with a deployment rule makes."""

    def __init__(self, key: str, app_id: str = "7") -> None:
        super().__init__()
        self.key, self.app_id = RSAKey.import_key(key), app_id
        self.waiting = {"production"}
        self.reviews: list[dict[str, str]] = []

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        """Answer one request."""
        bearer = headers["Authorization"].removeprefix("Bearer ")
        if path == "/app/installations/1234/access_tokens":
            try:
                claims = jwt.decode(bearer, self.key, algorithms=["RS256"]).claims
            except JoseError:
                return 401, {"message": "A JSON web token could not be decoded"}
            return (
                (201, {"token": "ghs_one"}) if claims["iss"] == self.app_id else (404, {})
            )
        if bearer != "ghs_one":
            return 401, {"message": "Bad credentials"}
        if path.endswith("/pending_deployments"):
            return 200, [{"environment": {"name": name}} for name in self.waiting]
        review = json.loads(body)
        if review["environment_name"] not in self.waiting:
            return 422, {"message": "No pending deployment"}
        self.waiting.discard(review["environment_name"])
        self.reviews.append(review)
        return 204, None

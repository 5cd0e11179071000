"""A small stand-in for the desk, faithful to the bodies of the agents' API, and able to misbehave."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from countersign_client import Client

KEY = "csk_standin_0123456789"
LIVE = {"pending", "needs_revision", "approved", "executing"}
Body = dict[str, Any]
Reply = tuple[int, Body]


@dataclass
class Seen:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Body


@dataclass
class Desk:
    """The stand-in's state. `reviewer` decides each new approval at once, when set."""

    url: str = ""
    key: str = KEY
    lease_seconds: float = 120.0
    reviewer: Callable[[Body], None] | None = None
    approvals: dict[str, Body] = field(default_factory=dict)
    asked: list[Seen] = field(default_factory=list)
    faults: list[Callable[[BaseHTTPRequestHandler], bool]] = field(default_factory=list)
    answers_to_lose: int = 0
    replays: dict[str, Reply] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def at(self, seconds: float = 0) -> str:
        moment = self.now() + timedelta(seconds=seconds)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def calls(self, verb: str) -> list[Seen]:
        return [seen for seen in self.asked if seen.path.split("?")[0].endswith(verb)]

    def only(self) -> Body:
        [approval] = self.approvals.values()
        return approval

    def settle(self, approval: Body, status: str, **members: Any) -> None:
        with self.changed:
            approval.update(status=status, version=approval["version"] + 1, **members)
            self.changed.notify_all()

    def decide(self, approval: Body, verdict: str, reason: str | None = None) -> None:
        decision = {
            "verdict": verdict,
            "actor": {"type": "user", "id": "usr_1", "display": "Ana"},
            "reason": reason,
            "at": self.at(),
            "channel": "browser",
        }
        status = {"approve": "approved", "edit": "approved", "deny": "denied"}[verdict]
        self.settle(
            approval,
            status,
            decisions=[*approval["decisions"], decision],
            resolution="reviewer",
            decided_at=self.at(),
        )

    def approve(self, approval: Body) -> None:
        self.decide(approval, "approve")

    def deny(self, approval: Body) -> None:
        self.decide(approval, "deny", "too risky today")

    def edit(self, approval: Body, arguments: Body) -> None:
        approval["effective_arguments"] = arguments
        names = sorted(arguments.keys() | approval["arguments"].keys())
        changes = [{"path": f"/{name}", "change": "changed"} for name in names]
        approval["edited"] = {"changes": changes}
        self.decide(approval, "edit")

    def file(self, body: Body) -> Reply:
        with self.changed:
            for known in self.approvals.values():
                if known["status"] in LIVE and known["fingerprint"] == _fingerprint(body):
                    if known["status"] == "executing":
                        return _problem(409, "in_progress", "it runs now", retry_after=120)
                    known["seen_count"] += 1
                    return 200, {**known, "reused": True}
            approval = self._new(body)
            self.approvals[approval["id"]] = approval
        if self.reviewer:
            self.reviewer(approval)
        return 201, dict(approval)

    def _new(self, body: Body) -> Body:
        number = f"apr_{len(self.approvals) + 1:026d}"
        named = (
            *("summary", "reason", "context", "session", "run", "scope", "source_ref"),
            "allowed_decisions",
        )
        return {
            "id": number,
            "status": "pending",
            "version": 1,
            "tool": body["tool"],
            "arguments": body["arguments"],
            "arguments_hash": "sha256:aa",
            "fingerprint": _fingerprint(body),
            **{name: body.get(name) for name in named},
            "risk": body.get("risk", "medium"),
            "on_behalf_of": body.get("on_behalf_of"),
            "created_at": self.at(),
            "expires_at": self.at(900),
            "usable_until": None,
            "decided_at": None,
            "resolution": None,
            "decisions": [],
            "answer": None,
            "messages": [],
            "seen_count": 1,
            "review_url": f"{self.url}/approvals/{number}",
            "human_instructions": "Ask Ana to look.",
            "retryable": True,
            "retry_after": 5,
            "reused": False,
            "a_member_of_tomorrow": {"x": 1},
        }

    def gate(self, body: Body) -> Reply:
        report = body.pop("report", True)
        status, approval = self.file(body)
        if status == 409:
            return status, approval
        known = self.approvals[approval["id"]]
        if known["status"] == "denied":
            told = {"reason": known["decisions"][-1]["reason"], "approval": _bare(known)}
            return _problem(403, "denied", "a reviewer said no", proceed=False, **told)
        if known["status"] == "answered":
            return 200, {
                "proceed": False,
                "answer": known["answer"],
                "approval": _bare(known),
            }
        if known["status"] != "approved":
            return 202, {"proceed": False, "approval": _bare(known)}
        _, used = self.consume(known, body)
        if not report:
            known["status"] = "consumed"
            used |= {"lease_token": None, "lease_expires_at": None}
        return 200, {"proceed": True, "approval": _bare(known), **used}

    def consume(self, approval: Body, body: Body) -> Reply:
        with self.changed:
            status = approval["status"]
            if status in {"executing", "consumed", "failed", "unknown"}:
                return _problem(409, "already_consumed", "it was used at 10:00")
            if status in {"expired", "revoked"}:
                return _problem(409, status, f"it is {status}")
            if status != "approved":
                return _problem(409, "not_approved", f"it is {status}")
            effective = approval.get("effective_arguments", approval["arguments"])
            taken = {**body, "arguments": effective}
            if approval["fingerprint"] != _fingerprint(body) and taken != body:
                return _problem(
                    409, "fingerprint_mismatch", "this is not what was approved"
                )
            approval["status"] = "executing"
            approval["lease"] = f"lease-{len(self.asked)}"
            return 200, {
                "consumption": "con_1",
                "lease_token": approval["lease"],
                "lease_expires_at": self.at(self.lease_seconds),
                "arguments": effective,
                "receipt": "e30.e30.sig",
                "approval": _bare(approval),
            }

    def report(self, approval: Body, verb: str, body: Body) -> Reply:
        if body["lease_token"] != approval.get("lease"):
            return _problem(409, "lease_over", "another lease holds it")
        if verb == "heartbeat":
            return 200, {"lease_expires_at": self.at(self.lease_seconds)}
        ends = {"ok": "consumed", "error": "failed", "unknown": "unknown"}
        approval["status"] = ends[body["result"]] if verb == "outcome" else "approved"
        return 200, dict(approval)

    def end(self, kind: str, name: str) -> Reply:
        ended = [
            a
            for a in self.approvals.values()
            if a[kind] == name and a["status"] == "pending"
        ]
        for approval in ended:
            self.settle(approval, "cancelled", resolution=f"{kind}_ended")
        return 200, {"items": list(map(_bare, ended)), "next_cursor": None}

    def write_gate(self, body: Body) -> Reply:
        reading = [scope for scope in body["scopes_held"] if scope.endswith(":read")]
        if set(body["scopes_required"]) <= set(reading):
            return 200, {"allowed": True, "effective_scopes": reading}
        told = {
            "error": "approval_required",
            "nonce": "n1",
            "approval_url": f"{self.url}/orgs/acme/write-gate/n1",
            "scopes": sorted(set(body["scopes_required"]) - set(reading)),
            "expires_at": self.at(600),
        }
        return _problem(403, "approval_required", "ask the person", **told)

    def show(self, approval: Body, wait: float, etag: str | None) -> Reply:
        def news() -> bool:
            if etag is None:
                return bool(approval["status"] != "pending")
            return etag != f'"{approval["version"]}"'

        with self.changed:
            self.changed.wait_for(news, wait)
            return (200, dict(approval)) if etag is None or news() else (304, {})

    def answer(  # noqa: PLR0911  # one return a route
        self, method: str, path: str, body: Body, etag: str | None
    ) -> Reply:
        parts = urlsplit(path)
        steps = [unquote(step) for step in parts.path.removeprefix("/api/v1/").split("/")]
        match [method, *steps]:
            case ["GET", "me"]:
                return 200, {"type": "agent", "id": "agt_1"}
            case ["POST", "approvals"]:
                return self.file(body)
            case ["POST", "write-gate"]:
                return self.write_gate(body)
            case ["POST", "gate"]:
                return self.gate(body)
            case ["POST", "sessions" | "runs" as kind, name, "end"]:
                return self.end(kind.removesuffix("s"), name)
            case ["GET", "approvals", name] if name in self.approvals:
                wait = float(parse_qs(parts.query).get("wait", ["0"])[0])
                return self.show(self.approvals[name], wait, etag)
            case ["POST", "approvals", name, verb] if name in self.approvals:
                return self.act(self.approvals[name], verb, body)
        return _problem(404, "not_found", "there is nothing here")

    def authenticated(self, seen: Seen) -> Reply:
        if seen.headers["Authorization"] != f"Bearer {KEY}":
            return _problem(401, "unauthorized", "no such key")
        key = seen.headers.get("Idempotency-Key")
        if key in self.replays:
            return self.replays[key]
        etag = seen.headers.get("If-None-Match")
        reply = self.answer(seen.method, seen.path, seen.body, etag)
        if key:
            self.replays[key] = reply
        return reply

    def act(self, approval: Body, verb: str, body: Body) -> Reply:
        if verb == "consume":
            return self.consume(approval, body)
        if verb == "cancel":
            self.settle(approval, "cancelled", resolution="cancelled")
        elif verb == "messages":
            said = {"from": "agent", "text": body["text"], "at": self.at()}
            self.settle(approval, "pending", messages=[said])
        else:
            return self.report(approval, verb, body)
        return 200, dict(approval)


def _bare(approval: Body) -> Body:
    """As the desk shows it beside a call's arguments and in lists: without them."""
    return {name: value for name, value in approval.items() if name != "arguments"}


def _fingerprint(body: Body) -> str:
    bound = {
        name: body.get(name) for name in ("tool", "arguments", "scope", "tool_def", "ctx")
    }
    return "sha256:" + json.dumps(bound, sort_keys=True)


def _problem(status: int, code: str, detail: str, **more: Any) -> Reply:
    title = {"type": "about:blank", "title": code, "status": status, "instance": "/x"}
    return status, {**title, "code": code, "detail": detail, **more}


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self._serve(json.loads(self.rfile.read(length) or b"{}"))

        def _serve(self, body: Body) -> None:
            desk.asked.append(Seen(self.command, self.path, dict(self.headers), body))
            if desk.faults and desk.faults.pop(0)(self):
                return
            reply = desk.authenticated(desk.asked[-1])
            if desk.answers_to_lose:
                desk.answers_to_lose -= 1
            else:
                self._reply(*reply)

        def _reply(self, status: int, body: Body) -> None:
            data = b"" if status == 304 else json.dumps(body).encode()
            self.send_response(status)
            kind = "problem+json" if status >= 400 else "json"
            self.send_header("Content-Type", f"application/{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            if "version" in body:
                self.send_header("ETag", f'"{body["version"]}"')
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
            pass

    return Handler


@pytest.fixture
def server() -> Iterator[Desk]:
    desk = Desk()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk))
    listener.daemon_threads = True
    desk.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
    thread.start()
    yield desk
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.fixture
def desk(server: Desk) -> Client:
    return Client(server.url, server.key, timeout=5, patience=5)


@pytest.fixture
def impatient(server: Desk) -> Client:
    """Gives up at once: for what must refuse."""
    return Client(server.url, server.key, timeout=0.3, patience=0)


@pytest.fixture
def raw() -> Callable[..., Callable[[BaseHTTPRequestHandler], bool]]:
    """A fault: exactly these bytes, then the connection is cut."""

    def fault(data: bytes) -> Callable[[BaseHTTPRequestHandler], bool]:
        def send(handler: BaseHTTPRequestHandler) -> bool:
            handler.wfile.write(data)
            return True

        return send

    return fault


@pytest.fixture
def http() -> Callable[..., Callable[[BaseHTTPRequestHandler], bool]]:
    """A fault: one well-formed HTTP answer with this status, body and headers."""

    def fault(
        status: int, body: bytes = b"{}", kind: str = "application/json", **headers: str
    ) -> Callable[[BaseHTTPRequestHandler], bool]:
        def send(handler: BaseHTTPRequestHandler) -> bool:
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)
            return True

        return send

    return fault


@pytest.fixture
def own_loop() -> Iterator[None]:
    """For pydantic-ai's run_sync, which takes the thread's event loop and never closes it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()
    asyncio.set_event_loop(None)

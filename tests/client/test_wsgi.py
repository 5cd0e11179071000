"""`WriteGate`: what reaches a service, what does not, and what the desk is told."""

import io
import json
from typing import Any
from wsgiref.validate import validator

import pytest
from countersign_client import Client
from countersign_client.payload import BOUND_HEADERS
from countersign_client.wsgi import WriteGate

HELD = ["files:read", "files:write", "mail:send"]
Answer = tuple[int, dict[str, str], bytes]


class Service:
    """A WSGI application that remembers what reached it, and checks that it is WSGI."""

    def __init__(self) -> None:
        self.served: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.served.append(dict(environ))
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.bodies.append(environ["wsgi.input"].read(length))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return _Parts(self)


class _Parts:
    def __init__(self, service: Service) -> None:
        self._service = service

    def __iter__(self) -> Any:
        return iter([b"do", b"ne"])

    def close(self) -> None:
        self._service.closed += 1


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def gate(service: Service, impatient: Client) -> WriteGate:
    return gated(service, impatient)


def gated(service: Service, desk: Client, **changes: Any) -> WriteGate:
    sources: dict[str, Any] = {
        "user": "REMOTE_USER",
        "org": lambda _: "acme",
        "held": "service.scopes",
        "required": "service.required",
        "agent_context": "service.is_agent",
    }
    return WriteGate(validator(service), desk, **sources | changes)


def call(gate: WriteGate, body: bytes = b"hello", /, **changes: Any) -> Answer:
    """Call the gate as a server does; an agent's write unless told otherwise."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "PUT",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a.txt",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "text/plain",
        "REMOTE_USER": "ana@example.com",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "service.scopes": list(HELD),
        "service.required": ["files:write"],
        "service.is_agent": True,
    }
    environ |= changes
    environ = {name: value for name, value in environ.items() if value is not ...}
    said: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: Any, _exc_info: Any = None) -> Any:
        said.append((status, headers))
        return lambda _: None

    parts = gate(environ, start_response)
    text = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    return int(said[0][0][:3]), dict(said[0][1]), text


def passes(server: Any, http: Any, scopes: list[str]) -> None:
    """Let the desk's next answer be a yes."""
    body = json.dumps({"allowed": True, "effective_scopes": scopes}).encode()
    server.faults.append(http(200, body))


def test_a_persons_own_request_passes_untouched_and_unasked(
    gate: WriteGate, service: Service, server: Any
) -> None:
    assert call(gate, **{"service.is_agent": False})[0] == 200
    assert call(gate, **{"service.is_agent": False, "HTTP_X_IS_AGENT": "true"})[0] == 200
    assert service.bodies == [b"hello", b"hello"]
    assert service.served[0]["service.scopes"] == HELD
    assert server.asked == []


def test_an_agents_write_is_held_with_the_desks_own_words(
    gate: WriteGate, service: Service, server: Any
) -> None:
    status, headers, body = call(gate)
    told = json.loads(body)
    assert (status, told["error"], told["code"]) == (403, *["approval_required"] * 2)
    assert told["approval_url"].endswith("/orgs/acme/write-gate/n1")
    assert {"nonce", "scopes", "expires_at", "title", "status", "detail"} <= set(told)
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Cache-Control"] == "no-store"
    assert service.served == []
    asked = server.asked[-1].body
    assert asked.pop("payload_hash").startswith("sha256:")
    assert asked == {
        "user": "ana@example.com",
        "org_ref": "acme",
        "agent_context": True,
        "method": "PUT",
        "path": "/a.txt",
        "scopes_required": ["files:write"],
        "scopes_held": HELD,
    }


@pytest.mark.parametrize("header", [..., "false", "0", "no", ""])
def test_no_header_lifts_the_mask(gate: WriteGate, service: Service, header: Any) -> None:
    assert call(gate, HTTP_X_IS_AGENT=header)[0] == 403
    assert service.served == []


def test_an_approved_write_reaches_the_service_once_with_its_body_and_less_scopes(
    gate: WriteGate, service: Service, server: Any, http: Any
) -> None:
    passes(server, http, ["files:read", "files:write"])
    assert call(gate, b"x" * 3_000_000)[::2] == (200, b"done")
    assert service.bodies == [b"x" * 3_000_000]
    environ = service.served[0]
    assert environ["countersign.scopes"] == ("files:read", "files:write")
    assert environ["service.scopes"] == ("files:read", "files:write")
    assert service.closed == 1
    assert environ["wsgi.input"].input.closed  # and with it the spooled file


def test_scopes_in_words_stay_words(
    service: Service, impatient: Client, server: Any, http: Any
) -> None:
    passes(server, http, ["files:read"])
    read = {"service.scopes": " ".join(HELD), "service.required": "files:read"}
    assert call(gated(service, impatient), **read)[0] == 200
    assert service.served[0]["service.scopes"] == "files:read"


def test_reads_pass_masked_even_when_the_desk_is_away(
    service: Service, http: Any, server: Any
) -> None:
    away = Client("http://127.0.0.1:1", server.key, timeout=1, patience=0)
    read = {"service.required": ["files:read"], "REQUEST_METHOD": "GET"}
    assert call(gated(service, away), b"", **read)[0] == 200
    assert service.served[0]["countersign.scopes"] == ("files:read",)
    status, _, body = call(gated(service, away))
    assert (status, json.loads(body)["code"]) == (503, "gate_failed")
    assert len(service.served) == 1


ODD = [
    (200, b"{}"),
    (200, b'{"allowed": false, "effective_scopes": ["files:read", "files:write"]}'),
    (200, b'{"allowed": 1, "effective_scopes": ["files:read", "files:write"]}'),
    (200, b'{"allowed": true, "effective_scopes": "files:write"}'),
    (200, b'{"allowed": true, "effective_scopes": ["files:read"]}'),
    (200, b'{"allowed": true, "effective_scopes": [["files:write"]]}'),
    (200, b'{"allowed": true, "effective_scopes": ["files:write", "admin:all"]}'),
    (200, b"not json"),
    (204, b""),
    (302, b"{}"),
    (401, b'{"code": "bad_key"}'),
    (403, b"{}"),
    (403, b'{"code": "approval_required"}'),
    (403, b'{"code": "scope_missing", "detail": "This key lacks the scope write-gate."}'),
    (403, b'{"code": "agent_key_required"}'),
    (409, b'{"code": "in_progress"}'),
    (500, b"{}"),
    (503, b'{"code": "unavailable"}'),
]


@pytest.mark.parametrize("answer", ODD, ids=[f"{s} {b.decode()}" for s, b in ODD])
def test_whatever_is_not_plainly_a_yes_refuses_a_write(
    gate: WriteGate, service: Service, server: Any, http: Any, answer: tuple[int, bytes]
) -> None:
    """No fail-open: odd answers, other status codes, a key without the scope."""
    server.faults.append(http(*answer))
    status, _, body = call(gate)
    assert (status, json.loads(body)["code"]) == (503, "gate_failed")
    assert service.served == []


def test_a_desk_that_says_nothing_refuses_in_time(
    gate: WriteGate, service: Service, server: Any
) -> None:
    import threading  # noqa: PLC0415

    over = threading.Event()
    server.faults.append(lambda _: over.wait(20))
    assert call(gate)[0] == 503
    over.set()
    assert service.served == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"code": "write_refused", "reason": "Not now"}, 403),
        ({"code": "scope_missing", "missing": ["files:write"]}, 403),
        ({"code": "not_found"}, 403),
        ({"code": "invalid"}, 422),
        ({"code": "too_many_pending"}, 429),
    ],
)
def test_the_desks_own_no_is_passed_on(
    gate: WriteGate,
    service: Service,
    server: Any,
    http: Any,
    answer: dict[str, Any],
    status: int,
) -> None:
    body = json.dumps(answer | {"detail": "because", "secret": "x"}).encode()
    server.faults.append(http(404 if answer["code"] == "not_found" else status, body))
    got, _, text = call(gate)
    told = json.loads(text)
    assert (got, told["code"], told["detail"]) == (status, answer["code"], "because")
    assert set(answer) <= set(told)
    assert "secret" not in told
    assert service.served == []


@pytest.mark.parametrize(
    "change",
    [
        {"service.is_agent": ...},
        {"service.is_agent": None},
        {"service.is_agent": 0},
        {"service.is_agent": "false"},
        {"service.required": ...},
        {"service.required": []},
        {"service.required": [1]},
        {"service.scopes": ...},
        {"service.scopes": {"files:write": True}},
        {"REMOTE_USER": ...},
        {"REMOTE_USER": 7},
    ],
    ids=str,
)
def test_a_service_that_does_not_say_is_not_guessed_for(
    gate: WriteGate, service: Service, change: dict[str, Any]
) -> None:
    assert call(gate, **change)[0] in {403, 503}
    assert service.served == []


def test_a_source_that_fails_refuses(service: Service, impatient: Client) -> None:
    def broken(_: Any) -> Any:
        raise KeyError("the session store is away")

    for name in ("user", "org", "held", "required", "agent_context"):
        assert call(gated(service, impatient, **{name: broken}))[0] == 503
    assert service.served == []


def test_what_the_service_raises_is_its_own(
    impatient: Client, server: Any, http: Any
) -> None:
    def broken(*_: Any) -> Any:
        raise LookupError("ours")

    sources: dict[str, Any] = {
        "user": "REMOTE_USER",
        "org": "REMOTE_USER",
        "held": "service.scopes",
        "required": "service.required",
        "agent_context": "service.is_agent",
    }
    gate = WriteGate(broken, impatient, **sources)
    passes(server, http, HELD)
    for agent in (True, False):
        with pytest.raises(LookupError, match="ours"):
            call(gate, **{"service.is_agent": agent})


@pytest.mark.parametrize("name", ["user", "org", "held", "required", "agent_context"])
def test_a_header_is_no_source(service: Service, impatient: Client, name: str) -> None:
    with pytest.raises(ValueError, match="is a header"):
        gated(service, impatient, **{name: "HTTP_X_IS_AGENT"})


def hash_of(gate: WriteGate, server: Any, body: bytes = b"hello", /, **changes: Any) -> str:
    call(gate, body, **changes)
    told: str = server.asked[-1].body["payload_hash"]
    return told


def test_the_hash_binds_the_body_and_the_headers_that_steer_it(
    gate: WriteGate, server: Any
) -> None:
    same = hash_of(gate, server)
    assert hash_of(gate, server, HTTP_USER_AGENT="other", HTTP_DATE="later") == same
    keys = [name.upper().replace("-", "_") for name in BOUND_HEADERS]
    named = [key if key == "CONTENT_TYPE" else f"HTTP_{key}" for key in keys]
    hashes = [hash_of(gate, server, **{name: "x"}) for name in named]
    hashes += [hash_of(gate, server, b"hellp"), hash_of(gate, server, b"")]
    # a header's end cannot be taken for another header
    forged = "x\nif:1:y"
    hashes.append(hash_of(gate, server, HTTP_DESTINATION=forged))
    hashes.append(hash_of(gate, server, HTTP_DESTINATION="x", HTTP_IF="y"))
    assert len({same, *hashes}) == len(hashes) + 1


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"PATH_INFO": "/ä b".encode().decode("latin-1")}, "/%C3%A4%20b"),
        ({"SCRIPT_NAME": "/dav", "PATH_INFO": "/a%2f"}, "/dav/a%252f"),
        ({"QUERY_STRING": "a=%20&b='\"#"}, "/a.txt?a=%20&b='\"#"),
        ({"PATH_INFO": "/x?y#z\\"}, "/x%3Fy%23z%5C"),
        ({"PATH_INFO": "", "SCRIPT_NAME": "/dav"}, "/dav"),
    ],
)
def test_the_path_is_what_the_service_acts_on(
    gate: WriteGate, server: Any, changes: dict[str, str], path: str
) -> None:
    call(gate, **changes)
    assert server.asked[-1].body["path"] == path


def unfinished(body: bytes) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": ...}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"CONTENT_LENGTH": "9"}, 400),
        ({"CONTENT_LENGTH": "-1"}, 400),
        ({"CONTENT_LENGTH": "5x"}, 400),
        ({"CONTENT_LENGTH": "11"}, 413),
        ({"CONTENT_LENGTH": ..., "HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        (
            unfinished(b"x" * 11)
            | {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
            413,
        ),
    ],
)
def test_a_body_that_cannot_be_bound_is_refused(
    service: Service, impatient: Client, server: Any, changes: Any, status: int
) -> None:
    assert call(gated(service, impatient, max_body=10), **changes)[0] == status
    assert service.served == []
    assert server.asked == []


def test_a_body_without_a_length_reaches_the_service_whole(
    service: Service, impatient: Client, server: Any, http: Any
) -> None:
    passes(server, http, HELD)
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert call(gated(service, impatient), **unfinished(b"in chunks") | chunked)[0] == 200
    assert service.bodies == [b"in chunks"]
    assert "HTTP_TRANSFER_ENCODING" not in service.served[0]


def test_head_gets_a_refusal_without_a_body(gate: WriteGate) -> None:
    assert call(gate, REQUEST_METHOD="HEAD")[::2] == (403, b"")

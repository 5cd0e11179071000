"""The agents' door, asked over raw sockets on the server as it is shipped (quality S3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webui.api.guard import Door, check

GET = "GET /api/v1/echo HTTP/1.1"
POST = "POST /api/v1/echo HTTP/1.1"
HOST = "Host: 127.0.0.1:{port}"
JSON = "Content-Type: application/json"
TWO = "Content-Length: 2"

# (name, request line, headers, body, expected status, expected code)
CASES: list[tuple[str, str, list[str], str, int, str | None]] = [
    ("a plain GET", GET, [HOST], "", 200, None),
    ("localhost as host", GET, ["Host: localhost:{port}"], "", 200, None),
    ("IPv6 loopback as host", GET, ["Host: [::1]:{port}"], "", 200, None),
    ("a JSON body", POST, [HOST, JSON, TWO], "{}", 200, None),
    (
        "a JSON body with charset",
        POST,
        [HOST, JSON + "; charset=UTF-8", TWO],
        "{}",
        200,
        None,
    ),
    ("an empty POST", POST, [HOST, "Content-Length: 0"], "", 200, None),
    ("node's fetch mode", GET, [HOST, "Sec-Fetch-Mode: cors"], "", 200, None),
    ("an address bar's fetch site", GET, [HOST, "Sec-Fetch-Site: none"], "", 200, None),
    ("another host", GET, ["Host: evil.example"], "", 421, "wrong_host"),
    ("a rebound name", GET, ["Host: evil.example:{port}"], "", 421, "wrong_host"),
    ("no port", GET, ["Host: 127.0.0.1"], "", 421, "wrong_host"),
    ("the dashboard's port", GET, ["Host: 127.0.0.1:{dashboard}"], "", 421, "wrong_host"),
    ("a trailing dot", GET, ["Host: localhost.:{port}"], "", 421, "wrong_host"),
    ("an upper-case host", GET, ["Host: LOCALHOST:{port}"], "", 421, "wrong_host"),
    ("a user in the host", GET, ["Host: evil@127.0.0.1:{port}"], "", 421, "wrong_host"),
    ("an octal spelling", GET, ["Host: 0177.0.0.1:{port}"], "", 421, "wrong_host"),
    ("a decimal spelling", GET, ["Host: 2130706433:{port}"], "", 421, "wrong_host"),
    ("no host", GET, [], "", 421, "wrong_host"),
    ("two hosts", GET, [HOST, "Host: evil.example"], "", 400, None),
    (
        "a target naming another host",
        "GET http://evil.example/api/v1/echo HTTP/1.1",
        [HOST],
        "",
        421,
        "wrong_host",
    ),
    ("X-Forwarded-For", GET, [HOST, "X-Forwarded-For: 127.0.0.1"], "", 400, "forwarded"),
    ("X-Forwarded-Host", GET, [HOST, "X-Forwarded-Host: a"], "", 400, "forwarded"),
    ("X-Forwarded-Anything", GET, [HOST, "X-Forwarded-Anything: a"], "", 400, "forwarded"),
    ("Forwarded", GET, [HOST, "Forwarded: for=127.0.0.1"], "", 400, "forwarded"),
    ("X-Real-IP", GET, [HOST, "X-Real-IP: 127.0.0.1"], "", 400, "forwarded"),
    ("Via", GET, [HOST, "Via: 1.1 proxy"], "", 400, "forwarded"),
    ("X-Original-URL", GET, [HOST, "X-Original-URL: /x"], "", 400, "forwarded"),
    ("CF-Connecting-IP", GET, [HOST, "CF-Connecting-IP: 1.2.3.4"], "", 400, "forwarded"),
    ("True-Client-IP", GET, [HOST, "True-Client-IP: 1.2.3.4"], "", 400, "forwarded"),
    (
        "a foreign origin",
        GET,
        [HOST, "Origin: https://evil.example"],
        "",
        403,
        "from_browser",
    ),
    (
        "our own origin",
        GET,
        [HOST, "Origin: http://127.0.0.1:{port}"],
        "",
        403,
        "from_browser",
    ),
    ("a null origin", GET, [HOST, "Origin: null"], "", 403, "from_browser"),
    ("an empty origin", GET, [HOST, "Origin:"], "", 403, "from_browser"),
    (
        "a cross-site fetch",
        GET,
        [HOST, "Sec-Fetch-Site: cross-site"],
        "",
        403,
        "from_browser",
    ),
    (
        "a same-origin fetch",
        GET,
        [HOST, "Sec-Fetch-Site: same-origin"],
        "",
        403,
        "from_browser",
    ),
    ("a cookie", GET, [HOST, "Cookie: a=b"], "", 400, "cookie"),
    ("a preflight", "OPTIONS /api/v1/echo HTTP/1.1", [HOST], "", 405, "method_not_allowed"),
    ("PUT", "PUT /api/v1/echo HTTP/1.1", [HOST], "", 405, "method_not_allowed"),
    ("TRACE", "TRACE /api/v1/echo HTTP/1.1", [HOST], "", 405, "method_not_allowed"),
    ("a form", POST, [HOST, "Content-Type: text/plain", TWO], "{}", 415, "not_json"),
    (
        "a form's type behind a comma",
        POST,
        [HOST, JSON + ", text/plain", TWO],
        "{}",
        415,
        "not_json",
    ),
    (
        "another charset",
        POST,
        [HOST, JSON + "; charset=utf-16", TWO],
        "{}",
        415,
        "not_json",
    ),
    ("no type", POST, [HOST, TWO], "{}", 415, "not_json"),
    (
        "a compressed body",
        POST,
        [HOST, JSON, TWO, "Content-Encoding: gzip"],
        "{}",
        415,
        "content_encoding",
    ),
    ("no length", POST, [HOST, JSON], "", 411, "length_required"),
    (
        "chunks",
        POST,
        [HOST, JSON, "Transfer-Encoding: chunked"],
        "2\r\n{{}}\r\n0\r\n\r\n",
        411,
        "length_required",
    ),
    (
        "a length and chunks",
        POST,
        [HOST, JSON, TWO, "Transfer-Encoding: chunked"],
        "",
        400,
        None,
    ),
    ("two lengths", POST, [HOST, JSON, TWO, "Content-Length: 3"], "{}", 400, None),
    (
        "one byte too many",
        POST,
        [HOST, JSON, "Content-Length: 262145"],
        "",
        413,
        "too_large",
    ),
    (
        "ten digits",
        POST,
        [HOST, JSON, "Content-Length: 0000000002"],
        "{}",
        413,
        "too_large",
    ),
    ("a GET with a body", GET, [HOST, JSON, TWO], "{}", 400, "body_not_allowed"),
]


@pytest.mark.parametrize(
    ("line", "headers", "body", "status", "code"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_only_a_local_program_gets_in(
    desk: Any, line: str, headers: list[str], body: str, status: int, code: str | None
) -> None:
    ports = {"port": desk.agents, "dashboard": desk.dashboard}
    head = "\r\n".join([line, *(header.format(**ports) for header in headers)])
    answer = desk.raw(desk.agents, f"{head}\r\n\r\n{body}".replace("{{}}", "{}").encode())
    assert answer.status == status, answer
    assert "access-control-allow-origin" not in answer.headers
    if code:
        problem = json.loads(answer.body)
        assert problem["code"] == code
        assert problem["status"] == status
        assert problem["instance"] == "/api/v1/echo"
        assert answer.headers["content-type"] == "application/problem+json"
    elif status == 200:
        assert json.loads(answer.body)["app"] == "agents"


def test_the_body_is_not_read_before_the_guard_has_spoken(desk: Any) -> None:
    head = f"{POST}\r\nHost: evil.example\r\n{JSON}\r\nContent-Length: 1000\r\n\r\n"
    assert desk.raw(desk.agents, head.encode()).status == 421


def test_checks_answer_in_their_order(desk: Any) -> None:
    everything = ["Host: evil", "Via: x", "Origin: null", "Cookie: a=b"]
    expected = [421, 400, 403, 400, 405]
    for count, status in enumerate(expected):
        rest = [f"Host: 127.0.0.1:{desk.agents}", *everything[count:]]
        lines = ["PUT /api/v1/echo HTTP/1.1", *(everything if count == 0 else rest)]
        assert (
            desk.raw(desk.agents, ("\r\n".join(lines) + "\r\n\r\n").encode()).status
            == status
        )


@pytest.mark.parametrize("spelling", ["csk_", "csk%5F", "%63sk_"])
def test_a_key_in_the_url_is_refused_and_handed_over_for_revocation(
    desk: Any, spelling: str
) -> None:
    key = "0123456789ab_" + "k" * 49
    answer = desk.ask(desk.agents, f"/api/v1/echo?key={spelling}{key}_and-more")
    assert answer.status == 400
    assert json.loads(answer.body)["code"] == "key_in_url"
    leaked = json.loads(desk.ask(desk.agents, "/api/v1/leaked").body)
    assert f"csk_{key}" in leaked


def test_what_only_begins_like_a_key_is_an_ordinary_query(desk: Any) -> None:
    short = "csk_0123456789ab_" + "k" * 48
    assert desk.ask(desk.agents, f"/api/v1/echo?name={short}").status == 200


def test_an_underscore_spelling_of_a_forwarding_header_is_dropped_by_the_server(
    desk: Any,
) -> None:
    answer = desk.ask(desk.agents, "/api/v1/echo", "X_Forwarded_For: 1.2.3.4")
    assert json.loads(answer.body)["peer"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "fine"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - the case under test
        ("::ffff:192.0.2.1", False),
        ("fe80::1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_only_a_loopback_peer_is_local(peer: str, *, fine: bool) -> None:
    door = Door(frozenset({"127.0.0.1:9111"}), 1024)
    environ = {"REMOTE_ADDR": peer, "HTTP_HOST": "127.0.0.1:9111", "REQUEST_METHOD": "GET"}
    refusal = check(environ, door)
    assert (refusal is None) == fine
    assert refusal is None or (refusal.status, refusal.code) == (403, "not_local")

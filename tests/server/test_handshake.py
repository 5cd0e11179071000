"""What may not open the live socket is refused before the upgrade (quality S4)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
FINE = {
    "Host": "127.0.0.1:{port}",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    "Origin": "http://127.0.0.1:{port}",
    "Cookie": "session=ann",
}
# (name, changed headers; None leaves one out, query after the ticket, status)
CASES: list[tuple[str, dict[str, str | None], str, int]] = [
    ("a page of ours", {}, "", 101),
    ("our page by another local name", {"Origin": "http://localhost:{port}"}, "", 101),
    ("a browser that says same-origin", {"Sec-Fetch-Site": "same-origin"}, "", 101),
    ("a foreign origin", {"Origin": "https://evil.example"}, "", 403),
    ("no origin", {"Origin": None}, "", 403),
    ("a null origin", {"Origin": "null"}, "", 403),
    ("an empty origin", {"Origin": ""}, "", 403),
    ("a suffix look-alike", {"Origin": "http://127.0.0.1:{port}.evil.example"}, "", 403),
    ("a prefix look-alike", {"Origin": "http://evil-127.0.0.1:{port}"}, "", 403),
    ("a user look-alike", {"Origin": "http://127.0.0.1:{port}@evil.example"}, "", 403),
    ("another port", {"Origin": "http://127.0.0.1:1"}, "", 403),
    ("the agents' port", {"Origin": "http://127.0.0.1:{agents}"}, "", 403),
    ("another scheme", {"Origin": "https://127.0.0.1:{port}"}, "", 403),
    ("a trailing slash", {"Origin": "http://127.0.0.1:{port}/"}, "", 403),
    ("upper case", {"Origin": "HTTP://127.0.0.1:{port}"}, "", 403),
    ("two origins", {"Origin": "http://127.0.0.1:{port}, https://evil.example"}, "", 403),
    ("a cross-site fetch", {"Sec-Fetch-Site": "cross-site"}, "", 403),
    ("a same-site fetch", {"Sec-Fetch-Site": "same-site"}, "", 403),
    ("a foreign host", {"Host": "evil.example"}, "", 421),
    ("a rebound host", {"Host": "evil.example:{port}"}, "", 421),
    ("nobody signed in", {"Cookie": None}, "", 401),
    ("version 8", {"Sec-WebSocket-Version": "8"}, "", 426),
    ("no version", {"Sec-WebSocket-Version": None}, "", 426),
    ("no upgrade", {"Upgrade": None}, "", 426),
    ("another upgrade", {"Upgrade": "h2c"}, "", 426),
    ("no connection token", {"Connection": "keep-alive"}, "", 426),
    ("no key", {"Sec-WebSocket-Key": None}, "", 400),
    ("a short key", {"Sec-WebSocket-Key": "YWJj"}, "", 400),
    ("a key that is not base64", {"Sec-WebSocket-Key": "*" * 24}, "", 400),
    ("another session's ticket", {"Cookie": "session=eve"}, "", 403),
    ("a since that is no number", {}, "&since=-1", 400),
    ("a huge since", {}, "&since=" + "9" * 40, 400),
    ("two sinces", {}, "&since=1&since=2", 400),
    ("an unknown parameter", {}, "&org=other", 400),
    ("a long epoch", {}, "&epoch=" + "e" * 300, 400),
]


def handshake(desk: Any, changes: dict[str, str | None], query: str, ticket: str) -> Any:
    names = {"port": desk.dashboard, "agents": desk.agents}
    headers = {name: value for name, value in (FINE | changes).items() if value is not None}
    lines = [f"{name}: {value.format(**names)}" for name, value in headers.items()]
    head = "\r\n".join([f"GET /ws?t={ticket}{query} HTTP/1.1", *lines])
    return desk.raw(desk.dashboard, f"{head}\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("changes", "query", "status"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_only_our_own_page_opens_the_live_socket(
    desk: Any, changes: dict[str, str | None], query: str, status: int
) -> None:
    answer = handshake(desk, changes, query, desk.ticket("ann"))
    assert answer.status == status, answer
    assert ("sec-websocket-accept" in answer.headers) == (status == 101)


@pytest.mark.parametrize("ticket", ["", "invented", "A" * 22])
def test_an_invented_ticket_opens_nothing(desk: Any, ticket: str) -> None:
    assert handshake(desk, {}, "", ticket).status == 403


def test_a_ticket_opens_one_socket_only(desk: Any) -> None:
    ticket = desk.ticket("ann")
    assert handshake(desk, {}, "", ticket).status == 101
    assert handshake(desk, {}, "", ticket).status == 403


def test_a_ticket_tried_by_another_session_is_spent(desk: Any) -> None:
    ticket = desk.ticket("ann")
    assert handshake(desk, {"Cookie": "session=eve"}, "", ticket).status == 403
    assert handshake(desk, {}, "", ticket).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
def test_only_get_is_a_handshake(desk: Any, method: str) -> None:
    ports = {"port": desk.dashboard, "agents": desk.agents}
    lines = [f"{name}: {value.format(**ports)}" for name, value in FINE.items()]
    head = "\r\n".join([f"{method} /ws?t={desk.ticket('ann')} HTTP/1.1", *lines])
    request = f"{head}\r\nContent-Length: 0\r\n\r\n"
    answer = desk.raw(desk.dashboard, request.encode())
    assert answer.status == 405, answer


def test_compression_is_not_negotiated(desk: Any) -> None:
    offer: dict[str, str | None] = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    answer = handshake(desk, offer, "", desk.ticket("ann"))
    assert answer.status == 101
    assert "sec-websocket-extensions" not in answer.headers


def test_a_full_house_is_said_before_the_upgrade(start: Any) -> None:
    small = start(COUNTERSIGN_MAX_SOCKETS="2")
    with small.live("a"), small.live("b"):
        answer = handshake(small, {"Cookie": "session=c"}, "", small.ticket("c"))
    assert answer.status == 503
    assert answer.headers["retry-after"]


def test_one_session_opens_eight_sockets_at_most(start: Any) -> None:
    own = start()
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(own.live("ann"))
        assert handshake(own, {}, "", own.ticket("ann")).status == 503
        assert (
            handshake(own, {"Cookie": "session=bea"}, "", own.ticket("bea")).status == 101
        )

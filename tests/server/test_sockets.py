"""The live socket over a real server: every event once, in order, to whom it may concern."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.server.conftest import TIMEOUT

EPOCH = "&epoch=first"


def listen(ws: Any, number: int) -> list[int]:
    """The sequence numbers of the next messages."""
    return [json.loads(ws.recv(timeout=TIMEOUT))["seq"] for _ in range(number)]


def closed_with(ws: Any) -> int:
    """Read to the end: the close code."""
    with suppress(ConnectionClosed):
        while True:
            ws.recv(timeout=TIMEOUT)
    return int(ws.close_code)


def until(condition: Callable[[], bool], desk: Any) -> None:
    """Ask the server again until it is so; each question waits for its answer."""
    for _ in range(2_000):
        if condition():
            return
        desk.ask(desk.agents, "/api/v1/hold/nothing?wait=0.01")
    pytest.fail("it did not become true")


@pytest.fixture
def own(start: Any) -> Iterator[Any]:
    running = start()
    yield running
    if running.process.poll() is None:
        running.stop()


def test_an_event_arrives_thin(own: Any) -> None:
    own.act("publish/3")
    with own.live(query=f"&since=3{EPOCH}") as ws:
        own.act("publish/1")
        assert json.loads(ws.recv(timeout=TIMEOUT)) == {
            "seq": 4,
            "type": "tried",
            "id": "apr_4",
        }


def test_what_was_missed_comes_first_and_nothing_twice(own: Any) -> None:
    own.act("publish/10")
    with own.live(query=f"&since=4{EPOCH}") as ws:
        own.act("publish/5")
        assert listen(ws, 11) == list(range(5, 16))


def test_each_browser_gets_every_event_once_in_order_through_reconnects(own: Any) -> None:
    seen: list[int] = []
    own.act("publish/1")
    for _ in range(10):
        since = seen[-1] if seen else 0
        with own.live(query=f"&since={since}{EPOCH}") as ws:
            own.act("publish/20")
            seen += listen(ws, 7)
    with own.live(query=f"&since={seen[-1]}{EPOCH}") as ws:
        seen += listen(ws, 201 - len(seen))
    assert seen == list(range(1, 202))


@pytest.mark.parametrize(
    "query",
    ["", "&since=1", "&since=1&epoch=restored", f"&since=99{EPOCH}"],
    ids=["knows nothing", "no epoch", "another epoch", "beyond the head"],
)
def test_a_page_that_cannot_resume_is_told_to_reload(own: Any, query: str) -> None:
    own.act("publish/2")
    with own.live(query=query) as ws:
        told = json.loads(ws.recv(timeout=TIMEOUT))
        assert told == {"resync": True, "head": 2, "epoch": "first"}
        own.act("publish/1")
        assert listen(ws, 1) == [3]


def test_a_gap_of_more_than_a_thousand_is_a_reload(own: Any) -> None:
    own.act("publish/1001")
    with own.live(query=f"&since=0{EPOCH}") as ws:
        assert json.loads(ws.recv(timeout=TIMEOUT))["resync"] is True


def test_a_burst_of_more_than_a_thousand_is_a_reload(own: Any) -> None:
    with own.live(query=f"&since=0{EPOCH}") as ws:
        own.act("publish/1500")
        told = json.loads(ws.recv(timeout=TIMEOUT))
        while "resync" not in told:
            told = json.loads(ws.recv(timeout=TIMEOUT))
        assert told["head"] == 1500
        own.act("publish/1")
        assert listen(ws, 1) == [1501]


def test_an_audience_gets_only_what_it_may_see(own: Any) -> None:
    query = f"&since=0{EPOCH}"
    own.act("publish/4")
    with own.live("ann", query) as everything, own.live("odd", query) as odd:
        own.act("publish/5")
        assert listen(everything, 9) == list(range(1, 10))
        assert listen(odd, 5) == [1, 3, 5, 7, 9]


def test_when_nobody_can_say_who_may_see_it_nobody_does(own: Any) -> None:
    with own.live(query=f"&since=0{EPOCH}") as ws:
        own.act("break")
        own.act("publish/1")
        assert closed_with(ws) == 1012
    own.act("break")
    with own.live(query=f"&since=0{EPOCH}") as ws:
        assert listen(ws, 1) == [1]


def test_signing_out_ends_the_sockets_of_that_session_alone(own: Any) -> None:
    with own.live("ann") as mine, own.live("bea", f"&since=0{EPOCH}") as other:
        own.act("end/ann")
        assert closed_with(mine) == 4401
        own.act("publish/1")
        assert listen(other, 1) == [1]


def test_looking_again_ends_the_sockets_of_ended_sessions_at_once(own: Any) -> None:
    with own.live("ann") as mine, own.live("bea", f"&since=0{EPOCH}") as other:
        own.act("recheck/ann")
        assert closed_with(mine) == 4401
        own.act("publish/1")
        assert listen(other, 1) == [1]


def test_a_session_under_a_new_id_keeps_its_sockets_until_it_ends(own: Any) -> None:
    with own.live("ann", f"&since=0{EPOCH}") as mine:
        own.act("rename/ann/anne")
        own.act("recheck/ann")
        own.act("publish/1")
        assert listen(mine, 1) == [1]
        own.act("end/anne")
        assert closed_with(mine) == 4401


def test_stopping_tells_browsers_to_come_back(own: Any) -> None:
    with own.live("ann") as first, own.live("bea") as second:
        own.process.terminate()
        assert closed_with(first) == 1012
        assert closed_with(second) == 1012
    assert own.process.wait(10) == 0


@pytest.mark.parametrize(
    "message",
    [
        '{"decide":"approve"}',
        "hello",
        '{"ack":1,"more":2}',
        '{"ack":"1"}',
        '{"ack":true}',
        "[",
    ],
)
def test_a_browser_may_only_acknowledge(desk: Any, message: str) -> None:
    with desk.live() as ws:
        ws.send(message)
        assert closed_with(ws) == 1008


def test_acknowledging_is_fine(own: Any) -> None:
    with own.live(query=f"&since=0{EPOCH}") as ws:
        ws.send('{"ack":0}')
        own.act("publish/1")
        assert listen(ws, 1) == [1]


@pytest.mark.parametrize("message", [b"\x00\x01", "x" * 257, "x" * 70_000, ["{", "}"]])
def test_anything_but_a_short_text_message_ends_the_socket(desk: Any, message: Any) -> None:
    with desk.live() as ws:
        with suppress(ConnectionClosed):  # after the first part of a message in parts
            ws.send(message)
        assert closed_with(ws) == 1008


def test_a_flood_ends_the_socket(desk: Any) -> None:
    with desk.live() as ws:
        with suppress(ConnectionClosed):
            while True:
                ws.send('{"ack":1}')
        assert closed_with(ws) == 1008


def test_a_ping_is_answered(desk: Any) -> None:
    with desk.live() as ws:
        assert ws.ping().wait(10)


def test_closing_politely_is_answered_and_frees_the_place(own: Any) -> None:
    with own.live() as ws:
        ws.close()
        assert ws.close_code == 1000
    until(
        lambda: json.loads(own.ask(own.agents, "/api/v1/count").body)["sockets"] == 0, own
    )


def test_a_browser_that_vanishes_frees_its_place(own: Any) -> None:
    with own.live() as ws:
        # A reset, as from a machine that lost its network and came back.
        ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ws.socket.shutdown(socket.SHUT_WR)
    until(
        lambda: json.loads(own.ask(own.agents, "/api/v1/count").body)["sockets"] == 0, own
    )


def test_one_that_never_reads_is_dropped_and_delays_nobody(own: Any) -> None:
    query = f"&since=0{EPOCH}"
    ticket = own.ticket("deaf")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.connect(("127.0.0.1", own.dashboard))
    deaf.sendall(
        (
            f"GET /ws?t={ticket}{query} HTTP/1.1\r\nHost: 127.0.0.1:{own.dashboard}\r\n"
            f"Origin: http://127.0.0.1:{own.dashboard}\r\nCookie: session=deaf\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
    )
    with own.live("ann", query) as ws:
        total = 0
        for _ in range(60):
            own.act("publish/90")
            total += 90
            assert listen(ws, 90) == list(range(total - 89, total + 1))
    with deaf, deaf.makefile("rb") as stream:
        got = stream.read()
    assert struct.pack(">H", 4008) in got[-125:]

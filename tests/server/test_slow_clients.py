"""Requests that dribble in are ended; what waits for an answer is not."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import pytest

PATIENCE = "0.3"
TIMEOUT = 60


@pytest.fixture(scope="module")
def impatient(start: Any) -> Any:
    return start(TINY_PATIENCE=PATIENCE)


def dribbled(port: int, beginning: bytes, drop: bytes) -> bytes:
    """Send drops until the server has closed; what it said until then."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as sock:
        sock.sendall(beginning)
        closed = Event()

        def dribble() -> None:
            with suppress(OSError):
                while not closed.wait(0.05):
                    sock.sendall(drop)

        thread = Thread(target=dribble)
        thread.start()
        said = b""
        try:
            with suppress(ConnectionResetError):
                while part := sock.recv(4096):
                    said += part
        finally:
            closed.set()
            thread.join()
    return said


def test_headers_that_dribble_are_cut_off(impatient: Any) -> None:
    for port in (impatient.dashboard, impatient.agents):
        said = dribbled(port, b"GET / HTTP/1.1\r\n", b"X-A: b\r\n")
        assert said.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_dribbles_is_cut_off(impatient: Any) -> None:
    lines = (
        "POST /api/v1/echo HTTP/1.1",
        f"Host: 127.0.0.1:{impatient.agents}",
        "Content-Type: application/json",
        "Content-Length: 100000",
    )
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    assert dribbled(impatient.agents, head, b" ").startswith(b"HTTP/1.1 408 ")


def test_a_second_request_on_a_connection_has_its_own_time(impatient: Any) -> None:
    request = f"GET /api/v1/echo HTTP/1.1\r\nHost: 127.0.0.1:{impatient.agents}\r\n\r\n"
    said = dribbled(impatient.agents, request.encode(), b"X")
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in said


def test_a_long_poll_outlasts_the_time_for_a_request(impatient: Any) -> None:
    answer = impatient.ask(impatient.agents, "/api/v1/hold/nothing?wait=0.9")
    assert json.loads(answer.body) == {"woken": False, "stopping": False}


def test_a_live_socket_outlasts_the_time_for_a_request(impatient: Any) -> None:
    with impatient.live() as ws:
        impatient.ask(impatient.agents, "/api/v1/hold/nothing?wait=0.9")
        impatient.act("publish/1")
        while json.loads(ws.recv(timeout=TIMEOUT)).get("seq") != 1:
            pass

"""Starting and stopping the process: one line when ready, nobody cut off at the end."""

from __future__ import annotations

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.server.conftest import TIMEOUT


def test_the_accepting_socket_chooses_the_application(desk: Any) -> None:
    claim = f"Host: 127.0.0.1:{desk.dashboard}"
    request = f"GET /api/v1/echo HTTP/1.1\r\n{claim}\r\n\r\n".encode()
    assert desk.raw(desk.agents, request).status == 421
    assert desk.raw(desk.dashboard, request).status == 404
    assert json.loads(desk.ask(desk.dashboard, "/").body)["app"] == "dashboard"
    assert json.loads(desk.ask(desk.agents, "/api/v1/echo").body)["app"] == "agents"


def test_a_taken_port_is_named_with_the_mend(refused: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, out, err = refused(COUNTERSIGN_AGENT_BIND=address)
    assert status == 2
    assert out == ""
    assert f"COUNTERSIGN_AGENT_BIND = {address}: the port is taken" in err
    assert "or 0 for any" in err


def test_an_address_of_another_machine_is_named(refused: Any) -> None:
    status, _, err = refused(
        COUNTERSIGN_BIND="192.0.2.1:0", COUNTERSIGN_ALLOW_PLAIN_HTTP="1"
    )
    assert status == 2
    assert "COUNTERSIGN_BIND = 192.0.2.1:0: cannot be listened on" in err


def test_a_desk_that_cannot_open_says_why_without_a_traceback(refused: Any) -> None:
    status, out, err = refused(TINY_REFUSES="1")
    assert status == 2
    assert out == ""
    assert "the database is locked by process 1; stop it first" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_ends_with_status_0_and_closes_the_desk(
    start: Any, number: signal.Signals
) -> None:
    own = start()
    own.process.send_signal(number)
    out, err = own.process.communicate(timeout=TIMEOUT)
    assert own.process.returncode == 0
    assert out == ""  # the ready line was the only one
    assert err.split() == ["started", "closed"]


def test_waiting_agents_and_idle_connections_do_not_hold_up_the_end(start: Any) -> None:
    own = start()
    idle = [socket.create_connection(("127.0.0.1", own.agents)) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        held = [
            pool.submit(own.ask, own.agents, f"/api/v1/hold/{i}?wait=60") for i in range(20)
        ]
        while json.loads(own.ask(own.agents, "/api/v1/count").body)["waiting"] < 20:
            pass
        own.process.terminate()
        err = own.process.communicate(timeout=TIMEOUT)[1]
        answers = [json.loads(future.result().body) for future in held]
    assert answers == [{"woken": True, "stopping": True}] * 20
    assert own.process.returncode == 0
    assert err.split() == ["started", "closed"]  # ordinary, so nothing to log
    for sock in idle:
        sock.close()


def test_what_runs_is_finished_before_the_end(start: Any) -> None:
    own = start()
    with socket.create_connection(("127.0.0.1", own.agents), 10) as runs:
        head = f"GET /api/v1/busy HTTP/1.1\r\nHost: 127.0.0.1:{own.agents}\r\n\r\n"
        runs.sendall(head.encode())
        own.ask(own.agents, "/api/v1/echo")  # answered, so the one before is being served
        own.process.terminate()
        with runs.makefile("rb") as stream:
            assert stream.read().endswith(b"finished")
    assert own.process.wait(10) == 0


def test_held_polls_wake_at_once_and_only_for_their_key(desk: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(desk.ask, desk.agents, "/api/v1/hold/apr_none?wait=0.5")
        org = pool.submit(desk.ask, desk.agents, "/api/v1/hold/org?wait=10")
        while json.loads(desk.ask(desk.agents, "/api/v1/count").body)["waiting"] < 2:
            pass
        desk.act("publish/1")
        assert json.loads(org.result().body)["woken"] is True
        assert json.loads(other.result().body)["woken"] is False


def test_a_thousand_agents_wait_at_once(start: Any) -> None:
    own = start()
    waiting = [
        socket.create_connection(("127.0.0.1", own.agents), 20) for _ in range(1_000)
    ]
    for number, sock in enumerate(waiting):
        line = f"GET /api/v1/hold/apr_{number + 1}?wait=60 HTTP/1.1"
        sock.sendall(f"{line}\r\nHost: 127.0.0.1:{own.agents}\r\n\r\n".encode())
    while json.loads(own.ask(own.agents, "/api/v1/count").body)["waiting"] < 1_000:
        pass
    own.act("publish/1000")
    for sock in waiting:
        with sock, sock.makefile("rb") as stream:
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"


def test_log_lines_are_json_when_asked(refused: Any) -> None:
    _, _, err = refused(TINY_REFUSES="1", COUNTERSIGN_LOG_FORMAT="json")
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert lines
    assert {"timestamp", "level", "logger", "event"} <= lines[0].keys()

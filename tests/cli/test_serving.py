"""The real server with the command line beside it."""

from __future__ import annotations

import json
import selectors
import shutil
import socket
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

WAITING = 1_000


@pytest.fixture
def desk(serve: Any, instance: Path) -> Any:
    return serve(instance, COUNTERSIGN_RATE_LIMIT="0", COUNTERSIGN_MAX_PENDING="0")


@pytest.fixture
def command(desk: Any, countersign: Any) -> Any:
    """Run a command beside the server and read its JSON."""

    def run(*words: str) -> Any:
        done = countersign(desk.environment, *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def _file(desk: Any, key: str, number: int = 0) -> Any:
    body = {"tool": "shell.run", "arguments": {"n": number}}
    status, document = desk.call(key, "/api/v1/approvals", body)
    assert status in {200, 201}, document
    return document


def test_one_line_is_printed_and_both_listeners_answer(desk: Any, first: Any) -> None:
    assert desk.call(first["agent"]["key"], "/api/v1/me")[0] == 200
    status, err = desk.stop()
    assert status == 0
    assert "Traceback" not in err


def test_commands_go_through_the_control_socket_of_the_server(
    desk: Any, command: Any, first: Any, instance: Path
) -> None:
    assert stat.S_IMODE((instance / "control.sock").stat().st_mode) == 0o600
    for file in (path for path in instance.rglob("*") if path.is_file()):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    key = first["agent"]["key"]
    approval = _file(desk, key)
    (row,) = command("approvals", "list")
    assert row["id"] == approval["id"]
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(desk.call, key, f"/api/v1/approvals/{approval['id']}?wait=60")
        command("approvals", "approve", approval["id"], "--actor", first["admin"]["email"])
        assert poll.result(60)[1]["status"] == "approved"
    made = command("sources", "add", "gw", "--kind", "standard")
    assert made["url"].startswith(
        f"http://localhost:{urlsplit(desk.dashboard).port}/hooks/"
    )
    tested = command("sources", "test", made["id"])
    assert (tested["answer"], len(tested["approvals"])) == (202, 1)
    new = command("agents", "add", "second")
    assert desk.call(new["key"], "/api/v1/me")[0] == 200
    command("keys", "revoke", new["key"].split("_")[1])
    assert desk.call(new["key"], "/api/v1/me")[0] == 401
    assert command("audit", "verify")[0]["exit"] == 0


def test_a_refusal_comes_back_over_the_control_socket(
    desk: Any, countersign: Any, instance: Path
) -> None:
    done = countersign(desk.environment, "keys", "revoke", "nonesuch")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no such key" in done.stderr
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(instance / "control.sock"))
        line.sendall(b'{"verb": "no.such", "arguments": {}}\n')
        assert "does not know this command" in line.recv(1_000).decode()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(instance / "control.sock"))
        line.sendall(b'{"verb": "keys.revoke", "arguments": {"bogus": 1}}\n')
        assert "see the server's log" in line.recv(1_000).decode()
    second = countersign(desk.environment, "serve")
    assert second.returncode == 2
    assert "COUNTERSIGN_INSTANCE" in second.stderr


def test_the_database_is_backed_up_while_it_is_served(
    desk: Any, command: Any, first: Any, tmp_path: Path
) -> None:
    approval = _file(desk, first["agent"]["key"])
    made = command("db", "backup", str(tmp_path / "copy.db"))
    with sqlite3.connect(made["backup"]) as copy:
        assert copy.execute("SELECT id FROM approvals").fetchall() == [(approval["id"],)]
    copy.close()


def test_every_event_has_a_checkpoint_when_the_server_has_ended(
    desk: Any, first: Any, instance: Path
) -> None:
    _file(desk, first["agent"]["key"])
    desk.stop()
    database = sqlite3.connect(instance / "countersign.db")
    (left,) = database.execute(
        "SELECT count(*) FROM events e WHERE action <> 'audit.checkpoint' AND seq > "
        "(SELECT max(size) FROM checkpoints c WHERE c.org_id = e.org_id)"
    ).fetchone()
    database.close()
    assert left == 0


def test_the_exit_status_of_ask_is_the_answer(
    desk: Any, countersign: Any, command: Any, first: Any
) -> None:
    settings = {"COUNTERSIGN_URL": desk.agents, "COUNTERSIGN_KEY": first["agent"]["key"]}

    def ask(number: int, *words: str) -> Any:
        call = ("ask", "--tool", "t", "--args", json.dumps({"n": number}), *words)
        return countersign(desk.environment | settings, *call)

    def decide(verb: str) -> None:
        # By the API: a command a look would start as many programs as the asking one takes time.
        until = time.monotonic() + 30
        listed = "/api/v1/approvals?status=pending"
        while not (items := desk.call(first["agent"]["key"], listed)[1]["items"]):
            assert time.monotonic() < until
            time.sleep(0.05)
        command("approvals", verb, items[0]["id"], "--actor", first["admin"]["email"])

    with ThreadPoolExecutor(1) as pool:
        for number, (verb, status) in enumerate((("approve", 0), ("deny", 1))):
            asked = pool.submit(ask, number)
            decide(verb)
            assert asked.result(60).returncode == status
    assert ask(7, "--timeout", "0.1").returncode == 3
    assert countersign(desk.environment, "ask").returncode == 3


@pytest.mark.sure  # a server and a program of its own
def test_ask_says_when_the_time_ran_out(
    serve: Any, countersign: Any, first: Any, instance: Path
) -> None:
    desk = serve(instance, COUNTERSIGN_APPROVAL_TTL="1")
    settings = {"COUNTERSIGN_URL": desk.agents, "COUNTERSIGN_KEY": first["agent"]["key"]}
    done = countersign(desk.environment | settings, "ask", "--tool", "t")
    assert done.returncode == 2, done.stderr


@pytest.mark.sure  # tests/api/test_two_nodes.py switches it on so too
def test_the_admin_api_is_switched_on_by_a_word(
    serve: Any, instance: Path, first: Any
) -> None:
    desk = serve(instance, "--enable-admin-api")
    approval = _file(desk, first["agent"]["key"])
    token = first["admin"]["token"]
    status, found = desk.call(token, f"/api/approve/{approval['id']}", {"reason": "ok"})
    assert (status, found["status"]) == (200, "approved")


@pytest.mark.sure  # the quick start does it too
def test_a_first_start_makes_its_own_instance(serve: Any, tmp_path: Path) -> None:
    desk = serve(tmp_path / "new")
    _, err = desk.stop()
    assert "Agent key" in err  # shown once, and not where `ready` is promised


@pytest.mark.sure  # a server of its own
def test_an_instance_may_lie_deep_in_the_file_system(
    serve: Any, countersign: Any, instance: Path, tmp_path: Path
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir()
    shutil.copytree(instance, deep)
    desk = serve(deep)
    done = countersign(desk.environment, "users", "list", "--json")
    assert json.loads(done.stdout)[0]["email"] == "admin@localhost"


@pytest.mark.sure  # a thousand that wait are in tests/server/test_serve.py too
def test_a_thousand_agents_wait_and_each_hears_of_its_own_decision(
    desk: Any, first: Any, instance: Path
) -> None:
    key, where = first["agent"]["key"], urlsplit(desk.agents)
    with ThreadPoolExecutor(16) as pool:
        ids = [a["id"] for a in pool.map(lambda n: _file(desk, key, n), range(WAITING))]
    polls = {}
    for approval_id in ids:
        sock = socket.create_connection((where.hostname, where.port), 30)
        sock.sendall(
            f"GET /api/v1/approvals/{approval_id}?wait=60 HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Authorization: Bearer {key}\r\nConnection: close\r\n\r\n".encode()
        )
        polls[sock] = approval_id
    assert not _readable(polls, 0)
    _deny_all(instance, ids, first["admin"]["email"])
    answers: dict[socket.socket, Any] = {}
    until = time.monotonic() + 40
    while len(answers) < WAITING and time.monotonic() < until:
        for sock in _readable(polls.keys() - answers.keys(), 1):
            with sock.makefile("rb") as stream:
                answers[sock] = json.loads(stream.read().partition(b"\r\n\r\n")[2])
            sock.close()
    assert len(answers) == WAITING
    assert all(answers[sock]["id"] == polls[sock] for sock in answers)
    assert {answer["status"] for answer in answers.values()} == {"denied"}


def _readable(sockets: Any, seconds: float) -> list[socket.socket]:
    with selectors.DefaultSelector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_READ)
        return [key.fileobj for key, _ in selector.select(seconds)]  # type: ignore[misc]


def _deny_all(instance: Path, ids: list[str], actor: str) -> None:
    """Deny each, by the command line's own way in; many at once share a commit."""

    def deny(approval_id: str) -> None:
        _command(
            instance, "approvals.decide", approval=approval_id, verdict="deny", actor=actor
        )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(deny, ids))


def _command(instance: Path, verb: str, **arguments: Any) -> Any:
    from webui.control.line import send  # noqa: PLC0415
    from webui.settings import Settings  # noqa: PLC0415

    return send(Settings(instance=instance), verb, arguments)

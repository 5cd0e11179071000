"""The real server with the command line beside it."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import socket
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from webui.cli import countersign

WAITING = 1_000


@dataclass(frozen=True)
class Desk:
    """A served instance, and what `init` said of it."""

    server: Any
    instance: Path
    first: Any

    @property
    def key(self) -> str:
        """The first agent's key."""
        key: str = self.first["agent"]["key"]
        return key

    def call(self, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """GET or POST over the agents' listener."""
        answer: tuple[int, Any] = self.server.call(key or self.key, path, body)
        return answer

    def run(self, *words: str, **environment: str) -> Result:
        """Run a command beside the server, in this process: a program takes a second to start."""
        others: dict[str, str | None] = dict.fromkeys(os.environ)
        given = others | self.server.environment | environment
        return CliRunner().invoke(countersign, words, env=given)

    def command(self, *words: str) -> Any:
        """Run a command and read its JSON."""
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def file(self, number: int = 0, tool: str = "shell.run") -> Any:
        """Ask as the first agent."""
        body = {"tool": tool, "arguments": {"n": number}}
        status, document = self.call("/api/v1/approvals", body)
        assert status in {200, 201}, document
        return document


def _served(
    start: Any, first: tuple[Path, dict[str, Any]], folder: Path, *words: str, **more: str
) -> Desk:
    shutil.copytree(first[0], folder)
    no_limits = {"COUNTERSIGN_RATE_LIMIT": "0", "COUNTERSIGN_MAX_PENDING": "0"}
    return Desk(start(folder, *words, **no_limits, **more), folder, first[1])


@pytest.fixture(scope="module")
def desk(serve_for_all: Any, _first_instance: Any, tmp_path_factory: Any) -> Desk:
    """One for all tests that do not stop it."""
    folder = tmp_path_factory.mktemp("desk") / "instance"
    return _served(serve_for_all, _first_instance, folder)


@pytest.fixture
def own_desk(serve: Any, _first_instance: Any, tmp_path: Path) -> Desk:
    """One to be stopped."""
    return _served(serve, _first_instance, tmp_path / "own")


def test_one_line_is_printed_both_listeners_answer_and_at_the_end_every_event_is_covered(
    own_desk: Desk,
) -> None:
    assert own_desk.call("/api/v1/me")[0] == 200
    own_desk.file()
    status, err = own_desk.server.stop()
    assert status == 0
    assert "Traceback" not in err
    database = sqlite3.connect(own_desk.instance / "countersign.db")
    (left,) = database.execute(
        "SELECT count(*) FROM events e WHERE action <> 'audit.checkpoint' AND seq > "
        "(SELECT max(size) FROM checkpoints c WHERE c.org_id = e.org_id)"
    ).fetchone()
    database.close()
    assert left == 0


def test_commands_go_through_the_control_socket_of_the_server(desk: Desk) -> None:
    assert stat.S_IMODE((desk.instance / "control.sock").stat().st_mode) == 0o600
    for file in (path for path in desk.instance.rglob("*") if path.is_file()):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    approval = desk.file()["id"]
    assert approval in {row["id"] for row in desk.command("approvals", "list")}
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(desk.call, f"/api/v1/approvals/{approval}?wait=60")
        who = desk.first["admin"]["email"]
        desk.command("approvals", "approve", approval, "--actor", who)
        assert poll.result(60)[1]["status"] == "approved"
    made = desk.command("sources", "add", "gw", "--kind", "standard")
    port = urlsplit(desk.server.dashboard).port
    assert made["url"].startswith(f"http://localhost:{port}/hooks/")
    tested = desk.command("sources", "test", made["id"])
    assert (tested["answer"], len(tested["approvals"])) == (202, 1)
    new = desk.command("agents", "add", "second")
    assert desk.call("/api/v1/me", key=new["key"])[0] == 200
    desk.command("keys", "revoke", new["key"].split("_")[1])
    assert desk.call("/api/v1/me", key=new["key"])[0] == 401
    assert desk.command("audit", "verify")[0]["exit"] == 0


def test_a_refusal_comes_back_over_the_control_socket(desk: Desk, countersign: Any) -> None:
    done = countersign(desk.server.environment, "keys", "revoke", "nonesuch")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no such key" in done.stderr
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(desk.instance / "control.sock"))
        line.sendall(b'{"verb": "no.such", "arguments": {}}\n')
        assert "does not know this command" in line.recv(1_000).decode()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(desk.instance / "control.sock"))
        line.sendall(b'{"verb": "keys.revoke", "arguments": {"bogus": 1}}\n')
        assert "see the server's log" in line.recv(1_000).decode()
    second = countersign(desk.server.environment, "serve")
    assert second.returncode == 2
    assert "COUNTERSIGN_INSTANCE" in second.stderr


def test_the_database_is_backed_up_while_it_is_served(desk: Desk, tmp_path: Path) -> None:
    approval = desk.file(8)
    made = desk.command("db", "backup", str(tmp_path / "copy.db"))
    with sqlite3.connect(made["backup"]) as copy:
        found = copy.execute("SELECT id FROM approvals").fetchall()
    copy.close()
    assert (approval["id"],) in found


def test_the_exit_status_of_ask_is_the_answer(desk: Desk, countersign: Any) -> None:
    settings = {"COUNTERSIGN_URL": desk.server.agents, "COUNTERSIGN_KEY": desk.key}

    def ask(number: int, *words: str) -> list[str]:
        return ["ask", "--tool", "asked", "--args", json.dumps({"n": number}), *words]

    environment = desk.server.environment | settings

    def decide(verb: str) -> None:
        until = time.monotonic() + 60
        while not (asked := [item for item in _pending(desk) if item["tool"] == "asked"]):
            assert time.monotonic() < until
            time.sleep(0.05)
        who = desk.first["admin"]["email"]
        desk.command("approvals", verb, asked[0]["id"], "--actor", who)

    with ThreadPoolExecutor(1) as pool:
        for number, (verb, status) in enumerate((("approve", 0), ("deny", 1))):
            asked = pool.submit(countersign, environment, *ask(number))
            decide(verb)
            assert asked.result(60).returncode == status
    assert countersign(environment, *ask(7, "--timeout", "0.1")).returncode == 3
    assert countersign(desk.server.environment, "ask").returncode == 3


def _pending(desk: Desk) -> list[Any]:
    items: list[Any] = desk.call("/api/v1/approvals?status=pending")[1]["items"]
    return items


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
    desk = Desk(serve(instance, "--enable-admin-api"), instance, first)
    there = f"/api/approve/{desk.file()['id']}"
    status, found = desk.call(there, {"reason": "ok"}, desk.first["admin"]["token"])
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
    own_desk: Desk,
) -> None:
    desk, where = own_desk, urlsplit(own_desk.server.agents)
    with ThreadPoolExecutor(16) as pool:
        ids = [a["id"] for a in pool.map(desk.file, range(WAITING))]
    polls = {}
    for approval_id in ids:
        sock = socket.create_connection((where.hostname, where.port), 30)
        sock.sendall(
            f"GET /api/v1/approvals/{approval_id}?wait=60 HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Authorization: Bearer {desk.key}\r\nConnection: close\r\n\r\n".encode()
        )
        polls[sock] = approval_id
    assert not _readable(polls, 0)
    _deny_all(desk.instance, ids, desk.first["admin"]["email"])
    answers: dict[socket.socket, Any] = {}
    until = time.monotonic() + 120
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

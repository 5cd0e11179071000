"""`ask` from the shell: the exit code is the answer."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import countersign_client
import pytest
from countersign_client.command import main


@pytest.fixture(autouse=True)
def environment(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_URL", server.url)
    monkeypatch.setenv("COUNTERSIGN_KEY", server.key)


def ask(*more: str) -> int:
    return main(["ask", "--tool", "shell.run", "--args", '{"command":"ls"}', *more])


def test_approved_is_0(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    server.reviewer = server.approve
    assert ask("--summary", "List", "--risk", "high", "--session", "s", "--run", "r") == 0
    told = capsys.readouterr()
    assert told.out == f"approved: {server.only()['id']}\n"
    assert told.err == f"review: {server.only()['review_url']}\n"
    assert [server.only()[n] for n in ("summary", "risk", "session", "run")] == [
        "List", "high", "s", "r"
    ]  # fmt: skip


def test_denied_is_1_and_says_why(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    server.reviewer = server.deny
    assert ask() == 1
    assert "denied: too risky today" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("expired", 2),
        ("cancelled", 4),
        ("superseded", 4),
        ("revoked", 4),
        ("answered", 4),
        ("needs_revision", 4),
        ("consumed", 4),
    ],
)
def test_other_ends_have_their_codes(server: Any, status: str, code: int) -> None:
    server.reviewer = lambda approval: server.settle(approval, status)
    assert ask() == code


def test_still_pending_is_3(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--timeout", "0", "--json") == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["status"] == "pending"
    assert "still waits for a person" in told.err


def test_json_prints_the_approval(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    server.reviewer = server.approve
    assert ask("--json") == 0
    approval = json.loads(capsys.readouterr().out)
    assert approval["status"] == "approved"
    assert approval["a_member_of_tomorrow"] == {"x": 1}


def test_consume_prints_what_to_run(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.reviewer = lambda approval: server.edit(approval, {"command": "ls -l"})
    assert ask("--consume") == 0
    assert json.loads(capsys.readouterr().out) == {"command": "ls -l"}
    assert server.only()["status"] == "executing"


def test_consume_as_json_has_the_lease(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.reviewer = server.approve
    assert ask("--consume", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["arguments"] == {"command": "ls"}
    assert told["lease_token"] == server.only()["lease"]
    assert told["lease_expires_at"].endswith("+00:00")


def test_arguments_come_from_a_file_or_stdin(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.reviewer = server.approve
    (tmp_path / "call.json").write_text('{"from": "file"}')
    assert main(["ask", "--tool", "t", "--args", f"@{tmp_path / 'call.json'}"]) == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"from": "stdin"}')))
    assert main(["ask", "--tool", "t", "--args", "-"]) == 0
    assert [a["arguments"]["from"] for a in server.approvals.values()] == ["file", "stdin"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("[1]", "--args must be one JSON object"),
        ('{"a":1,"a":2}', "a member name appears twice"),
        ("ls", "--args must be one JSON object"),
        ("@/no/such/file", "No such file"),
        ('{"n":9007199254740992}', "2^53-1"),
    ],
)
def test_bad_arguments_are_3_and_ask_nothing(
    server: Any, capsys: pytest.CaptureFixture[str], arguments: str, problem: str
) -> None:
    assert main(["ask", "--tool", "t", "--args", arguments]) == 3
    assert problem in capsys.readouterr().err
    assert server.asked == []


@pytest.mark.parametrize("argv", [[], ["ask"], ["ask", "--tool", "t", "--risk", "awful"]])
def test_a_mistaken_command_line_is_3_not_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 3
    assert "usage: countersign" in capsys.readouterr().err


def test_no_key_and_no_desk_are_3(
    server: Any,
    monkeypatch: pytest.MonkeyPatch,
    http: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.faults = [http(500)]
    assert ask() == 3
    assert ask("--key", "csk_wrong") == 3
    assert ask("--url", "ftp://desk") == 3
    monkeypatch.delenv("COUNTERSIGN_KEY")
    assert ask() == 3
    assert "COUNTERSIGN_KEY" in capsys.readouterr().err


def test_an_interrupt_is_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("countersign_client.command.Client", interrupt)
    assert ask() == 3
    assert "still stands" in capsys.readouterr().err


def test_nothing_said_can_act_on_a_terminal(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.reviewer = lambda a: server.decide(a, "deny", "no\x1b[2J\u202eyes")
    ask("--json")
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert "\u202e" not in told.out + told.err
    assert "no\\x1b[2J\\u202eyes" in told.err


def test_the_module_runs_as_a_command_and_tells_the_url_at_once(server: Any) -> None:
    command = [sys.executable, "-m", "countersign_client", "ask", "--tool", "t"]
    path = Path(countersign_client.__file__).parent.parent
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(path)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line == f"review: {server.only()['review_url']}\n"
        threading.Thread(target=server.deny, args=[server.only()]).start()
        assert process.wait(30) == 1


def test_a_script_is_not_offered_what_it_cannot_carry(server: Any) -> None:
    server.reviewer = server.approve
    assert ask() == 0
    assert server.only()["allowed_decisions"] == ["approve", "deny", "respond"]
    server.approvals.clear()
    assert ask("--consume") == 0
    assert server.only()["allowed_decisions"] == ["approve", "deny", "edit", "respond"]

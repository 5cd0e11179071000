"""`hook claude-code`: 0 with a verdict, else 2 with a sentence, and nothing else ever."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import countersign_client
import pytest
from countersign_client import hook
from countersign_client.claude_code import Hook

CALL = {
    "session_id": "961c3e39",
    "transcript_path": "/home/ana/.claude/projects/-work/961c3e39.jsonl",
    "cwd": "/work",
    "prompt_id": "7b319f8b",
    "permission_mode": "default",
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "touch ran"},
    "tool_use_id": "toolu_01",
}
PERMISSION = {name: value for name, value in CALL.items() if name != "tool_use_id"} | {
    "hook_event_name": "PermissionRequest"
}
BLOCKED = "Countersign blocked this tool: "


class Ended(BaseException):
    """In place of the end of the process."""


@pytest.fixture(autouse=True)
def environment(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def end(code: int) -> None:
        raise Ended(code)

    kept = {name: signal.getsignal(name) for name in (15, 2, 1)}
    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setenv("COUNTERSIGN_URL", server.url)
    monkeypatch.setenv("COUNTERSIGN_KEY", server.key)
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)
    # one left would end this process, and every test in it, minutes later
    timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert all(each.finished.is_set() for each in timers)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def running(told: Any, *argv: str) -> tuple[int, str, str]:
        data = told if isinstance(told, bytes) else json.dumps(told).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        try:
            hook.main(["claude-code", *argv])
        except Ended as ended:
            code = ended.args[0]
        said = capsys.readouterr()
        return code, said.out, said.err

    return running


def output(said: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(said)["hookSpecificOutput"]
    return told


def test_a_yes_lets_it_run(server: Any, run: Any) -> None:
    server.reviewer = server.approve
    code, out, err = run(CALL)
    assert (code, err) == (0, "")
    assert output(out) == {
        "hookEventName": "PreToolUse",
        "permissionDecision": "allow",
        "permissionDecisionReason": "Approved.",
    }
    approval = server.only()
    assert (approval["tool"], approval["source_ref"]) == ("Bash", "toolu_01")
    assert approval["status"] == "consumed"


def test_a_no_is_told_with_its_reason(server: Any, run: Any) -> None:
    server.reviewer = server.deny
    code, out, _ = run(CALL)
    assert code == 0
    assert output(out)["permissionDecision"] == "deny"
    assert output(out)["permissionDecisionReason"] == "Denied: too risky today"


def test_an_edit_is_the_input_that_runs(server: Any, run: Any) -> None:
    server.reviewer = lambda approval: server.edit(approval, {"command": "ls"})
    code, out, _ = run(CALL)
    assert (code, output(out)["updatedInput"]) == (0, {"command": "ls"})


def test_a_permission_is_answered_in_its_own_form(server: Any, run: Any) -> None:
    server.reviewer = lambda approval: server.edit(approval, {"command": "ls"})
    _, out, _ = run(PERMISSION)
    assert output(out) == {
        "hookEventName": "PermissionRequest",
        "decision": {"behavior": "allow", "updatedInput": {"command": "ls"}},
    }
    server.approvals.clear()
    server.reviewer = server.deny
    _, out, _ = run(PERMISSION)
    decision = {"behavior": "deny", "message": "Denied: too risky today"}
    assert output(out)["decision"] == decision


@pytest.mark.parametrize("status", ["expired", "cancelled", "superseded", "answered"])
def test_every_other_end_is_a_no(server: Any, run: Any, status: str) -> None:
    server.reviewer = lambda approval: server.settle(
        approval, status, answer="done by hand"
    )
    code, out, _ = run(CALL)
    assert (code, output(out)["permissionDecision"]) == (0, "deny")


def test_nobody_in_time_blocks(server: Any, run: Any) -> None:
    code, out, err = run(CALL, "--timeout", "1")
    assert (code, out) == (2, "")
    assert err.startswith(BLOCKED)
    assert "still waits" in err


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (b"", "not a hook's JSON"),
        (b"{", "not a hook's JSON"),
        (b"[]", "not a hook's JSON"),
        (b"\xff", "not a hook's JSON"),
        (b'{"a":' * 3000, "not a hook's JSON"),
        (CALL | {"hook_event_name": "Stop"}, "not Stop"),
        (CALL | {"tool_input": []}, "'tool_input'"),
        (CALL | {"tool_name": ""}, "'tool_name'"),
        (CALL | {"tool_use_id": None}, "'tool_use_id'"),
        (CALL | {"tool_input": {"n": 2**60}}, "2^53"),
    ],
    ids=["empty", "half", "list", "bytes", "deep", "stop", "input", "tool", "use", "large"],
)
def test_what_cannot_be_read_blocks(run: Any, told: Any, why: str) -> None:
    code, out, err = run(told)
    assert (code, out) == (2, "")
    assert err.startswith(BLOCKED)
    assert why in err


@pytest.mark.parametrize(
    "argv", [["--timeout", "0"], ["--timeout", "nan"], ["--timeout"], ["--nonsense"], ["x"]]
)
def test_a_mistake_in_the_settings_blocks(run: Any, argv: list[str]) -> None:
    code, out, err = run(CALL, *argv)
    assert (code, out) == (2, "")
    assert BLOCKED in err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COUNTERSIGN_KEY", ""),
        ("COUNTERSIGN_KEY", "csk_wrong"),
        ("COUNTERSIGN_URL", "ftp://desk"),
        ("COUNTERSIGN_URL", "http://127.0.0.1:notaport"),
    ],
)
def test_a_desk_that_cannot_be_asked_blocks(
    run: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    code, out, err = run(CALL)
    assert (code, out) == (2, "")
    assert err.startswith(BLOCKED)


def test_an_error_nobody_thought_of_blocks(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: bytes) -> Hook:
        raise MemoryError

    monkeypatch.setattr(Hook, "read", broken)
    assert run(CALL) == (2, "", f"{BLOCKED}MemoryError\n")


def test_a_program_that_is_stopped_or_cannot_write_blocks(server: Any) -> None:
    """The real process: what it ends with is what Claude Code sees."""
    environ = os.environ | {
        "PYTHONPATH": str(Path(countersign_client.__file__).parents[1]),
        "COUNTERSIGN_URL": server.url,
    }
    asked = threading.Event()
    server.reviewer = lambda _: asked.set()
    command = [sys.executable, "-m", "countersign_client", "hook", "claude-code"]
    with subprocess.Popen(command, env=environ, stdin=-1, stdout=-1, stderr=-1) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(CALL).encode())
        process.stdin.close()
        process.stdin = None
        assert asked.wait(20)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, b"")
    assert b"stopped by SIGTERM" in err
    server.reviewer = server.deny
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            command,
            env=environ,
            input=json.dumps(CALL | {"tool_use_id": "toolu_02"}).encode(),
            stdout=full,
            stderr=-1,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2


def test_the_hook_loads_nothing_but_the_client_and_the_standard_library() -> None:
    heavy = "flask, pydantic, sqlalchemy, gevent, mcp"
    code = (
        "import sys; import countersign_client.hook, countersign_client.claude_code\n"
        f"print([name for name in '{heavy}'.split(', ') if name in sys.modules])"
    )
    environ = os.environ | {"PYTHONPATH": str(Path(countersign_client.__file__).parents[1])}
    told = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "[]\n"

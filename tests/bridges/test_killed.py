"""KILL on either side: a served desk and an OpenCode lose nothing and ask nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.bridges.program import PASSWORD, Program, until
from tests.bridges.standin import StandIn

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.served import ServedDesk, StartDesk

pytestmark = pytest.mark.sure


@pytest.fixture(params=["stand-in", "real"])
def opencode(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Program]:
    """An OpenCode of its own, as this test ends it."""
    program = (StandIn if request.param == "stand-in" else Program)(tmp_path)
    program.start()
    yield program
    program.close()


def listed(desk: ServedDesk) -> dict[str, Any]:
    """Return what waits, by its line."""
    items = desk.command("approvals", "list")
    return {item["line"]: item for item in items}


def listening(desk: ServedDesk, opencode: Program) -> None:
    """Make the source as the docs say, with the password on standard input."""
    words = ["sources", "add", "OpenCode", "--kind", "opencode", "--token-from", "-"]
    words += ["--set", f"url={opencode.url}"]
    done = subprocess.run(
        [sys.executable, "-m", "webui.cli", *words],
        env=desk.environment,
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def kill(desk: ServedDesk) -> None:
    """KILL the desk, its worker first: nobody gets to say goodbye."""
    server = desk._server  # noqa: SLF001 - a kill is no stop
    assert server is not None
    children = subprocess.run(
        ["pgrep", "-P", str(server.pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    for pid in (server.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    server.communicate()
    desk._server = None  # noqa: SLF001


def touch(name: str) -> tuple[str, dict[str, str]]:
    return "bash", {"command": f"touch {name}", "description": "x"}


def test_killed_on_either_side(start_desk: StartDesk, opencode: Program) -> None:
    desk = start_desk(COUNTERSIGN_CALLBACK_ALLOW="127.0.0.1")
    listening(desk, opencode)
    for name in ("ran", "refused", "waits"):
        opencode.prompt(touch(name))
    until(lambda: len(listed(desk)) == 3, "three cards")
    before = {line: item["id"] for line, item in listed(desk).items()}

    kill(desk)
    by_command = {each["patterns"][0]: each["id"] for each in opencode.pending()}
    opencode.reply(by_command["touch ran"], "once")
    opencode.reply(by_command["touch refused"], "reject")
    opencode.prompt(touch("new"))
    until(lambda: len(opencode.pending()) == 2, "the new request")
    until((opencode.work / "ran").exists, "the file")
    desk.start()
    until(
        lambda: len(listed(desk)) == 2 and any("new" in each for each in listed(desk)),
        "them",
    )
    waits = next(item for line, item in listed(desk).items() if "touch waits" in line)
    assert waits["id"] == before[waits["line"]]
    ended = {
        name: desk.command(
            "approvals", "show", next(i for k, i in before.items() if name in k)
        )
        for name in ("touch ran", "touch refused")
    }
    assert {
        name: json.dumps(each).count("upstream_replied") > 0 for name, each in ended.items()
    }
    assert ended["touch ran"]["status"] == "consumed"
    assert ended["touch refused"]["status"] == "denied"

    desk.command("approvals", "approve", waits["id"], "--token", desk.admin.token)
    until((opencode.work / "waits").exists, "the file")
    until(lambda: len(listed(desk)) == 1, "its end")

    opencode.kill()
    opencode.start()
    until(lambda: not listed(desk), "what the dead server asked to be gone")
    opencode.prompt(touch("again"))
    until(lambda: len(listed(desk)) == 1, "one card")
    (again,) = listed(desk).values()
    desk.stop()  # a bridge rejects what is open at a shutdown
    until(lambda: opencode.pending() == [], "the rejection")
    assert not (opencode.work / "again").exists()
    desk.start()
    assert desk.command("approvals", "show", again["id"])["status"] == "cancelled"

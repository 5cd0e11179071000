"""The real Claude Code, its model played by a stand-in, gated by the settings of our docs.

What runs and what does not is seen on disk. `scripts/claude_program.py` names the version.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from tests.plugins.served import ROOT, ServedDesk
from webui.approvals.agents import tokens
from webui.runtime import open_store
from webui.settings import Settings
from webui.store.models import Membership, User

if TYPE_CHECKING:
    from tests.plugins.served import StartDesk

pytestmark = pytest.mark.proof


def _module(path: Path) -> Any:
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    sys.modules[path.stem] = made
    spec.loader.exec_module(made)
    return made


messages_api = _module(Path(__file__).with_name("messages_api.py"))
claude_program = _module(ROOT / "scripts" / "claude_program.py")
DOC = (ROOT / "docs" / "sources" / "claude-code.md").read_text("utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)]
HTTP, COMMAND, PROMPT = BLOCKS
EVENTS = pytest.mark.parametrize("event", ["PreToolUse", "PermissionRequest"])
WAYS = pytest.mark.parametrize("way", ["http", "command"])


@dataclass
class Ran:
    """What came of one run of Claude Code."""

    files: set[str]
    told: str
    """What the model was told of the tool."""


@dataclass
class Desk:
    """A served desk with a source for Claude Code, and somebody who reviews by the API."""

    served: ServedDesk
    url: str
    secret: str

    def review(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.served.admin.token}"}
        data = None if body is None else json.dumps(body).encode()
        if data:
            headers["Content-Type"] = "application/json"
        asking = Request(f"{self.served.agents}/api/v1/review{path}", data, headers)  # noqa: S310
        try:
            with urlopen(asking, timeout=20) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    def waiting(self) -> str:
        """Wait for the one call in the queue."""
        for _ in range(400):
            items = self.review("/approvals")["items"]
            if items:
                return str(items[0]["id"])
            time.sleep(0.05)
        raise AssertionError("nothing was asked")

    def decide(self, verdict: str, **more: Any) -> None:
        found = self.waiting()
        seal = self.review(f"/approvals/{found}")["seal"]
        self.review(
            f"/approvals/{found}/decide", {"verdict": verdict, "seal": seal, **more}
        )


@pytest.fixture(scope="session")
def claude_path() -> Path:
    found: Path | None = claude_program.find_claude()
    assert found is not None, "run: python scripts/claude_program.py"
    return found


@pytest.fixture(scope="module")
def _desk(start_desk: StartDesk) -> Desk:
    served = start_desk(COUNTERSIGN_DENIAL_MEMORY="0")
    made = served.command(
        "sources", "add", "Claude", "--kind", "claude-code", "--set", "wait_seconds=60"
    )
    served.admin = replace(served.admin, token=token_that_edits(served))
    return Desk(served, f"{served.dashboard}/hooks/{made['id']}", made["secret"])


def token_that_edits(served: ServedDesk) -> str:
    """Make a token as the account page does: the first one may not change arguments."""
    store = open_store(Settings(instance=served.folder / "instance"))
    try:
        with store.reading() as session:
            found = select(Membership).join(User).where(User.email == served.admin.email)
            member = session.scalars(found).one()
        scopes = (*tokens.TOKEN_SCOPES, "approvals:edit_arguments")
        org_id, user_id = member.org_id, member.user_id
        return store.write(
            lambda tx: tokens.create_token(
                tx, org_id, user_id, label="edits", scopes=scopes
            )
        )
    finally:
        store.close()


@pytest.fixture
def desk(_desk: Desk) -> Iterator[Desk]:
    yield _desk
    for item in _desk.review("/approvals")["items"]:  # what a test leaves waiting
        seal = _desk.review(f"/approvals/{item['id']}")["seal"]
        no = {"verdict": "deny", "seal": seal, "reason": "the test is over"}
        _desk.review(f"/approvals/{item['id']}/decide", no)


@pytest.fixture
def run(claude_path: Path, tmp_path: Path, desk: Desk) -> Iterator[Callable[..., Ran]]:
    """Let Claude Code be asked for one tool: `touch asked`, gated by some settings."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    tool_input = {"command": "touch asked", "description": "Make a file"}
    model = messages_api.Model("Bash", tool_input)
    server = messages_api.serve(model)

    def running(settings: Any, *argv: str, **changes: str) -> Ran:
        file = home / "settings.json"
        file.write_text(json.dumps(settings))
        environ = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT / 'client'}:{ROOT}",
            "HOME": str(home),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{server.server_port}",
            "ANTHROPIC_API_KEY": "sk-ant-stand-in",
            # nothing but loopback: what is not told to stay at home meets a closed port
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            "COUNTERSIGN_URL": desk.served.agents,
            "COUNTERSIGN_KEY": desk.served.key,
            "COUNTERSIGN_SOURCE_SECRET": desk.secret,
        }
        command = [str(claude_path), "-p", "go", "--settings", str(file), *argv]
        done = subprocess.run(
            command,
            cwd=work,
            env=environ | changes,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        assert len(model.results) == 1, (model.results, done.stdout)
        told = json.dumps(model.results[0]["content"])
        return Ran({path.name for path in work.iterdir()}, told)

    yield running
    server.shutdown()
    server.server_close()


def settings_for(desk: Desk, way: str, event: str, **changes: Any) -> dict[str, Any]:
    """Return the settings of the docs, with this desk's address and some changes."""
    [[entry]] = [
        json.loads(json.dumps((HTTP if way == "http" else COMMAND)["hooks"]["PreToolUse"]))
    ]
    [hook] = entry["hooks"]
    if way == "http":
        hook["url"] = desk.url
    else:
        hook["command"] = hook["command"].replace(
            "countersign ", f"{sys.executable} -m webui.cli "
        )
    hook |= changes
    entry["hooks"] = [{name: value for name, value in hook.items() if value is not None}]
    allowed = {"allow": ["Bash"]} if event == "PreToolUse" else {}
    return {"hooks": {event: [entry]}, "permissions": allowed}


def beside(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@WAYS
@EVENTS
def test_a_yes_runs_the_tool(
    desk: Desk, run: Callable[..., Ran], way: str, event: str
) -> None:
    beside(lambda: desk.decide("approve"))
    assert run(settings_for(desk, way, event)).files == {"asked"}


@WAYS
@EVENTS
def test_a_no_does_not_and_the_model_reads_why(
    desk: Desk, run: Callable[..., Ran], way: str, event: str
) -> None:
    beside(lambda: desk.decide("deny", reason="not on a Friday"))
    ran = run(settings_for(desk, way, event))
    assert ran.files == set()
    assert "not on a Friday" in ran.told


@WAYS
@EVENTS
def test_an_edited_tool_runs_edited(
    desk: Desk, run: Callable[..., Ran], way: str, event: str
) -> None:
    changed = {"command": "touch edited", "description": "Make a file"}
    beside(lambda: desk.decide("edit", arguments=changed))
    assert run(settings_for(desk, way, event)).files == {"edited"}


FAILURES: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "no desk": ("http", {"url": "http://127.0.0.1:9/hooks/src_x"}, {}),
    "no such source": ("http", {"url": "{dashboard}/hooks/src_x"}, {}),
    "another secret": ("http", {}, {"COUNTERSIGN_SOURCE_SECRET": "x" * 43}),
    "no secret": ("http", {"headers": None}, {}),
    "too slow": ("http", {"timeout": 2}, {}),
    "command: no desk": (
        "command",
        {},
        {"COUNTERSIGN_URL": "http://127.0.0.1:9"},
    ),
    "command: another key": ("command", {}, {"COUNTERSIGN_KEY": "csk_" + "x" * 43}),
    "command: no key": ("command", {}, {"COUNTERSIGN_KEY": ""}),
    "command: nobody in time": (
        "command",
        {"command": "countersign-test hook claude-code --timeout 1 || exit 2"},
        {},
    ),
    "command: a mistake": (
        "command",
        {"command": "countersign-test hook claude-code --nonsense || exit 2"},
        {},
    ),
    "command: no program": ("command", {"command": "no-such-program || exit 2"}, {}),
    "command: too slow": ("command", {"timeout": 2}, {}),
}


@EVENTS
@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_blocks(
    desk: Desk, run: Callable[..., Ran], failure: str, event: str
) -> None:
    way, changes, environ = FAILURES[failure]
    changes = {
        name: value.replace("{dashboard}", desk.served.dashboard).replace(
            "countersign-test", f"{sys.executable} -m webui.cli"
        )
        if isinstance(value, str)
        else value
        for name, value in changes.items()
    }
    ran = run(settings_for(desk, way, event, **changes), **environ)
    assert ran.files == set(), ran.told


def test_without_the_line_of_the_docs_a_failure_would_run_the_tool(
    desk: Desk, run: Callable[..., Ran]
) -> None:
    """The trap is still there; when this fails, the docs can be shorter."""
    settings = settings_for(
        desk, "http", "PreToolUse", url="http://127.0.0.1:9/", onFailure=None
    )
    assert run(settings).files == {"asked"}


def prompt(tmp_path: Path, *, program: str = sys.executable) -> list[str]:
    config = json.loads(json.dumps(PROMPT))
    config["mcpServers"]["countersign"]["command"] = program
    file = tmp_path / "desk.json"
    file.write_text(json.dumps(config))
    tool = "mcp__countersign__approve"
    return ["--mcp-config", str(file), "--permission-prompt-tool", tool]


@pytest.mark.parametrize(
    ("verdict", "more", "files"),
    [
        ("approve", {}, {"asked"}),
        ("deny", {"reason": "not on a Friday"}, set()),
        ("edit", {"arguments": {"command": "touch edited"}}, {"edited"}),
    ],
    ids=["approve", "deny", "edit"],
)
def test_the_permission_prompt_tool_asks_too(
    desk: Desk,
    run: Callable[..., Ran],
    tmp_path: Path,
    verdict: str,
    more: dict[str, Any],
    files: set[str],
) -> None:
    beside(lambda: desk.decide(verdict, **more))
    ran = run({}, *prompt(tmp_path))
    assert ran.files == files
    assert more.get("reason", "") in ran.told


def test_a_permission_prompt_that_cannot_ask_blocks(
    desk: Desk, run: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = run({}, *prompt(tmp_path), COUNTERSIGN_URL="ftp://desk")
    assert ran.files == set()
    assert "Countersign blocked this tool" in ran.told


def test_a_desk_that_is_stopped_while_it_waits_denies(
    start_desk: StartDesk, run: Callable[..., Ran]
) -> None:
    served = start_desk()
    made = served.command("sources", "add", "Claude", "--kind", "claude-code")
    stopped = Desk(served, f"{served.dashboard}/hooks/{made['id']}", made["secret"])

    def stop() -> None:
        stopped.waiting()
        assert served._server is not None  # noqa: SLF001 - `stop` would wait
        served._server.send_signal(signal.SIGTERM)  # noqa: SLF001

    beside(stop)
    ran = run(
        settings_for(stopped, "http", "PreToolUse"),
        COUNTERSIGN_SOURCE_SECRET=stopped.secret,
    )
    assert ran.files == set()
    assert "ask again" in ran.told

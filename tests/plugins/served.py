"""The desk as the product starts it, in processes of its own, and people at real browsers.

`served` is one desk for each pytest process; `start_desk` starts more, for tests that stop theirs,
and `start_lasting_desk` those that the tests of several files share.
`at` opens a browser in which somebody is signed in; `ask` files calls and withdraws what is left.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner
from countersign_client import Client, CountersignError, Refused
from countersign_client.ask import Ask
from sqlalchemy import select

from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look
from webui.approvals.answering.reviewing import Reviewer as Deciding
from webui.approvals.grants.granting import GrantWish
from webui.approvals.states import Verdict
from webui.cli import countersign
from webui.runtime import open_store
from webui.settings import Settings
from webui.store.models import Approval, StandingGrant, User

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

ROOT = Path(__file__).parents[2]
TIMEOUT = 120
"""Seconds: only what hangs reaches it, on a machine however busy."""
ANYWHERE = {"COUNTERSIGN_BIND": "127.0.0.1:0", "COUNTERSIGN_AGENT_BIND": "127.0.0.1:0"}


@dataclass(frozen=True)
class Reviewer:
    """Somebody who can sign in."""

    name: str
    email: str
    password: str
    token: str = ""


@dataclass
class ServedDesk:
    """A desk in an instance of its own, started and stopped as its operator would."""

    folder: Path
    changes: dict[str, str] = field(default_factory=dict)
    dashboard: str = ""
    agents: str = ""
    admin: Reviewer = Reviewer("", "", "")
    key: str = ""
    states: dict[str, Any] = field(default_factory=dict)
    """What the browser of each person remembers after signing in, by address."""
    _server: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What its programs are started with; nothing of the caller's own desk."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("COUNTERSIGN_")}
        kept.pop("DATABASE_URL", None)
        kept |= ANYWHERE | {"COUNTERSIGN_INSTANCE": str(self.folder / "instance")}
        kept["PYTHONPATH"] = os.pathsep.join([str(ROOT / "client"), str(ROOT)])
        return kept | self.changes

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `countersign` with these words, whatever comes of it."""
        return subprocess.run(
            [sys.executable, "-m", "webui.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def command(self, *words: str) -> Any:
        """Have `countersign ... --json` do its work and read its answer.

        In this process, whose main thread must be the caller's: one of its own takes a second
        to start. `run` is for tests of the program itself.
        """
        nothing_else: dict[str, str | None] = dict.fromkeys(os.environ)
        given = nothing_else | self.environment
        done = CliRunner().invoke(countersign, [*words, "--json"], env=given)
        assert done.exit_code == 0, (words, done.output, done.exception)
        return json.loads(done.stdout)

    def init(self) -> None:
        """Make org, admin and agent."""
        made = self.command("init")
        found = made["admin"]
        self.admin = Reviewer("Admin", found["email"], found["password"], found["token"])
        self.key = made["agent"]["key"]

    def add(self, name: str, role: str = "reviewer") -> Reviewer:
        """Add a person."""
        email = f"{name.lower()}@example.org"
        made = self.command("users", "add", email, "--role", role, "--name", name)
        return Reviewer(name, email, made["password"], made["token"])

    def start(self) -> None:
        """Serve; a desk that was served before comes back at the same addresses."""
        log = (self.folder / "server.log").open("a", encoding="utf-8")
        with log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "webui.cli", "serve"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._server.stdout is not None
        said = self._server.stdout.readline()
        found = re.fullmatch(r"ready dashboard=(\S+) agents=(\S+)\n", said)
        assert found is not None, (said, self.log())
        self.dashboard, self.agents = found.groups()
        self.changes |= {
            "COUNTERSIGN_BIND": self.dashboard.removeprefix("http://"),
            "COUNTERSIGN_AGENT_BIND": self.agents.removeprefix("http://"),
        }

    def stop(self) -> None:
        """TERM, and wait."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=TIMEOUT)

    def log(self) -> str:
        """What the server wrote to standard error."""
        return (self.folder / "server.log").read_text("utf-8")

    @property
    def client(self) -> Client:
        """The first agent's client."""
        return Client(self.agents, self.key)

    def waiting(self) -> list[str]:
        """Return the ids of the first agent's calls that still wait for somebody."""
        found = []
        for status in ("pending", "needs_revision"):
            there = f"{self.agents}/api/v1/approvals?status={status}&limit=100"
            asking = Request(there, headers={"Authorization": f"Bearer {self.key}"})  # noqa: S310 - http
            with urlopen(asking, timeout=TIMEOUT) as answer:  # noqa: S310
                found += [item["id"] for item in json.load(answer)["items"]]
        return found


def write_in_the_name_of(person: Reviewer, desk: ServedDesk) -> str:
    """Have a service hold an agent's write; returns the path of its page."""
    made = desk.command("keys", "add", "ops-agent", "--scope", "write-gate")
    desk.command("orgs", "write-gate", "on")
    with pytest.raises(Refused) as held:
        Client(desk.agents, made["key"]).write_gate(
            user=person.email,
            org="northwind",
            method="DELETE",
            path="/dav/" + "quarterly-reports-" * 9 + "%E2%80%AEtxt.exe?confirm=yes",
            required=["files:write"],
            held=["files:read", "files:write"],
            payload_hash="sha256:" + "5e" * 32,
        )
    return urlsplit(str(held.value.problem["approval_url"])).path


def give_a_grant(
    person: Reviewer, desk: ServedDesk, key: str, *, of: str = "@northwind/ui"
) -> str:
    """Approve a call with a standing grant, and have a second one covered; returns its id.

    Given past the server, in its database: the demo's people have no tokens, and what is
    examined with it are pages that show a grant, not those that give one.
    """
    client = Client(desk.agents, key)
    call = {"package": of, "version": "7.3.1", "token": "npm_demo_k3y"}
    asked = client.ask("npm.publish", call).id
    any_version = {"path": "args.version", "op": "starts_with", "value": "7.3."}
    wish = GrantWish(uses=3, conditions=(any_version,))
    store = open_store(Settings(instance=desk.folder / "instance"))
    try:
        with store.reading() as session:
            approval = session.get_one(Approval, asked)
            org_id = approval.org_id
            found = select(User).where(User.email == person.email)
            by = Deciding(session.scalars(found).one().id, person.name, "page")
        look = Look(None, 1)
        store.write(
            lambda tx: (
                decide(
                    tx, by, org_id, asked, Verdict.APPROVE, "", look, grant=wish
                ).approval.id
            )
        )
        with store.reading() as session:
            made = select(StandingGrant.id).where(StandingGrant.approval_id == asked)
            grant_id = session.scalars(made).one()
    finally:
        store.close()
    again = client.ask("npm.publish", call | {"version": "7.3.2"})
    assert again.status == "approved"
    return grant_id


StartDesk = Callable[..., ServedDesk]


@pytest.fixture(scope="module")
def start_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartDesk]:
    """Start desks; all of them end with their file: an idle one takes a fiftieth of a core."""
    yield from _starting(tmp_path_factory)


@pytest.fixture(scope="session")
def start_lasting_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartDesk]:
    """Start desks for the tests of several files; all of them end with the tests."""
    yield from _starting(tmp_path_factory)


def _starting(folders: pytest.TempPathFactory) -> Iterator[StartDesk]:
    with ExitStack() as stack:

        def start(**changes: str) -> ServedDesk:
            desk = ServedDesk(folders.mktemp("served"), changes)
            desk.init()
            stack.callback(desk.stop)
            desk.start()
            return desk

        yield start


@pytest.fixture(scope="session")
def served(start_lasting_desk: StartDesk) -> ServedDesk:
    """One desk for all tests that do not stop or break it."""
    return start_lasting_desk()


@pytest.fixture(scope="session")
def ana(served: ServedDesk) -> Reviewer:
    """A reviewer."""
    return served.add("Ana")


@pytest.fixture(scope="session")
def bo(served: ServedDesk) -> Reviewer:
    """Another reviewer."""
    return served.add("Bo")


class AskDesk(Protocol):
    """Files a call of the first agent's."""

    def __call__(self, tool: str, arguments: dict[str, Any], /, **fields: Any) -> Ask: ...


@pytest.fixture
def ask(served: ServedDesk) -> Iterator[AskDesk]:
    """File calls; what still waits after the test is withdrawn, so that the queue is empty again."""
    client = served.client

    def file(tool: str, arguments: dict[str, Any], /, **fields: Any) -> Ask:
        return client.ask(tool, arguments, **fields)

    yield file
    # Whoever filed them: what a failed test leaves must not fail the next one too.
    for approval_id in served.waiting():
        try:
            client.cancel(approval_id, "the test is over")
        except CountersignError:
            continue  # it was decided


@pytest.fixture(scope="session")
def chromium(chromium_path: Path) -> Iterator[Browser]:
    """The real browser. Its sandbox cannot start where tests run as root."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - few tests need it

    expect.set_options(
        timeout=TIMEOUT * 1000 // 2
    )  # its own 5 s are short on a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def sign_in(page: Page, person: Reviewer) -> None:
    """Sign in by the form, as a person does."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))


def _is_fault(message: ConsoleMessage) -> bool:
    """Say whether a page complains; that it asked too often what to tell is no fault of its.

    Here many browsers share one session, or run ahead of the server's clock, as a person's never do.
    """
    asked_too_often = "/queue/ring" in message.location["url"] and "429" in message.text
    return message.type in {"error", "warning"} and not asked_too_often


class At(Protocol):
    """Opens a page of a browser in which a person is signed in (nobody: None)."""

    def __call__(
        self,
        person: Reviewer | None,
        desk: ServedDesk | None = None,
        *,
        forgiven: str = "",
        **options: Any,
    ) -> Page: ...


@pytest.fixture
def at(chromium: Browser, served: ServedDesk) -> Iterator[At]:
    """Open browsers; each must end without an error or a violation of the content policy.

    `forgiven` is a pattern for the messages that a test provokes; `options` are the context's.
    """
    opened: list[tuple[BrowserContext, list[str], str]] = []

    def open_for(
        person: Reviewer | None,
        desk: ServedDesk | None = None,
        *,
        forgiven: str = "",
        **options: Any,
    ) -> Page:
        there = desk or served
        if person is not None and person.email not in there.states:
            there.states[person.email] = _remembered(chromium, there, person)
        state = None if person is None else there.states[person.email]
        context = chromium.new_context(
            base_url=there.dashboard, storage_state=state, **options
        )
        context.set_default_timeout(TIMEOUT * 1000 // 2)
        said: list[str] = []
        context.on(
            "console",
            lambda message: said.append(message.text) if _is_fault(message) else None,
        )
        context.on("weberror", lambda error: said.append(str(error.error)))
        opened.append((context, said, forgiven))
        return context.new_page()

    yield open_for
    for context, said, forgiven in opened:
        context.close()
        assert [text for text in said if not (forgiven and re.search(forgiven, text))] == []


def _remembered(chromium: Browser, desk: ServedDesk, person: Reviewer) -> Any:
    """Sign in once for all tests: more would meet the throttle."""
    context = chromium.new_context(base_url=desk.dashboard)
    sign_in(context.new_page(), person)
    state = context.storage_state()
    context.close()
    return state


class Background(threading.Thread):
    """Work beside the browser, whose own thread belongs to Playwright."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._result: Any = None
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._work()
        except Exception as error:  # noqa: BLE001 - raised again in the test
            self._error = error

    def result(self) -> Any:
        """Wait for the end of the work."""
        self.join(TIMEOUT)
        assert not self.is_alive(), "the work beside the browser does not end"
        if self._error is not None:
            raise self._error
        return self._result


@pytest.fixture
def beside() -> type[Background]:
    """Start a piece of work beside the browser; `.result()` waits for it."""
    return Background


@pytest.fixture
def enter() -> Callable[[Page, Reviewer], None]:
    """Sign in by the form."""
    return sign_in

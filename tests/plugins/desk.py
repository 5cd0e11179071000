"""A desk with people, agents and calls in it, over a real database of each kind.

`store` is the rows, `house` who lives there, `file_call` puts a call into the queue, `runtime`
is a process, `browser` a browser on its dashboard and `signed_in` one that a person signed in.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from webui.approvals.agents import agents
from webui.approvals.asking import ask, intake
from webui.approvals.call.canonical import arguments_hash, canonical, fingerprint
from webui.approvals.people import accounts, sessions
from webui.approvals.people.passwords import hash_password
from webui.approvals.states import Verdict
from webui.audit.journal import flush
from webui.listeners import Bound, Endpoint
from webui.settings import Settings
from webui.store import schema
from webui.store.clock import Clock
from webui.store.engines import sqlite_url
from webui.store.keyring import create_keyring, load_keyring
from webui.store.models import Org
from webui.store.store import Store

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from webui.runtime import Runtime
    from webui.store.transaction import Transaction

PASSWORD = "correct horse battery staple"
BOUND = Bound(Endpoint("127.0.0.1", 8080), Endpoint("127.0.0.1", 9111))
NO_LIMITS = ask.Limits(rate=0, max_pending=0)


class TestClock(Clock):
    """The process clock, which a test may set forward (and never back)."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead = 0
        self._still: tuple[int, int] | None = None
        super().__init__(
            wall=lambda: self._real()[0] + self.ahead,
            monotonic=lambda: self._real()[1] + self.ahead,
        )

    def _real(self) -> tuple[int, int]:
        return self._still or (
            time.time_ns() // 1_000_000,
            time.monotonic_ns() // 1_000_000,
        )

    def stand_still(self) -> None:
        """Let nothing but `advance` pass from here on: what refills by the second stays as it is."""
        self._still = self._real()

    def seen(self, moment: int) -> int:
        """Take note of a time; while it stands still, not of PostgreSQL's, which goes on."""
        return super().seen(min(moment, self._wall()) if self._still else moment)

    def advance(self, ms: int) -> None:
        """Let `ms` pass."""
        self.now()
        self.ahead += ms


@dataclass(frozen=True)
class Member:
    """Somebody who can sign in with `PASSWORD`."""

    id: str
    email: str
    name: str
    role: str


@dataclass(frozen=True)
class Program:
    """An agent and the text of its key."""

    id: str
    name: str
    key: str
    owner_id: str | None
    org_id: str

    @property
    def filer(self) -> ask.Filer:
        """The agent as intake knows it."""
        return ask.Filer(self.id, self.org_id, self.owner_id)


@dataclass(frozen=True)
class House:
    """Two orgs. Only Zoe and her agent are in the other one."""

    org_id: str
    other_org_id: str
    ana: Member
    """Owner."""
    bo: Member
    """Reviewer, who owns `deploy_bot`."""
    rae: Member
    """Reviewer."""
    vi: Member
    """Viewer."""
    ed: Member
    """Auditor."""
    max: Member
    """Member; owns `helper`."""
    cy: Member
    """Reviewer, suspended."""
    zoe: Member
    """Owner of the other org."""
    ci: Program
    """Nobody owns it."""
    deploy_bot: Program
    helper: Program
    stranger: Program
    """Zoe's."""


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file at the newest revision; copying it is faster than migrating anew."""
    path = tmp_path_factory.mktemp("migrated") / "countersign.db"
    schema.upgrade(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def _keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of every instance: the furnished databases were sealed with it."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    create_keyring(path)
    return path


@pytest.fixture
def instance(tmp_path: Path, _keys: Path) -> Path:
    """An instance directory with its key file."""
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o700)
    shutil.copy(_keys, folder / "keys.json")
    return folder


@pytest.fixture(scope="session")
def _furnish(_keys: Path, password_hash: str) -> Callable[[str], House]:
    """Furnish a database; most tests begin with a copy of one that was."""

    def furnish(url: str) -> House:
        store = Store(url, load_keyring(_keys), flush, clock=TestClock())
        try:
            return store.write(lambda tx: _people_and_agents(tx, password_hash))
        finally:
            store.close()

    return furnish


@pytest.fixture(scope="session")
def _furnished_sqlite(
    tmp_path_factory: pytest.TempPathFactory,
    _migrated_sqlite: Path,
    _furnish: Callable[[str], House],
) -> tuple[Path, House]:
    path = tmp_path_factory.mktemp("furnished") / "countersign.db"
    shutil.copy(_migrated_sqlite, path)
    return path, _furnish(sqlite_url(path).render_as_string(hide_password=False))


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest, instance: Path) -> str:
    """A migrated SQLite file, with the `house` in it if the test asks for one."""
    path = instance / "countersign.db"
    if "house" in request.fixturenames:
        source, _ = request.getfixturevalue("_furnished_sqlite")
    else:
        source = request.getfixturevalue("_migrated_sqlite")
    shutil.copy(source, path)
    return sqlite_url(path).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database, of each kind we support, with the `house` if it is asked for."""
    on_postgresql = request.param == "postgresql"
    url: str = request.getfixturevalue(
        "postgres_url" if on_postgresql else "sqlite_database"
    )
    return url


@pytest.fixture
def settings(instance: Path, database_url: str) -> Settings:
    """The settings of this desk; override the fixture to change some."""
    on_postgresql = database_url.startswith("postgresql")
    return Settings.model_validate(
        {"instance": instance, "database_url": database_url if on_postgresql else None}
    )


@pytest.fixture
def clock() -> TestClock:
    """The clock of this desk."""
    return TestClock()


@pytest.fixture
def store(database_url: str, instance: Path, clock: TestClock) -> Iterator[Store]:
    """The rows, empty but for the schema."""
    keyring = load_keyring(instance / "keys.json")
    opened = Store(database_url, keyring, flush, clock=clock)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of `PASSWORD`, made once: it is slow on purpose."""
    return hash_password(PASSWORD)


@pytest.fixture
def house(request: pytest.FixtureRequest, database_url: str, store: Store) -> House:
    """Two orgs with people and agents."""
    if database_url.startswith("postgresql"):
        made: House = request.getfixturevalue("_empty_databases").contents
    else:
        _, made = request.getfixturevalue("_furnished_sqlite")
    with store.reading() as session:
        assert session.get(Org, made.org_id) is not None, "furnished when it was copied"
    return made


def _people_and_agents(tx: Transaction, password_hash: str) -> House:
    accounts.prepare_install(tx)
    org, other = accounts.create_org(tx, "Acme"), accounts.create_org(tx, "Zebra")

    def member(org_id: str, name: str, role: str) -> Member:
        email = f"{name.lower()}@example.org"
        made = accounts.create_user(
            tx,
            org_id,
            email=email,
            role=role,
            password_hash=password_hash,
            display_name=name,
        )
        return Member(made.id, email, name, role)

    def program(org_id: str, name: str, owner: Member | None = None) -> Program:
        owner_id = None if owner is None else owner.id
        agent_id = agents.create_agent(tx, org_id, name, owner=owner_id)
        key = agents.create_key(tx, org_id, agent_id)
        return Program(agent_id, name, key, owner_id, org_id)

    ana, bo, helper_owner = (
        member(org, "Ana", "owner"),
        member(org, "Bo", "reviewer"),
        member(org, "Max", "member"),
    )
    zoe, cy = member(other, "Zoe", "owner"), member(org, "Cy", "reviewer")
    accounts.suspend_user(tx, org, cy.email, actor=f"user:{ana.id}")
    return House(
        org_id=org,
        other_org_id=other,
        ana=ana,
        bo=bo,
        rae=member(org, "Rae", "reviewer"),
        vi=member(org, "Vi", "viewer"),
        ed=member(org, "Ed", "auditor"),
        max=helper_owner,
        cy=cy,
        zoe=zoe,
        ci=program(org, "ci"),
        deploy_bot=program(org, "deploy-bot", bo),
        helper=program(org, "helper", helper_owner),
        stranger=program(other, "stranger", zoe),
    )


class FileCall(Protocol):
    """Puts a call of an agent into the queue and returns the approval's id."""

    def __call__(
        self,
        agent: Program | None = None,
        tool: str = "shell.run",
        arguments: dict[str, Any] | None = None,
        **more: Any,
    ) -> str: ...


@pytest.fixture
def file_call(store: Store, house: House) -> FileCall:
    """File calls; each differs from the others unless its arguments are given."""

    def file(
        agent: Program | None = None,
        tool: str = "shell.run",
        arguments: dict[str, Any] | None = None,
        **more: Any,
    ) -> str:
        by = agent or house.ci
        if arguments is None:
            arguments = {"command": f"echo {secrets.token_hex(4)}"}
        ask = ask_for(by, tool, arguments, **more)
        filed = store.write(lambda tx: intake.submit(tx, by.filer, ask, NO_LIMITS))
        return filed.approval.id

    return file


def ask_for(agent: Program, tool: str, arguments: dict[str, Any], **more: Any) -> ask.Ask:
    """Return a call as the API would prepare it."""
    from webui.preview import Profile, line  # noqa: PLC0415 - not every test needs it

    every = tuple(str(verdict) for verdict in Verdict)
    return ask.Ask(
        tool=tool,
        fingerprint=fingerprint(
            org=agent.org_id, agent=agent.id, tool=tool, arguments=arguments
        ),
        arguments_hash=arguments_hash(arguments),
        canonical=canonical(arguments),
        received=json.dumps(arguments).encode(),
        told=lambda *_: {"line": line(tool, arguments, Profile(mask_key=bytes(32)))},
        **{"allowed_decisions": every} | more,
    )


@pytest.fixture
def runtime(settings: Settings, store: Store, house: House) -> Runtime:
    """One process of the product."""
    from webui.live.bus import Bus  # noqa: PLC0415 - imports gevent
    from webui.runtime import Runtime  # noqa: PLC0415

    made = Runtime(settings, store, Bus(), BOUND)
    store.listen(made.ring)
    return made


@pytest.fixture(scope="session")
def _compiled_templates(
    tmp_path_factory: pytest.TempPathFactory,
) -> FileSystemBytecodeCache:
    """Templates compiled once for all applications of a run: a third of a page's time."""
    own = tmp_path_factory.getbasetemp()
    of_all = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = of_all / "templates"
    folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


@pytest.fixture
def dashboard(runtime: Runtime, _compiled_templates: FileSystemBytecodeCache) -> Flask:
    """The dashboard's application."""
    from webui.web.app import create_app  # noqa: PLC0415

    app = create_app(runtime)
    app.jinja_env.bytecode_cache = _compiled_templates
    return app


_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Browser(FlaskClient):
    """A browser that keeps cookies and sends forms with their CSRF token."""

    base_url = "http://localhost:8080"
    _token = ("", "")
    """The last token, and the cookie of the session that it is for."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        options.setdefault("base_url", self.base_url)
        return super().open(*args, **options)

    def csrf_token(self) -> str:
        """The token that a page of this session carries."""
        token, session = self._token
        if not token or session != self._session_cookie():
            page = self.get("/help", follow_redirects=True).get_data(as_text=True)
            found = _TOKEN.search(page)
            assert found is not None, page
            token = found[1]
            self._token = (token, self._session_cookie())
        return token

    def _session_cookie(self) -> str:
        name = self.application.config["SESSION_COOKIE_NAME"]
        cookie = self.get_cookie(name, "localhost")
        return "" if cookie is None else cookie.value

    def send(self, path: str, /, **fields: str) -> TestResponse:
        """POST a form as a page of this session does."""
        return self.post(path, data={"csrf_token": self.csrf_token(), **fields})


@pytest.fixture
def browser(dashboard: Flask) -> Browser:
    """A browser where nobody is signed in."""
    return Browser(dashboard, dashboard.response_class)


SignedIn = Callable[[Member], Browser]


@pytest.fixture
def signed_in(dashboard: Flask, store: Store) -> SignedIn:
    """Open a browser in which a person is signed in (without the slow password check)."""

    def open_for(member: Member) -> Browser:
        from webui.web.sessions import remember  # noqa: PLC0415

        browser = Browser(dashboard, dashboard.response_class)
        session_id = secrets.token_urlsafe(32)
        digest = hashlib.sha256(session_id.encode()).hexdigest()
        store.write(
            lambda tx: sessions.sign_in(
                tx, member.id, digest, address="127.0.0.1", user_agent="a test"
            )
        )
        with browser.session_transaction(base_url=browser.base_url) as cookie:
            remember(cookie, session_id)
        return browser

    return open_for

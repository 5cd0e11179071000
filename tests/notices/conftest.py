"""A mail server and a service that are real, a desk that may reach them, and places of people."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from tests.notices.mail_server import MailServer
from webui.notices import destinations
from webui.notices.crier import Crier
from webui.notices.destinations import MAIL, SERVICE, Owner
from webui.notices.wishes import Wish
from webui.outbox.fanning import fan_out
from webui.settings import Settings
from webui.store.models import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.desk import House, Member
    from webui.runtime import Runtime
    from webui.store.store import Store


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.sure]),
    ]
)
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, and PostgreSQL with `make sure`; some tests name it to have it always."""
    on_postgresql = request.param == "postgresql"
    url: str = request.getfixturevalue(
        "postgres_url" if on_postgresql else "sqlite_database"
    )
    return url


@dataclass
class Service:
    """A web server that keeps what is posted, and answers as told."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hear"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """The operator's mail server."""
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def service() -> Iterator[Service]:
    """A service on loopback."""
    kept = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.posts.append((self.path, json.loads(body)))
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kept
        with contextlib.suppress(OSError):
            server.shutdown()


@pytest.fixture
def settings(instance: Path, database_url: str, mail: MailServer) -> Settings:
    """Settings of a desk whose operator set mail and offers a service on loopback."""
    on_postgresql = database_url.startswith("postgresql")
    return Settings.model_validate(
        {
            "instance": instance,
            "database_url": database_url if on_postgresql else None,
            "callback_allow": ("127.0.0.0/8",),
            "notify_mail": f"mailto://127.0.0.1:{mail.port}?from=desk@example.org",
            "notify_services": ("json", "ntfys"),
        }
    )


@pytest.fixture
def crier(runtime: Runtime) -> Crier:
    """The messages of one process."""
    return Crier(runtime)


Place = Callable[..., str]


@pytest.fixture
def place(store: Store, house: House) -> Place:
    """Give a person a place where they are told: by mail, or by a service's URL."""

    def make(member: Member, url: str = "", **wish: Any) -> str:
        owner = Owner(house.org_id, member.id)
        kind = SERVICE if url else MAIL

        def unit(tx: Any) -> str:
            made = destinations.add(tx, owner, kind, url=url, offered=("json", "ntfys"))
            destinations.change(tx, owner, made, Wish(**wish))
            return made

        return store.write(unit)

    return make


@pytest.fixture
def turn(runtime: Runtime, crier: Crier) -> Callable[[], None]:
    """Make notices of what happened, and tell until nothing is due."""

    def until_quiet() -> None:
        while fan_out(runtime):
            pass
        while crier.tell():
            crier.wait()

    return until_quiet


@pytest.fixture
def notices(store: Store) -> Callable[..., list[Notice]]:
    """Return the notices that fit, the oldest first."""

    def found(**wanted: Any) -> list[Notice]:
        with store.reading() as session:
            statement = select(Notice).filter_by(**wanted).order_by(Notice.id)
            return list(session.scalars(statement).all())

    return found

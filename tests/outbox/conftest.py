"""Receivers on loopback that behave well or badly, and a courier that may reach them."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from webui.approvals.senders import endpoints
from webui.channels.addresses import AllowList
from webui.channels.http import Sender
from webui.outbox.courier import Courier
from webui.outbox.fanning import fan_out

if TYPE_CHECKING:
    from tests.plugins.desk import House
    from webui.runtime import Runtime
    from webui.settings import Settings
    from webui.store.store import Store

Behaviour = Callable[[socket.socket, "Receiver"], None]
ON_ONE = {"test_interrupts.py", "test_policy_webhook.py"}
"""What these send is what counts; how it is kept and claimed is tested on both in the others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave those on PostgreSQL to `make sure`."""
    for item in items:
        here = item.path.is_relative_to(Path(__file__).parent)
        if here and item.path.name in ON_ONE and item.get_closest_marker("postgres"):
            item.add_marker("sure")


def says(status: str = "200 OK", *headers: str) -> Behaviour:
    """Answer at once with one status."""
    lines = "".join(f"{header}\r\n" for header in headers)
    text = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n{lines}\r\n".encode()
    return lambda sock, _: sock.sendall(text)


class Receiver:
    """A web server that keeps what it gets and behaves as told, anew for each request.

    What was cut short is no request, and what others ask at a port that was theirs is not ours.
    """

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Semaphore(0)
        self.let_go = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self.host}/hook"
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def types(self) -> list[str]:
        """The names of the events that came, in order."""
        return [json.loads(body)["type"] for _, body in self.requests]

    @property
    def ids(self) -> list[str]:
        """The approvals they were about, in order."""
        return [json.loads(body)["data"]["id"] for _, body in self.requests]

    def close(self) -> None:
        self.let_go.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            self.requests.append(_read(sock))
            self.arrived.release()
            self.behave(sock, self)


def _read(sock: socket.socket) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a whole request for a receiver; raises OSError."""
    with sock.makefile("rb") as stream:
        head = stream.readline()
        if not head.startswith(b"POST /hook"):
            raise ConnectionAbortedError
        while (line := stream.readline()) not in {b"\r\n", b""}:
            head += line
        found = re.findall(r"^([^:\r\n]+):(.*)$", head.decode(), re.MULTILINE)
        headers = {name.lower(): value.strip() for name, value in found}
        body = stream.read(size := int(headers.get("content-length", 0)))
    if len(body) < size or not line:
        raise ConnectionAbortedError
    return headers, body


StartReceiver = Callable[..., Receiver]


@pytest.fixture
def receive() -> Iterator[StartReceiver]:
    """Start receivers; all end with the test."""
    with contextlib.ExitStack() as stack:

        def start(behave: Behaviour | None = None) -> Receiver:
            receiver = Receiver(behave or says())
            stack.callback(receiver.close)
            return receiver

        yield start


@pytest.fixture
def answer() -> Callable[..., Behaviour]:
    """Make a behaviour that says one status."""
    return says


@pytest.fixture
def settings(instance: Path, database_url: str) -> Settings:
    """Settings of a desk whose operator opened loopback to webhooks."""
    from webui.settings import Settings  # noqa: PLC0415

    on_postgresql = database_url.startswith("postgresql")
    return Settings.model_validate(
        {
            "instance": instance,
            "database_url": database_url if on_postgresql else None,
            "callback_allow": ("127.0.0.0/8",),
        }
    )


@pytest.fixture
def courier(runtime: Runtime) -> Courier:
    """The deliveries of one process; a busy machine gets more time than a receiver does."""
    allowed = AllowList.of(runtime.settings.callback_allow)
    return Courier(runtime, Sender(allowed, timeout_ms=60_000))


@pytest.fixture
def impatient(runtime: Runtime) -> Courier:
    """One that gives a receiver a fifth of a second."""
    allowed = AllowList.of(runtime.settings.callback_allow)
    return Courier(runtime, Sender(allowed, timeout_ms=200))


Endpoint = Callable[..., endpoints.Created]


@pytest.fixture
def endpoint(store: Store, house: House) -> Endpoint:
    """Make endpoints of the house's org."""

    def make(url: str, *events: str, **more: Any) -> endpoints.Created:
        wishes = endpoints.Wishes(events or ("*",), **more)
        return store.write(
            lambda tx: endpoints.create_endpoint(tx, house.org_id, url, wishes)
        )

    return make


@pytest.fixture
def turn(runtime: Runtime) -> Callable[[Courier], int]:
    """Fan out and deliver until nothing is due; returns how many attempts there were."""

    def until_quiet(courier: Courier) -> int:
        total = 0
        while fan_out(runtime):
            pass
        while done := courier.deliver():
            courier.wait()
            total += done
        return total

    return until_quiet


@pytest.fixture
def row(store: Store) -> Callable[..., Any]:
    """Return the one row of a model that fits."""
    from sqlalchemy import select  # noqa: PLC0415

    def one(model: Any, **wanted: Any) -> Any:
        with store.reading() as session:
            return session.scalars(select(model).filter_by(**wanted)).one()

    return one

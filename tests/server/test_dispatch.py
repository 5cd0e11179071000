"""Which application answers, and what is still answered while the server stops."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from webui.dispatch import dispatch
from webui.listeners import Bound, Endpoint
from webui.live.bus import Bus
from webui.settings import Settings

Ask = Callable[..., str]


def application(name: str) -> Any:
    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response(f"200 {name}", [])
        return [b""]

    return answer


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def ask(bus: Bus) -> Iterator[Ask]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with (
            socket.create_connection(("127.0.0.1", port)),
            listener.accept()[0] as accepted,
        ):
            yield asking(bus, port, accepted)


def asking(bus: Bus, port: int, accepted: socket.socket) -> Ask:
    def ask(path: str, method: str = "POST", *, dashboard: int = 1, agents: int = 1) -> str:
        bound = Bound(
            Endpoint("127.0.0.1", dashboard or port), Endpoint("127.0.0.1", agents or port)
        )
        wsgi = dispatch(
            Settings(),
            bound,
            bus,
            dashboard=application("dashboard"),
            agents=application("agents"),
            on_leaked_key=lambda _: None,
        )
        environ: dict[str, Any] = {"gunicorn.socket": accepted, "REMOTE_ADDR": "127.0.0.1"}
        environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": "0"}
        environ |= {"HTTP_HOST": f"127.0.0.1:{port}"}
        setup_testing_defaults(environ)
        if path.startswith("/change"):
            environ["HTTP_SEC_FETCH_SITE"] = "same-origin"
        told: list[str] = []
        headers: list[dict[str, str]] = []

        def start_response(status: str, sent: Any, *_: Any) -> None:
            told.append(status)
            headers.append(dict(sent))

        list(wsgi(environ, start_response))  # type: ignore[arg-type]
        return told[0] + (" retry" if "Retry-After" in headers[0] else "")

    return ask


def test_the_socket_that_accepted_decides(ask: Ask) -> None:
    assert ask("/x", "GET", dashboard=0) == "200 dashboard"
    assert ask("/api/v1/x", "GET", agents=0) == "200 agents"


def test_a_socket_that_is_neither_serves_nothing(ask: Ask) -> None:
    assert ask("/", "GET").startswith("421")


@pytest.mark.parametrize(
    "path", ["/api/v1/approvals", "/api/v1/gate", "/api/v1/write-gate"]
)
def test_intake_is_sent_away_while_stopping(ask: Ask, bus: Bus, path: str) -> None:
    assert ask(path, agents=0) == "200 agents"
    bus.stop()
    assert ask(path, agents=0) == "503 Service Unavailable retry"


def test_webhooks_are_sent_away_while_stopping(ask: Ask, bus: Bus) -> None:
    assert ask("/hooks/src_1", dashboard=0) == "200 dashboard"
    bus.stop()
    assert ask("/hooks/src_1", dashboard=0) == "503 Service Unavailable retry"


@pytest.mark.parametrize("verb", ["outcome", "rollback", "cancel", "heartbeat"])
def test_what_settles_earlier_work_is_served_while_stopping(
    ask: Ask, bus: Bus, verb: str
) -> None:
    bus.stop()
    assert ask(f"/api/v1/approvals/apr_1/{verb}", agents=0) == "200 agents"
    assert ask("/change", dashboard=0) == "200 dashboard"


def test_listening_everywhere_is_known_by_the_port() -> None:
    everywhere = Endpoint("0.0.0.0", 80)  # noqa: S104 - the case under test
    assert everywhere.accepted(("192.0.2.1", 80))
    assert not everywhere.accepted(("192.0.2.1", 81))
    assert everywhere.url == "http://127.0.0.1:80"
    assert not Endpoint("127.0.0.1", 80).accepted(("127.0.0.2", 80))
    assert Endpoint("::1", 80).url == "http://[::1]:80"


def test_the_default_port_is_left_out_of_host_headers() -> None:
    bound = Bound(Endpoint("127.0.0.1", 80), Endpoint("127.0.0.1", 9111))
    assert {"localhost", "localhost:80"} <= bound.dashboard_hosts(Settings())
    assert "localhost" not in bound.agent_hosts(Settings())

"""One WSGI callable for both listeners: dashboard or agents, by the socket that accepted.

The Host header is the caller's claim; the accepting socket's own address is a fact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import gevent

from webui.api import guard as api_guard
from webui.peers import parse_peer
from webui.refusals import Refusal
from webui.web import guard as web_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from webui.listeners import Bound
    from webui.live.bus import Bus
    from webui.settings import Settings

# A timer, not sleep(0): the loop polls its sockets between, so that one busy connection does
# not starve the others (p99 32 against 91 ms).
YIELD_SECONDS = 1e-6
INTAKE = frozenset({"/api/v1/approvals", "/api/v1/gate", "/api/v1/write-gate"})
_STOPPING = Refusal(
    503,
    "stopping",
    "the server is restarting; try again in a few seconds, with the same Idempotency-Key",
    (("Retry-After", "2"),),
)
_NO_LISTENER = Refusal(421, "wrong_listener", "this address serves nothing")


def dispatch(
    settings: Settings,
    bound: Bound,
    bus: Bus,
    *,
    dashboard: WSGIApplication,
    agents: WSGIApplication,
    on_leaked_key: Callable[[str], None],
) -> WSGIApplication:
    """Guard both applications and choose between them for each request.

    While `bus.stopping`, new work (intake of agents and webhooks) is answered 503; what settles
    earlier work (outcome, rollback, cancel, a decision) is still served.
    """
    front = web_guard.FrontDoor(
        bound.dashboard_hosts(settings),
        bound.dashboard_origins(settings),
        settings.trusted_proxies,
    )
    door = api_guard.Door(
        bound.agent_hosts(settings),
        settings.body_bytes,
        settings.agent_allow_remote,
        settings.agent_peers,
        settings.trusted_proxies,
    )
    dashboard = web_guard.guarded(dashboard, front)
    agents = api_guard.guarded(agents, door, on_leaked_key)

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        gevent.sleep(YIELD_SECONDS)
        if bus.stopping and _is_intake(environ):
            return _STOPPING.respond(environ, start_response)
        name = accepting_address(environ)
        # The agents' door is the stricter one, so it is asked first.
        if bound.agents.accepted(name):
            return agents(environ, start_response)
        if bound.dashboard.accepted(name):
            return dashboard(environ, start_response)
        return _NO_LISTENER.respond(environ, start_response)

    return choose


def accepting_address(environ: WSGIEnvironment) -> tuple[str, int]:
    """Name this end of the connection as (host, port), `::ffff:` unwrapped."""
    host, port = environ["gunicorn.socket"].getsockname()[:2]
    return _unwrapped(host), port


@lru_cache(maxsize=64)
def _unwrapped(host: str) -> str:
    """Return an address as the listeners are named; a host has but a few of its own."""
    return str(parse_peer(host) or host)


def _is_intake(environ: WSGIEnvironment) -> bool:
    path: str = environ.get("PATH_INFO", "")
    new = path in INTAKE or path.startswith(web_guard.RECEIVERS)
    return new and bool(environ["REQUEST_METHOD"] == "POST")

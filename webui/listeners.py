"""The two listeners: binding them, and the names under which they answer."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from webui.settings import split_address

if TYPE_CHECKING:
    from webui.settings import Settings

BACKLOG = 4096
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class CannotBindError(Exception):
    """An address cannot be listened on; the message says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that is really bound: the port is the chosen one, never 0."""

    host: str
    port: int

    @property
    def is_wildcard(self) -> bool:
        """Whether it listens on every address of the machine."""
        return ip_address(self.host).is_unspecified

    @property
    def url(self) -> str:
        """A URL that reaches it from this machine."""
        host = "127.0.0.1" if self.is_wildcard else self.host
        return (
            f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        )

    def accepted(self, name: tuple[str, int]) -> bool:
        """Whether a connection whose own (host, port) is `name` came in here."""
        return name[1] == self.port and (self.is_wildcard or name[0] == self.host)


@dataclass(frozen=True, slots=True)
class Bound:
    """Where both listeners really are, known before any application is created."""

    dashboard: Endpoint
    agents: Endpoint

    @classmethod
    def of(cls, dashboard: socket.socket, agents: socket.socket) -> Self:
        """Read the ports that binding chose."""
        return cls(*(Endpoint(*sock.getsockname()[:2]) for sock in (dashboard, agents)))

    def public_url(self, settings: Settings) -> str:
        """The origin people use, without a trailing slash: for links, mails and passkeys."""
        return settings.public_url or f"http://localhost:{self.dashboard.port}"

    def dashboard_hosts(self, settings: Settings) -> frozenset[str]:
        """Host header values that the dashboard answers."""
        public = urlsplit(self.public_url(settings))
        return _loopback_hosts(self.dashboard.port) | {public.netloc}

    def dashboard_origins(self, settings: Settings) -> frozenset[str]:
        """Origins whose pages may change something or open the live socket."""
        local = {f"http://{host}" for host in _loopback_hosts(self.dashboard.port)}
        return frozenset(local | {self.public_url(settings)})

    def agent_hosts(self, settings: Settings) -> frozenset[str]:
        """Host header values that the agents' API answers."""
        further = settings.agent_hosts if settings.agent_allow_remote else ()
        return _loopback_hosts(self.agents.port) | set(further)


def _loopback_hosts(port: int) -> frozenset[str]:
    named = {f"{name}:{port}" for name in LOOPBACK_NAMES}
    # RFC 9110, 7.2: clients leave the default port out of Host.
    return frozenset(named | set(LOOPBACK_NAMES) if port == 80 else named)  # noqa: PLR2004 - the default port of http


def bind(settings: Settings) -> tuple[socket.socket, socket.socket]:
    """Listen for the dashboard and for the agents; raises CannotBindError, holding neither."""
    dashboard = _listen(settings.bind, "bind")
    try:
        return dashboard, _listen(settings.agent_bind, "agent_bind")
    except CannotBindError:
        dashboard.close()
        raise


def _listen(address: str, setting: str) -> socket.socket:
    host, port = split_address(address)
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise CannotBindError(_mend(address, setting, error)) from error
    return sock


def _mend(address: str, setting: str, error: OSError) -> str:
    variable = f"COUNTERSIGN_{setting.upper()}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{variable} = {address}: the port is taken by another program (perhaps a server "
            f"that still runs); stop it or set {variable} to another port, or 0 for any"
        )
    if error.errno == errno.EACCES:
        return f"{variable} = {address}: not permitted; ports below 1024 need root, choose a higher"
    return (
        f"{variable} = {address}: cannot be listened on ({error.strerror}); choose another"
    )

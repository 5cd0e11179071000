"""Which URLs and addresses may be called: the guard against requests to ourselves.

Anybody who may name a URL could otherwise make this server speak to its own network
(SSRF; security.md T36, F11). The tables are our own because `ipaddress.is_global` calls
several roads to loopback global. IPv6 is a list of what is allowed, IPv4 of what is not.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from webui.sentences import sentence

_MAX_URL = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FIRST_ORDINARY_PORT, _LAST_PORT = 1024, 65535

_URL_TEXT = re.compile(r"[!-\[\]-~]+", re.ASCII)
"""Visible ASCII without the backslash, which browsers and parsers read differently."""
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII)
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)

_CLOSED_4 = {
    IPv4Network(network): what
    for network, what in {
        "0.0.0.0/8": sentence("this host"),
        "10.0.0.0/8": sentence("a private network"),
        "100.64.0.0/10": sentence("a carrier's shared network"),
        "127.0.0.0/8": sentence("this host"),
        "168.63.129.16/32": sentence("a cloud's own services"),
        "169.254.0.0/16": sentence("a link-local network"),
        "172.16.0.0/12": sentence("a private network"),
        "192.0.0.0/24": sentence("a reserved network"),
        "192.0.2.0/24": sentence("a documentation network"),
        "192.88.99.0/24": "a 6to4 relay",
        "192.168.0.0/16": sentence("a private network"),
        "198.18.0.0/15": sentence("a test network"),
        "198.51.100.0/24": sentence("a documentation network"),
        "203.0.113.0/24": sentence("a documentation network"),
        "224.0.0.0/4": sentence("a multicast group"),
        "240.0.0.0/4": sentence("a reserved network"),
    }.items()
}
_OPEN_6 = IPv6Network("2000::/3")
_CLOSED_6 = {
    IPv6Network(network): what
    for network, what in {
        "2001::/23": sentence("a reserved network (Teredo among others)"),
        "2001:db8::/32": sentence("a documentation network"),
        "2002::/16": "a 6to4 tunnel",
        "3ffe::/16": sentence("a reserved network"),
        "3fff::/20": sentence("a documentation network"),
    }.items()
}
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = {0x00005EFE, 0x02005EFE}
"""The middle of an interface id that carries an IPv4 address (RFC 5214)."""


class Undeliverable(Exception):
    """Nothing came back. `permanent`: trying again cannot help; `why`: one sentence."""

    def __init__(self, why: str, *, permanent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.permanent = permanent


@dataclass(frozen=True)
class Target:
    """A URL taken apart, with one spelling for each host."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without its brackets."""
    port: int
    path: str
    """Path and query, as sent in the request line."""

    @property
    def authority(self) -> str:
        """Return the value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class AllowList:
    """What the operator opened by name: networks, and hosts wherever they resolve to."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "AllowList":
        """Read entries like `10.1.0.0/16`, `::1` or `n8n.internal`.

        Raises ValueError with a sentence that names the entry which is none of these.
        """
        networks: list[IPv4Network | IPv6Network] = []
        hosts: set[str] = set()
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError:
                if not _NAME.fullmatch(entry.lower()) or _ends_in_number(entry.lower()):
                    msg = f"{entry!r} is no network (10.1.0.0/16), address or host name."
                    raise ValueError(msg) from None
                hosts.add(entry.lower())
        return cls(tuple(networks), frozenset(hosts))

    def has_address(self, address: IPv4Address | IPv6Address) -> bool:
        """Say whether the address lies in an opened network."""
        return any(address in network for network in self.networks)


def parse_url(url: str) -> Target:
    """Take a URL apart, strictly: what two programs could read differently is refused.

    Raises Undeliverable (permanent).
    """
    if len(url) > _MAX_URL or not _URL_TEXT.fullmatch(url):
        raise _unusable(
            sentence(
                "1 to %(max_url)s visible ASCII characters, no blanks or \\",
                max_url=_MAX_URL,
            )
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _unusable(sentence("an address in brackets must be IPv6")) from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise _unusable(sentence("it must begin with https:// or http://"))
    if "@" in parts.netloc:
        raise _unusable(sentence("no user name or password in it; sign or use a header"))
    match = _AUTHORITY.fullmatch(parts.netloc.lower())
    if match is None:
        raise _unusable(
            sentence("the host must be a name in ASCII (xn--...) or an IP address")
        )
    port = int(match[2]) if match[2] else _DEFAULT_PORTS[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _read_host(match[1]), port, path)


def check_port(target: Target, allowed: AllowList) -> None:
    """Refuse ports of other services: a POST to port 25 can be read as mail.

    Raises Undeliverable (permanent). A host on the allow-list may use any port.
    """
    if not 1 <= target.port <= _LAST_PORT:
        raise _unusable(sentence("the port must be 1 to 65535"))
    ordinary = target.port in {80, 443} or target.port >= _FIRST_ORDINARY_PORT
    if not ordinary and target.host not in allowed.hosts:
        raise _unusable(sentence("of the ports below 1024 only 80 and 443 may be called"))


def check_address(text: str, allowed: AllowList) -> None:
    """Refuse an address that does not belong to the public internet.

    Raises Undeliverable (permanent). The sentence says what kind of address it is but
    never which one: a name's address inside our network is nobody else's business.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise _closed(sentence("no address")) from None
    inner = _embedded(address)
    if allowed.has_address(address) or (inner is not None and allowed.has_address(inner)):
        return
    what = _closed_4(address) if isinstance(address, IPv4Address) else _closed_6(address)
    if what is None and inner is not None:
        what = _closed_4(inner)
    if what is not None:
        raise _closed(what)


def _read_host(text: str) -> str:
    try:
        if text.startswith("["):
            return str(IPv6Address(text[1:-1]))
        if _ends_in_number(text):
            return str(IPv4Address(text))
    except ValueError:
        raise _unusable(sentence("write the IP address in its usual form")) from None
    if not _NAME.fullmatch(text):
        raise _unusable(sentence("the host must be a name like hooks.example.com"))
    return text


def _ends_in_number(host: str) -> bool:
    """Say whether programs may read this host as IPv4: 127.1, 0x7f000001, 2130706433."""
    return bool(_NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]))


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address which may pass leads to.

    Teredo, 6to4 and IPv4-compatible addresses carry one too; they are closed altogether.
    """
    if isinstance(address, IPv4Address):
        return None
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return low if address.ipv4_mapped or address in _NAT64 or isatap else None


def _closed_4(address: IPv4Address) -> str | None:
    return next((what for network, what in _CLOSED_4.items() if address in network), None)


def _closed_6(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return sentence("a link-local network")
    if address.ipv4_mapped or address in _NAT64:
        return None
    if address not in _OPEN_6:
        return sentence("this host or a network of its own")
    return next((what for network, what in _CLOSED_6.items() if address in network), None)


def _unusable(how: str) -> Undeliverable:
    return Undeliverable(
        sentence("This URL cannot be used: %(how)s.", how=how), permanent=True
    )


def _closed(what: str) -> Undeliverable:
    return Undeliverable(
        sentence(
            "The host of this URL leads to %(what)s. An operator can open it by "
            "name: COUNTERSIGN_CALLBACK_ALLOW (of identity providers, "
            "COUNTERSIGN_SSO_ALLOW).",
            what=what,
        ),
        permanent=True,
    )

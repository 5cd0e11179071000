"""Addresses and hosts: the operators `cidr` and `url_host`.

Where two programs could read an address or a URL differently, the answer is "cannot tell".
"""

import re
from collections.abc import Callable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final

from webui.approvals.policy.answers import CANNOT_TELL, Answer, told
from webui.approvals.policy.faults import BadValueError, kind_of
from webui.sentences import sentence

Test = Callable[[Any], Answer]

_URL: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://(?P<host>[^/?#\\@:\[\]%]+)(?::[0-9]{1,5})?(?:[/?#][^\\]*)?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ODD: Final = re.compile(r"[\x00-\x20\x7f]")
_NUMERIC: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_CARRIERS: Final = tuple(
    map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32"))
)
"""Networks whose addresses carry an IPv4 address: mapped, NAT64, 6to4, Teredo."""
_LONGEST: Final = 8_192
_LONGEST_HOST: Final = 253


def cidr(value: Any) -> Test:
    """Return whether an address lies in one of the networks."""
    networks = [
        _network(text, place) for text, place in _texts(value, sentence("a network"))
    ]
    fours = [network for network in networks if isinstance(network, IPv4Network)]
    sixes = [network for network in networks if isinstance(network, IPv6Network)]

    def test(seen: Any) -> Answer:
        address = _address(seen)
        if address is None:
            return CANNOT_TELL
        if isinstance(address, IPv4Address):
            return told(any(address in network for network in fours))
        return told(any(address in network for network in sixes))

    return test


def url_host(value: Any) -> Test:
    """Return whether a URL's host is one of the hosts, or lies below one written `*.`."""
    exact, below = set(), []
    for text, place in _texts(value, sentence("a host")):
        host = text.lower() if text.isascii() else ""
        name = host.removeprefix("*.")
        if not _is_plain(name):
            raise BadValueError(
                sentence(
                    'must be a host such as "api.example.com" or "*.example.com", without '
                    "scheme, port and path."
                ),
                place,
            )
        if name == host:
            exact.add(host)
        else:
            below.append("." + name)
    ends = tuple(below)

    def test(seen: Any) -> Answer:
        host = _host(seen)
        if host is None:
            return CANNOT_TELL
        return told(host in exact or host.endswith(ends))

    return test


def _texts(value: Any, noun: str) -> list[tuple[str, str]]:
    """Return one or several texts, each with its place."""
    if isinstance(value, str):
        return [(value, "")]
    if not isinstance(value, list | tuple) or not value:
        raise BadValueError(
            sentence(
                "must be %(noun)s or a list of them, not %(kind)s.",
                noun=noun,
                kind=kind_of(value),
            )
        )
    for index, text in enumerate(value):
        if not isinstance(text, str):
            raise BadValueError(
                sentence("must be %(noun)s, not %(kind)s.", noun=noun, kind=kind_of(text)),
                f"/{index}",
            )
    return [(text, f"/{index}") for index, text in enumerate(value)]


def _network(text: str, place: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise BadValueError(
            sentence('must be a network such as "10.0.0.0/8": %(error)s.', error=error),
            place,
        ) from None


def _address(seen: Any) -> IPv4Address | IPv6Address | None:
    """Return an address spelt the one usual way; an IPv4 one inside IPv6 and a zone are not."""
    if not isinstance(seen, str) or "%" in seen or (":" in seen and "." in seen):
        return None
    try:
        address = ip_address(seen)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and any(address in each for each in _CARRIERS):
        return None
    return address


def _host(seen: Any) -> str | None:
    """Return the host of a URL that every program reads alike, in lower case."""
    if not isinstance(seen, str) or len(seen) > _LONGEST or _ODD.search(seen):
        return None
    match = _URL.fullmatch(seen)
    if match is None:
        return None
    host = match["host"]
    if not host.isascii():  # before lower(), which turns the Kelvin sign into a k
        return None
    host = host.lower()
    return host if _is_plain(host) else None


def _is_plain(host: str) -> bool:
    """Say whether a host is a name or an IPv4 address, to every program the same one."""
    if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
        return False
    # 0x7f.1 and 2130706433 are 127.0.0.1 to some programs and a name to others
    return not _NUMERIC.fullmatch(host) or _address(host) is not None

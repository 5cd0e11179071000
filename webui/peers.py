"""Addresses of callers: unwrapped, compared with networks, and believed from proxies only."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webui.settings import Network

Peer = IPv4Address | IPv6Address


@lru_cache(maxsize=1024)
def parse_peer(text: str) -> Peer | None:
    """An address as the kernel or a proxy names it, `::ffff:` unwrapped; None if it is none."""
    try:
        peer = ip_address(text.strip())
    except ValueError:
        return None
    mapped = peer.ipv4_mapped if isinstance(peer, IPv6Address) else None
    return mapped or peer


def is_in(peer: Peer, networks: Iterable[Network]) -> bool:
    """Whether any of the networks contains the address."""
    return any(peer.version == net.version and peer in net for net in networks)


def behind_proxies(forwarded_for: str, proxies: Iterable[Network]) -> Peer | None:
    """The nearest address in X-Forwarded-For that is not one of our proxies; None in doubt.

    Read from the right: each proxy appends whom it saw, and what lies further left than the
    first stranger may have been made up by that stranger.
    """
    proxies = tuple(proxies)
    for part in reversed(forwarded_for.split(",")):
        peer = parse_peer(part)
        if peer is None:
            return None
        if not is_in(peer, proxies):
            return peer
    return None

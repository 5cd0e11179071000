"""The dashboard's door: Host allow-list, same-origin changes, and proxies believed by name only.

Runs on the raw WSGI environ before routing, beside (not instead of) the CSRF token: other ports
of localhost count as the same site, so cookies alone prove nothing (spec, details.md E).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webui.peers import behind_proxies, is_in, parse_peer
from webui.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from webui.settings import Network

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
RECEIVERS = "/hooks/"
FORWARDING = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """What the dashboard's listener lets in."""

    hosts: frozenset[str]
    origins: frozenset[str]
    proxies: tuple[Network, ...] = ()


def check(environ: WSGIEnvironment, door: FrontDoor) -> Refusal | None:
    """The first check that fails, or None when the request may be routed."""
    if environ.get("HTTP_HOST") not in door.hosts:
        return _WRONG_HOST
    path = environ.get("PATH_INFO", "")
    if path == "/api" or path.startswith("/api/"):
        return _NO_API
    if environ["REQUEST_METHOD"] in SAFE_METHODS or path.startswith(RECEIVERS):
        return None
    return None if _is_same_origin(environ, door) else _CROSS_ORIGIN


def guarded(application: WSGIApplication, door: FrontDoor) -> WSGIApplication:
    """Put the door before the dashboard."""

    def guard(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        refusal = check(environ, door)
        if refusal is not None:
            return refusal.respond(environ, start_response)
        take_forwarding(environ, door.proxies)
        return application(environ, start_response)

    return guard


def take_forwarding(environ: WSGIEnvironment, proxies: tuple[Network, ...]) -> None:
    """Replace peer and scheme by what a trusted proxy says; from anyone else, forget it."""
    peer = parse_peer(environ.get("REMOTE_ADDR", ""))
    if peer is not None and is_in(peer, proxies):
        client = behind_proxies(environ.get("HTTP_X_FORWARDED_FOR", ""), proxies)
        if client is not None:
            environ["REMOTE_ADDR"] = str(client)
        scheme = environ.get("HTTP_X_FORWARDED_PROTO")
        if scheme in {"http", "https"}:
            environ["wsgi.url_scheme"] = scheme
    for name in FORWARDING:
        environ.pop(name, None)


def _is_same_origin(environ: WSGIEnvironment, door: FrontDoor) -> bool:
    """Whether a page of ours made this request; without any evidence, no.

    Browsers send `Origin: null` with forms of pages whose referrer policy is no-referrer; then
    Sec-Fetch-Site, which no script can set, decides. A sandboxed frame's is cross-site.
    """
    origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None and site != "same-origin":
        return False
    if origin is None or origin == "null":
        return site is not None
    return origin in door.origins


_WRONG_HOST = Refusal(
    421,
    "wrong_host",
    "open the dashboard by its own address; if this one is right, set COUNTERSIGN_PUBLIC_URL to it",
)
_NO_API = Refusal(404, "not_found", "the API is served on the agents' listener")
_CROSS_ORIGIN = Refusal(
    403,
    "cross_origin",
    "this change did not come from a page of this dashboard; use its own form",
)

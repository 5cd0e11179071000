"""The agents' door: what is asked of every request before routing and before its body is read.

Spec, details.md E, checks 1 to 7 and the query string of 8, in that order, on the raw WSGI
environ. Browsers, proxies and other machines are refused here whatever key they carry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus, urlsplit

from webui.peers import behind_proxies, is_in, parse_peer
from webui.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from webui.peers import Peer
    from webui.settings import Network

FORWARDING = frozenset(
    {
        "HTTP_FORWARDED",
        "HTTP_X_REAL_IP",
        "HTTP_VIA",
        "HTTP_X_ORIGINAL_URL",
        "HTTP_X_REWRITE_URL",
        "HTTP_CF_CONNECTING_IP",
        "HTTP_TRUE_CLIENT_IP",
    }
)
FORWARDING_PREFIX = "HTTP_X_FORWARDED_"
METHODS = (("Allow", "GET, POST"),)
MAX_LENGTH_DIGITS = 7
JSON_TYPE = re.compile(
    r'application/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?', re.IGNORECASE
)
KEY = re.compile(r"cs[kp]_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}")
"""The exact form: what follows a key in a query is not part of it (spec, details.md E)."""


@dataclass(frozen=True, slots=True)
class Door:
    """What the agents' listener lets in; the fields below `body_bytes` are for remote mode."""

    hosts: frozenset[str]
    body_bytes: int
    allow_remote: bool = False
    peers: tuple[Network, ...] = ()
    proxies: tuple[Network, ...] = field(default=())


def check(environ: WSGIEnvironment, door: Door) -> Refusal | None:
    """The first check that fails, or None when the request may be routed."""
    return (
        _peer(environ, door)
        or _host(environ, door)
        or _forwarding(environ, door)
        or _browser(environ)
        or _method(environ)
        or _body(environ, door)
    )


def guarded(
    application: WSGIApplication, door: Door, on_leaked_key: Callable[[str], None]
) -> WSGIApplication:
    """Put the door before an application; `on_leaked_key` must revoke the key it is given."""

    def guard(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        refusal = check(environ, door)
        if refusal is None:
            leaked = leaked_keys(environ)
            for key in leaked:
                on_leaked_key(key)
            refusal = _KEY_IN_URL if leaked else None
        if refusal is None:
            return application(environ, start_response)
        return refusal.respond(environ, start_response)

    return guard


def leaked_keys(environ: WSGIEnvironment) -> list[str]:
    """Keys in the query string, where proxies, histories and logs keep them."""
    query = environ.get("QUERY_STRING", "")
    return KEY.findall(unquote_plus(query)) if query else []


def _peer(environ: WSGIEnvironment, door: Door) -> Refusal | None:
    peer = parse_peer(environ.get("REMOTE_ADDR", ""))
    if peer is None:
        return _NOT_LOCAL
    if not door.allow_remote:
        return None if peer.is_loopback else _NOT_LOCAL
    forwarded_for = environ.get("HTTP_X_FORWARDED_FOR")
    if forwarded_for is not None and is_in(peer, door.proxies):
        agent = behind_proxies(forwarded_for, door.proxies)
        return None if agent and _is_known(agent, door) else _NOT_A_PEER
    return None if _is_known(peer, door) else _NOT_A_PEER


def _is_known(peer: Peer, door: Door) -> bool:
    return not door.peers or is_in(peer, door.peers)


def _host(environ: WSGIEnvironment, door: Door) -> Refusal | None:
    if environ.get("HTTP_HOST") not in door.hosts:
        return _WRONG_HOST
    # RFC 9112, 3.2.2: an absolute-form target must be accepted; it may not name another host.
    target = environ.get("RAW_URI", "/")
    if not target.startswith("/") and urlsplit(target).netloc not in door.hosts:
        return _WRONG_HOST
    return None


def _forwarding(environ: WSGIEnvironment, door: Door) -> Refusal | None:
    if not any(
        name in FORWARDING or name.startswith(FORWARDING_PREFIX) for name in environ
    ):
        return None
    peer = parse_peer(environ.get("REMOTE_ADDR", ""))
    trusted = door.allow_remote and peer is not None and is_in(peer, door.proxies)
    return None if trusted else _FORWARDED


def _browser(environ: WSGIEnvironment) -> Refusal | None:
    if "HTTP_ORIGIN" in environ or environ.get("HTTP_SEC_FETCH_SITE", "none") != "none":
        return _FROM_BROWSER
    return _COOKIE if "HTTP_COOKIE" in environ else None


def _method(environ: WSGIEnvironment) -> Refusal | None:
    return None if environ["REQUEST_METHOD"] in {"GET", "POST"} else _METHOD


def _body(environ: WSGIEnvironment, door: Door) -> Refusal | None:
    length = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ:
        return _NO_LENGTH
    if environ["REQUEST_METHOD"] == "GET":
        return _GET_BODY if length.lstrip("0") else None
    if "HTTP_CONTENT_ENCODING" in environ:
        return _ENCODED
    return _length(length, door) or _media_type(environ, length)


def _length(length: str, door: Door) -> Refusal | None:
    if not (length.isascii() and length.isdigit()):
        return _NO_LENGTH
    if len(length) <= MAX_LENGTH_DIGITS and int(length) <= door.body_bytes:
        return None
    detail = f"the body is limited to {door.body_bytes} bytes; shorten the arguments"
    return Refusal(413, "too_large", detail)


def _media_type(environ: WSGIEnvironment, length: str) -> Refusal | None:
    fine = not int(length) or JSON_TYPE.fullmatch(environ.get("CONTENT_TYPE", ""))
    return None if fine else _NOT_JSON


_NOT_LOCAL = Refusal(
    403,
    "not_local",
    "the agents' API answers this machine only; call it from where it runs",
)
_NOT_A_PEER = Refusal(
    403,
    "not_local",
    "this address is not in COUNTERSIGN_AGENT_PEERS; ask the operator to add it",
)
_WRONG_HOST = Refusal(
    421,
    "wrong_host",
    "call the API as 127.0.0.1, localhost or [::1] with its port, unaltered",
)
_FORWARDED = Refusal(
    400, "forwarded", "forwarding headers are not accepted; call the API without a proxy"
)
_FROM_BROWSER = Refusal(
    403,
    "from_browser",
    "browsers may not call the agents' API; send no Origin, no Sec-Fetch-Site",
)
_COOKIE = Refusal(
    400, "cookie", "send no Cookie; the agents' API knows only Authorization: Bearer"
)
_METHOD = Refusal(405, "method_not_allowed", "use GET or POST", METHODS)
_NO_LENGTH = Refusal(
    411,
    "length_required",
    "send the body in one piece with Content-Length, 0 if there is none",
)
_GET_BODY = Refusal(400, "body_not_allowed", "send no body with GET")
_ENCODED = Refusal(
    415, "content_encoding", "send the body uncompressed, without Content-Encoding"
)
_NOT_JSON = Refusal(
    415, "not_json", "send Content-Type: application/json, with at most charset=utf-8"
)
_KEY_IN_URL = Refusal(
    400,
    "key_in_url",
    "a key was sent in the URL, where logs keep it: it is now revoked; make a new one and send "
    "it only as Authorization: Bearer",
)

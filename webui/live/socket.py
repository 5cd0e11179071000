"""The endpoint `/ws`: every check comes before the upgrade (spec, details.md F).

flask-sock answers 101 before its handler runs, so the checks are a `before_request`. After the
upgrade the connection is handed to `Sockets` and the greenlet that served it ends.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from flask_sock import Sock

from webui.refusals import Refusal

if TYPE_CHECKING:
    from simple_websocket import Server

    from webui.live.sockets import Sockets
    from webui.live.tickets import Tickets

PATH = "/ws"
MAX_EPOCH = 200
MAX_SEQ_DIGITS = 16
KEY_BYTES = 16
EXTENSIONS = "HTTP_SEC_WEBSOCKET_EXTENSIONS"


class _NoReader:
    """Takes the place of simple-websocket's reading thread: `Connection` reads instead."""

    name = "no reader"

    def __init__(self, target: object) -> None:
        del target

    def start(self) -> None:
        """Read nothing."""


def register(
    app: Flask,
    sockets: Sockets,
    tickets: Tickets,
    hosts: frozenset[str],
    origins: frozenset[str],
) -> None:
    """Add `GET /ws?t=TICKET&since=SEQ&epoch=EPOCH` to the dashboard.

    Call it after the `before_request` that loads the session, since `Feed.viewer` needs it.
    """
    app.config["SOCK_SERVER_OPTIONS"] = {
        "thread_class": _NoReader,
        "max_message_size": 1024,
    }

    def check() -> Response | None:
        if request.path != PATH:
            return None
        refusal = _handshake(hosts, origins) or _admission(sockets, tickets)
        if refusal is None:
            # Compression would take four times the memory of everything else of a socket.
            request.environ.pop(EXTENSIONS, None)
            return None
        body = refusal.body(request.path)
        return Response(body, refusal.status, refusal.all_headers())

    app.before_request(check)

    def live(upgraded: Server) -> None:
        sockets.join(
            upgraded.sock.fileno(), g.viewer, _since(), request.args.get("epoch", "")
        )
        # The descriptor lives on as a duplicate; flask-sock must not send a close frame on it.
        upgraded.connected = False

    Sock(app).route(PATH)(live)


def _handshake(hosts: frozenset[str], origins: frozenset[str]) -> Refusal | None:
    """Whether it is a WebSocket handshake, made by a page of ours (RFC 6455, 4.2.1)."""
    header = request.headers
    tokens = {token.strip().lower() for token in header.get("Connection", "").split(",")}
    upgrades = header.get("Upgrade", "").lower() == "websocket" and "upgrade" in tokens
    http_1_1 = request.environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    ours = header.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    checks = (
        (request.method == "GET" and http_1_1, _NOT_GET),
        (upgrades, _NOT_UPGRADE),
        (header.get("Sec-WebSocket-Version") == "13", _VERSION),
        (_is_key(header.get("Sec-WebSocket-Key", "")), _KEY),
        (header.get("Host") in hosts, _HOST),
        (header.get("Origin") in origins and ours, _ORIGIN),
    )
    return next((refusal for fine, refusal in checks if not fine), None)


def _admission(sockets: Sockets, tickets: Tickets) -> Refusal | None:
    """Whether somebody is signed in, just asked for this socket, and there is room."""
    args = request.args
    since, epoch = args.get("since", ""), args.get("epoch", "")
    known = set(args) <= {"t", "since", "epoch"} and all(
        len(args.getlist(a)) == 1 for a in args
    )
    if not known or len(epoch) > MAX_EPOCH or not _is_seq(since):
        return Refusal(
            400, "bad_parameters", "give t, since (a number) and epoch, once each"
        )
    viewer = sockets.feed.viewer()
    if viewer is None:
        return Refusal(401, "signed_out", "sign in again")
    if not sockets.has_room(viewer.session_id):
        detail = "too many live connections; the page polls until there is room"
        return Refusal(503, "too_many_sockets", detail, (("Retry-After", "10"),))
    if not tickets.redeem(args.get("t", ""), viewer.session_id):
        return Refusal(
            403, "bad_ticket", "fetch a new ticket by POST /ws/ticket for each try"
        )
    g.viewer = viewer
    return None


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _is_seq(value: str) -> bool:
    return not value or (
        value.isascii() and value.isdigit() and len(value) <= MAX_SEQ_DIGITS
    )


def _since() -> int | None:
    value = request.args.get("since", "")
    return int(value) if value else None


_UPGRADE = (("Sec-WebSocket-Version", "13"), ("Upgrade", "websocket"))
_NOT_GET = Refusal(
    405, "not_a_handshake", "open it with GET and HTTP/1.1", (("Allow", "GET"),)
)
_NOT_UPGRADE = Refusal(426, "not_a_handshake", "this address is a WebSocket", _UPGRADE)
_VERSION = Refusal(426, "unsupported_version", "use WebSocket version 13", _UPGRADE)
_KEY = Refusal(400, "bad_key", "Sec-WebSocket-Key must be 16 bytes in base64")
_HOST = Refusal(421, "wrong_host", "open the dashboard by its own address")
_ORIGIN = Refusal(403, "wrong_origin", "only pages of this dashboard may open the socket")

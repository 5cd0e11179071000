"""What travels over a live socket: thin events one way, acknowledgements the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from webui.live import frames

if TYPE_CHECKING:
    from webui.live.bus import Wake


class Message(NamedTuple):
    """One event as it is sent, with its place in the org's log."""

    seq: int
    frame: bytes


def message(wake: Wake) -> Message:
    """The thin event a browser gets; it fetches what it may see by an ordinary request."""
    body = {"seq": wake.seq, "type": wake.type, "id": wake.approval_id}
    encoded = json.dumps(body, separators=(",", ":")).encode()
    return Message(wake.seq, frames.encode(frames.TEXT, encoded))


def resync(head: int, epoch: str) -> bytes:
    """The frame that makes a page load its list anew, and go on from `head`."""
    body = json.dumps({"resync": True, "head": head, "epoch": epoch}, separators=(",", ":"))
    return frames.encode(frames.TEXT, body.encode())


def is_ack(payload: bytes) -> bool:
    """Whether it is `{"ack": n}` and nothing else: the socket carries no commands."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.keys() == {"ack"} and type(body["ack"]) is int

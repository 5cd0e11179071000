"""The few WebSocket frames a push-only server needs (RFC 6455, section 5).

A frame is encoded once and its bytes are sent to every socket. Browsers may send only short
text messages, so the reader below keeps at most one small frame and refuses everything else.
"""

from __future__ import annotations

from typing import NamedTuple

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MAX_CLIENT_PAYLOAD = 256
PING_FRAME = bytes((0x80 | PING, 0))

CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_PROTOCOL_ERROR = 1002
CLOSE_POLICY = 1008
CLOSE_RESTART = 1012
CLOSE_SESSION_ENDED = 4401
CLOSE_TOO_SLOW = 4008

_LENGTH_16 = 126
_FRAME_FIN = 0x80
_MASKED = 0x80
_SHORT = 125


class FrameError(Exception):
    """The client broke the protocol; `code` is the close code that says how."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class Frame(NamedTuple):
    """One complete frame from a client, unmasked."""

    opcode: int
    payload: bytes


def encode(opcode: int, payload: bytes) -> bytes:
    """One final, unmasked frame; payloads up to 65,535 bytes."""
    if len(payload) <= _SHORT:
        return bytes((_FRAME_FIN | opcode, len(payload))) + payload
    return (
        bytes((_FRAME_FIN | opcode, _LENGTH_16)) + len(payload).to_bytes(2, "big") + payload
    )


def close(code: int, reason: str) -> bytes:
    """A close frame; `reason` is shown in the browser's developer tools, at most 123 bytes."""
    return encode(CLOSE, code.to_bytes(2, "big") + reason.encode())


def read(buffer: bytearray) -> Frame | None:
    """Take one complete frame off the front of `buffer`; None when more bytes are needed.

    Raises FrameError for what a browser on our page never sends.
    """
    if len(buffer) < 2:  # noqa: PLR2004 - the two fixed header bytes
        return None
    first, second = buffer[0], buffer[1]
    opcode = first & 0x0F
    if first & 0x70 or not second & _MASKED:
        raise FrameError(CLOSE_PROTOCOL_ERROR, "reserved bits set or frame not masked")
    if not first & _FRAME_FIN or opcode not in {TEXT, CLOSE, PING, PONG}:
        raise FrameError(CLOSE_POLICY, "only short, whole text messages are accepted")
    length, start = second & 0x7F, 2
    if length == _LENGTH_16 and opcode == TEXT:
        if len(buffer) < 4:  # noqa: PLR2004 - header with a 16-bit length
            return None
        length, start = int.from_bytes(buffer[2:4], "big"), 4
    elif length > _SHORT:
        raise FrameError(CLOSE_POLICY, "message too long")
    if length > MAX_CLIENT_PAYLOAD:
        raise FrameError(CLOSE_POLICY, "message too long")
    end = start + 4 + length
    if len(buffer) < end:
        return None
    mask, payload = buffer[start : start + 4], buffer[start + 4 : end]
    del buffer[:end]
    return Frame(opcode, bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload)))

"""Frames as RFC 6455 writes them, and everything else refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.live import frames

MASK = b"\x37\xfa\x21\x3d"


def masked(first: int, payload: bytes) -> bytes:
    body = bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))
    length = len(payload)
    head = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    return bytes([first]) + head + MASK + body


def test_the_examples_of_the_rfc() -> None:
    # RFC 6455, 5.7: an unmasked and a masked "Hello", and a ping.
    assert frames.encode(frames.TEXT, b"Hello") == bytes.fromhex("810548656c6c6f")
    buffer = bytearray.fromhex("818537fa213d7f9f4d5158")
    assert frames.read(buffer) == (frames.TEXT, b"Hello")
    assert buffer == b""
    assert frames.encode(frames.TEXT, b"x" * 256)[:4] == bytes.fromhex("817e0100")


@given(st.lists(st.binary(max_size=256), max_size=5), st.integers(1, 7))
def test_frames_arrive_whole_however_they_are_cut(payloads: list[bytes], step: int) -> None:
    wire = b"".join(masked(0x81, payload) for payload in payloads)
    buffer, got = bytearray(), []
    for start in range(0, len(wire), step):
        buffer += wire[start : start + step]
        while (frame := frames.read(buffer)) is not None:
            got.append(frame.payload)
    assert got == payloads
    assert not buffer


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (bytes.fromhex("810548656c6c6f"), 1002),  # not masked
        (masked(0xC1, b"x"), 1002),  # compressed, which was not negotiated
        (masked(0x01, b"x"), 1008),  # a fragment
        (masked(0x80, b"x"), 1008),  # the rest of one
        (masked(0x82, b"x"), 1008),  # binary
        (masked(0x83, b"x"), 1008),  # a reserved opcode
        (masked(0x81, b"x" * 257), 1008),
        (masked(0x89, b"x" * 126), 1008),  # a control frame is at most 125
        (b"\x81\xff" + (2**62).to_bytes(8, "big"), 1008),
    ],
)
def test_what_a_browser_never_sends_is_refused(wire: bytes, code: int) -> None:
    with pytest.raises(frames.FrameError) as caught:
        frames.read(bytearray(wire))
    assert caught.value.code == code


@given(st.binary(max_size=600))
def test_garbage_is_a_frame_or_an_error_and_never_grows(wire: bytes) -> None:
    buffer = bytearray(wire)
    try:
        while frames.read(buffer) is not None:
            pass
    except frames.FrameError:
        return
    assert len(buffer) < 4 + 4 + frames.MAX_CLIENT_PAYLOAD

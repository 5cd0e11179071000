"""The chain: how one event becomes a row that holds on to the row before it.

Pure: the head goes in, the row and the next head come out; the caller keeps both in one
transaction. Specification: details.md, section B.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

from webui.approvals.call.canonical import canonical
from webui.audit import merkle

GENESIS: Final = "0" * 64
"""What the first row names as the row before it."""

NONCE_BYTES: Final = 16
_LATEST: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z; RFC 3339 has four digits
_ROW: Final = b"audit-row-v1\x00"
_PAYLOAD: Final = b"audit-payload-v1\x00"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many rows, the last row's hash, its time, the Merkle frontier.

    `row_hash` is 32 bytes, `at` ms since the epoch (no later row is earlier), `frontier`
    what `merkle.append` returned last.
    """

    seq: int
    row_hash: bytes
    at: int
    frontier: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One link: `entry` is canonical JSON and hashed; `nonce` and `payload` can be erased."""

    seq: int
    entry: bytes
    row_hash: bytes
    nonce: bytes
    payload: bytes
    at: int


EMPTY_HEAD: Final = Head(seq=0, row_hash=bytes(32), at=0, frontier=merkle.EMPTY)


def append(
    head: Head,
    *,
    org: str,
    at: int,
    actor: str,
    action: str,
    subject: str,
    payload: Mapping[str, Any],
    nonce: bytes,
) -> tuple[Row, Head]:
    """Return the row that follows `head`, and the head after it.

    `at` is in ms since the epoch; a clock that went back does not take the log with it: the
    row then has the time of the row before. `nonce` is 16 random bytes, fresh for each row:
    it keeps an erased payload from being guessed. Raises ValueError for a nonce of another
    length, a time beyond the year 9999, or half a surrogate pair in a text;
    `canonical.Unreadable` for a payload that is not JSON.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(
            f"nonce has {len(nonce)} bytes. Make it {NONCE_BYTES} random ones."
        )
    at = max(at, head.at)
    seq = head.seq + 1
    written = canonical(dict(payload))
    # The canonical form of an object whose names never change, in the order RFC 8785 sorts
    # them; writing it out is several times faster than sorting, and a test compares both.
    entry = (
        f'{{"action":{_quoted(action)},"actor":{_quoted(actor)},"at":"{rfc3339(at)}",'
        f'"org":{_quoted(org)},"payload":"{commitment(nonce, written)}",'
        f'"prev_hash":"{head.row_hash.hex()}","seq":{seq},"subject":{_quoted(subject)},'
        f'"v":1}}'
    ).encode()
    row_hash = hash_row(entry)
    frontier = merkle.append(head.frontier, head.seq, merkle.leaf(entry))
    return Row(seq, entry, row_hash, nonce, written, at), Head(seq, row_hash, at, frontier)


def hash_row(entry: bytes) -> bytes:
    """Return the hash of a row's entry, 32 bytes: what the next row holds on to."""
    return sha256(_ROW + entry).digest()


def commitment(nonce: bytes, payload: bytes) -> str:
    """Return the hex hash that stays in the entry when the payload is erased."""
    return sha256(_PAYLOAD + nonce + payload).hexdigest()


def rfc3339(at: int) -> str:
    """Return ms since the epoch as `2026-01-31T09:05:00.123Z`. Raises ValueError beyond 9999."""
    if not 0 <= at <= _LATEST:
        raise ValueError(f"the time {at} is not between 1970 and 9999. Set the clock.")
    seconds, ms = divmod(at, 1000)
    return f"{_second(seconds)}.{ms:03d}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """Return a whole second as text. Cached: a busy second has thousands of rows."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")

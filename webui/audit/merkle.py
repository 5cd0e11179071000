"""The Merkle tree over a log's entries (RFC 6962, section 2.1), kept as its frontier alone.

The frontier of a tree of `size` leaves is the hashes of its complete subtrees, the largest
first: one for each bit set in `size`, at most 64, written one after the other. That is
enough to add a leaf and to know the root, whatever the length of the log.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

EMPTY: Final = b""
_HASH_BYTES: Final = 32


def leaf(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def append(frontier: bytes, size: int, leaf_hash: bytes) -> bytes:
    """Return the frontier of `size` + 1 leaves out of the frontier of `size` leaves.

    Raises ValueError when `frontier` is not one of a tree of `size` leaves.
    """
    _check(frontier, size)
    end = len(frontier)
    # As in binary addition: each complete subtree of the same height is a carry.
    while size & 1:
        leaf_hash = _node(frontier[end - _HASH_BYTES : end], leaf_hash)
        end -= _HASH_BYTES
        size >>= 1
    return frontier[:end] + leaf_hash


def grow(frontier: bytes, size: int, entries: Iterable[bytes]) -> tuple[bytes, int]:
    """Append every entry; return the new frontier and size. Raises ValueError as `append`."""
    for entry in entries:
        frontier = append(frontier, size, leaf(entry))
        size += 1
    return frontier, size


def root(frontier: bytes, size: int) -> bytes:
    """Return the root, 32 bytes; that of no leaves is SHA-256 of nothing (RFC 6962).

    Raises ValueError when `frontier` is not one of a tree of `size` leaves.
    """
    _check(frontier, size)
    if not size:
        return sha256().digest()
    end = len(frontier) - _HASH_BYTES
    top = frontier[end:]
    while end:
        top = _node(frontier[end - _HASH_BYTES : end], top)
        end -= _HASH_BYTES
    return top


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _check(frontier: bytes, size: int) -> None:
    if len(frontier) != size.bit_count() * _HASH_BYTES:
        raise ValueError(
            f"a frontier of {len(frontier)} bytes does not belong to a log of {size} rows: "
            f"the head of the log is damaged. Restore it, or run `countersign audit verify`."
        )

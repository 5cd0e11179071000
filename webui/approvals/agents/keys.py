"""The form of keys and tokens: a prefix, a public id, 256 random bits, a checksum.

`csk_<id>_<secret><crc32>` for agents, `csp_...` for people. The checksum lets scanners and
typing errors be told from guesses without a look at the database; it protects nothing.
"""

import hashlib
import secrets
import zlib
from dataclasses import dataclass

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH = 43
_CRC_LENGTH = 6
_ID_LENGTH = 12
AGENT = "csk"
PERSONAL = "csp"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown once, and what is kept of it."""

    id: str
    text: str
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key as it came with a request, well-formed but not yet checked."""

    prefix: str
    id: str
    secret_hash: bytes


def make_key(prefix: str) -> NewKey:
    """Make a new key of 256 random bits."""
    key_id = "".join(secrets.choice(_DIGITS) for _ in range(_ID_LENGTH))
    secret = _base62(int.from_bytes(secrets.token_bytes(32)), _SECRET_LENGTH)
    stem = f"{prefix}_{key_id}_{secret}"
    return NewKey(key_id, stem + _checksum(stem), hash_of(secret))


def read_key(text: str) -> PresentedKey | None:
    """Take a presented key apart, or return none if it is not of the form."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] not in {AGENT, PERSONAL}:  # noqa: PLR2004 - prefix, id, secret
        return None
    prefix, key_id, rest = parts
    if len(key_id) != _ID_LENGTH or len(rest) != _SECRET_LENGTH + _CRC_LENGTH:
        return None
    if not rest.isascii() or _checksum(text[:-_CRC_LENGTH]) != text[-_CRC_LENGTH:]:
        return None
    return PresentedKey(prefix, key_id, hash_of(rest[:_SECRET_LENGTH]))


def hash_of(secret: str) -> bytes:
    """Return what is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def _checksum(stem: str) -> str:
    return _base62(zlib.crc32(stem.encode()), _CRC_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))

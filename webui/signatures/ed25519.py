"""Ed25519 in one header, in hex, over the time and the body: how Discord signs.

Source: docs.discord.com, "Interactions: security and authorization"; RFC 8032 for the scheme.
"""

from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from webui.sentences import sentence
from webui.signatures.errors import MISMATCH, BadSecret, Flaw, NotSigned, missing

_SIGNATURE_BYTES: Final = 64
_KEY_BYTES: Final = 32


def nobodys_key() -> str:
    """Return a public key in hex whose private one nobody has: it believes nothing."""
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()


def read_key(text: str) -> Ed25519PublicKey:
    """Return the public key that a text spells in hex; raises BadSecret."""
    raw = _hex(text, _KEY_BYTES)
    if raw is None:
        raise BadSecret(
            sentence("The public key must be 64 hexadecimal digits in lower case.")
        )
    return Ed25519PublicKey.from_public_bytes(raw)


def verify(
    keys: Sequence[str], header: str | None, content: bytes, *, named: str = "signature"
) -> None:
    """Check a signature against every key that is valid now.

    Raises NotSigned unless one matches, and BadSecret if a key cannot be used.
    """
    if not keys:
        raise BadSecret(sentence("There is no key to verify with."))
    readable = [read_key(key) for key in keys]
    if not header:
        raise NotSigned(Flaw.MISSING, missing(named))
    signature = _hex(header, _SIGNATURE_BYTES)
    if signature is None:
        raise NotSigned(
            Flaw.MALFORMED,
            sentence(
                "The header %(named)s must be 128 hexadecimal digits in lower case.",
                named=named,
            ),
        )
    if not any(_matches(key, signature, content) for key in readable):
        raise NotSigned(Flaw.NO_MATCH, MISMATCH)


def _matches(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _hex(text: str, length: int) -> bytes | None:
    """Return the bytes that a text spells in its one right way; None if it does not."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if len(raw) == length and raw.hex() == text else None

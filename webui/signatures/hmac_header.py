"""A keyed digest in one header, the way most gateways sign, both ways.

The digest covers either the body alone or `timestamp.body`. SHA-1 is not offered: a
sender that knows nothing better cannot be told from a forger for long.
"""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from webui.sentences import sentence
from webui.signatures.errors import MISMATCH, BadSecret, Flaw, NotSigned, missing

MIN_SECRET = 16
"""Fewest characters of a secret."""

_DIGEST_BYTES = {"sha256": 32, "sha512": 64}


@dataclass(frozen=True)
class Scheme:
    """How the digest is made and written, as `prefix` + hex or base64."""

    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Literal["sha256", "sha512"] = "sha256"


def check_secret(secret: str) -> None:
    """Raise BadSecret unless the secret is long enough to be worth anything."""
    if len(secret) < MIN_SECRET:
        raise BadSecret(
            sentence(
                "The secret needs at least %(min_secret)s characters.",
                min_secret=MIN_SECRET,
            )
        )


def timestamped(timestamp: str, body: bytes) -> bytes:
    """Return the signed content of `timestamp.body`; the timestamp as in its header."""
    return timestamp.encode() + b"." + body


def sign(scheme: Scheme, secret: str, content: bytes) -> str:
    """Return the value of the signature header for this content; raises BadSecret."""
    return scheme.prefix + _encode(scheme, _digest(scheme, secret, content))


def verify(
    scheme: Scheme,
    secrets: Sequence[str],
    header: str | None,
    content: bytes,
    *,
    named: str = "signature",
) -> None:
    """Check the header's value against every secret that is valid now; `named` is its name.

    Raises NotSigned unless one matches, and BadSecret if a secret cannot be used.
    """
    if not secrets:
        raise BadSecret(sentence("There is no secret to verify with."))
    if not header:
        raise NotSigned(Flaw.MISSING, missing(named))
    presented = _decode(scheme, header, named)
    expected = [_digest(scheme, one, content) for one in secrets]
    # no early end: the time taken must not tell which secret was near
    matches = [hmac.compare_digest(one, presented) for one in expected]
    if not any(matches):
        raise NotSigned(Flaw.NO_MATCH, MISMATCH)


def _digest(scheme: Scheme, secret: str, content: bytes) -> bytes:
    check_secret(secret)
    return hmac.digest(secret.encode(), content, scheme.algorithm)


def _encode(scheme: Scheme, digest: bytes) -> str:
    return digest.hex() if scheme.encoding == "hex" else base64.b64encode(digest).decode()


def _decode(scheme: Scheme, header: str, named: str) -> bytes:
    text = header.removeprefix(scheme.prefix)
    try:
        if scheme.encoding == "hex":
            digest = bytes.fromhex(text)
        else:
            digest = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        digest = b""
    # re-encoding refuses every second spelling: capitals, blanks, spare bits, no prefix
    right_length = len(digest) == _DIGEST_BYTES[scheme.algorithm]
    if not right_length or scheme.prefix + _encode(scheme, digest) != header:
        raise NotSigned(
            Flaw.MALFORMED,
            sentence(
                "The header %(named)s must be %(prefix)s and the %(algorithm)s digest "
                "in %(encoding)s (lower case).",
                named=named,
                prefix=f"{scheme.prefix!r}",
                algorithm=scheme.algorithm,
                encoding=scheme.encoding,
            ),
        )
    return digest

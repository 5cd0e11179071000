"""A signature that carries its own time: `t=<seconds>,v1=<hex HMAC-SHA256 of "<t>.body">`."""

import hmac
import re
from collections.abc import Sequence

from webui.sentences import sentence
from webui.signatures.errors import MISMATCH, BadSecret, Flaw, NotSigned, missing
from webui.signatures.freshness import TOLERANCE_MS, read_timestamp

MIN_SECRET = 32
"""Fewest bytes of a secret."""
_HEADER = re.compile(r"t=([1-9][0-9]{0,11}),v1=([0-9a-f]{64})", re.ASCII)


def check_secret(secret: str) -> None:
    """Raise BadSecret unless the secret is long enough to be worth anything."""
    if len(secret.encode()) < MIN_SECRET:
        raise BadSecret(
            sentence(
                "The secret needs at least %(min_secret)s bytes.", min_secret=MIN_SECRET
            )
        )


def sign(secret: str, body: bytes, *, now: int) -> str:
    """Return the value of the header for a body that is sent at `now` (ms)."""
    stamp = str(now // 1000)
    return f"t={stamp},v1={_digest(secret, stamp, body).hex()}"


def verify(
    secrets: Sequence[str],
    header: str | None,
    body: bytes,
    *,
    now: int,
    tolerance_ms: int = TOLERANCE_MS,
    named: str = "signature",
) -> int:
    """Return when it was signed, in ms.

    Raises NotSigned unless one of the secrets that are valid now made it, not long ago, and
    BadSecret if a secret cannot be used.
    """
    if not secrets:
        raise BadSecret(sentence("There is no secret to verify with."))
    if not header:
        raise NotSigned(Flaw.MISSING, missing(named))
    read = _HEADER.fullmatch(header)
    if read is None:
        raise NotSigned(
            Flaw.MALFORMED,
            sentence(
                "The header %(named)s must be t=, the seconds since 1970, a comma, v1= "
                "and the SHA-256 digest in lower-case hex.",
                named=named,
            ),
        )
    signed_at = read_timestamp(read[1], now=now, tolerance_ms=tolerance_ms, header=named)
    presented = bytes.fromhex(read[2])
    expected = [_digest(one, read[1], body) for one in secrets]
    # no early end: the time taken must not tell which secret was near
    matches = [hmac.compare_digest(one, presented) for one in expected]
    if not any(matches):
        raise NotSigned(Flaw.NO_MATCH, MISMATCH)
    return signed_at


def _digest(secret: str, stamp: str, body: bytes) -> bytes:
    check_secret(secret)
    return hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256")

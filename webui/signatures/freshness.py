"""The signed time of a message: old ones are replays, future ones are a wrong clock."""

import re

from webui.signatures.errors import Flaw, NotSigned

TOLERANCE_MS = 5 * 60 * 1000
"""How far sender's and receiver's clocks may differ (Standard Webhooks: 5 minutes)."""

# plain digits only: int() and float() would also read " 1", "1_0" and "1e9"
_SECONDS = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_UNITS = (
    (86_400_000, "days"),
    (3_600_000, "hours"),
    (60_000, "minutes"),
    (1_000, "seconds"),
)


def read_timestamp(
    text: str | None, *, now: int, tolerance_ms: int, header: str = "timestamp"
) -> int:
    """Return the time in a header of whole seconds since the epoch, in ms.

    `now` is ms, `header` its name for people. Raises NotSigned if the header is missing, is no such number, or lies
    more than `tolerance_ms` from now, in either direction.
    """
    if text is None:
        raise NotSigned(
            Flaw.MISSING,
            f"The header {header} is missing: it says when the message was signed.",
        )
    if not _SECONDS.fullmatch(text):
        raise NotSigned(
            Flaw.MALFORMED, f"The header {header} must be whole seconds since 1970."
        )
    signed_at = int(text) * 1000
    if signed_at < now - tolerance_ms:
        raise NotSigned(
            Flaw.TOO_OLD,
            f"It was signed more than {_far(now - signed_at)} ago by this desk's clock; "
            f"{_far(tolerance_ms)} are allowed: set the sender's clock, or sign and send anew.",
        )
    if signed_at > now + tolerance_ms:
        raise NotSigned(
            Flaw.TOO_NEW,
            f"It was signed more than {_far(signed_at - now)} ahead of this desk's clock; "
            f"{_far(tolerance_ms)} are allowed: set the sender's clock.",
        )
    return signed_at


def _far(span_ms: int) -> str:
    """Return a time span in the largest unit of which it has two, so that alike ones read alike."""
    unit_ms, word = next((one for one in _UNITS if span_ms >= 2 * one[0]), _UNITS[-1])
    return f"{span_ms // unit_ms} {word}"

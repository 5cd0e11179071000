"""The signed time of a message: old ones are replays, future ones are a wrong clock."""

import re

from webui.sentences import Sentence, sentence
from webui.signatures.errors import Flaw, NotSigned

TOLERANCE_MS = 5 * 60 * 1000
"""How far sender's and receiver's clocks may differ (Standard Webhooks: 5 minutes)."""

# plain digits only: int() and float() would also read " 1", "1_0" and "1e9"
_SECONDS = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)

_SECOND = 1_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


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
            sentence(
                "The header %(header)s is missing: it says when the message was signed.",
                header=header,
            ),
        )
    if not _SECONDS.fullmatch(text):
        raise NotSigned(
            Flaw.MALFORMED,
            sentence(
                "The header %(header)s must be whole seconds since 1970.", header=header
            ),
        )
    signed_at = int(text) * 1000
    if signed_at < now - tolerance_ms:
        raise NotSigned(
            Flaw.TOO_OLD,
            sentence(
                "It was signed more than %(age)s ago by this desk's clock; "
                "%(allowed)s are allowed: set the sender's clock, or sign and send anew.",
                age=_far(now - signed_at),
                allowed=_far(tolerance_ms),
            ),
        )
    if signed_at > now + tolerance_ms:
        raise NotSigned(
            Flaw.TOO_NEW,
            sentence(
                "It was signed more than %(age)s ahead of this desk's clock; "
                "%(allowed)s are allowed: set the sender's clock.",
                age=_far(signed_at - now),
                allowed=_far(tolerance_ms),
            ),
        )
    return signed_at


def _far(span_ms: int) -> Sentence:
    """Return a time span in the largest unit of which it has two, so that alike ones read alike."""
    if span_ms >= 2 * _DAY:
        return sentence("%(number)s days", number=span_ms // _DAY)
    if span_ms >= 2 * _HOUR:
        return sentence("%(number)s hours", number=span_ms // _HOUR)
    if span_ms >= 2 * _MINUTE:
        return sentence("%(number)s minutes", number=span_ms // _MINUTE)
    return sentence("%(number)s seconds", number=span_ms // _SECOND)

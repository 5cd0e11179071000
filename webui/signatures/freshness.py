"""The signed time of a message: old ones are replays, future ones are a wrong clock."""

import re

from webui.signatures.errors import Flaw, NotSigned

TOLERANCE_MS = 5 * 60 * 1000
"""How far sender's and receiver's clocks may differ (Standard Webhooks: 5 minutes)."""

# plain digits only: int() and float() would also read " 1", "1_0" and "1e9"
_SECONDS = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


def read_timestamp(text: str | None, *, now: int, tolerance_ms: int) -> int:
    """Return the time in a header of whole seconds since the epoch, in ms.

    `now` is ms. Raises NotSigned if the header is missing, is no such number, or lies
    more than `tolerance_ms` from now, in either direction.
    """
    if text is None:
        raise NotSigned(Flaw.MISSING, "The timestamp header is missing.")
    if not _SECONDS.fullmatch(text):
        raise NotSigned(
            Flaw.MALFORMED, "The timestamp header must be whole seconds since 1970."
        )
    signed_at = int(text) * 1000
    if signed_at < now - tolerance_ms:
        raise NotSigned(
            Flaw.TOO_OLD, "The timestamp is too old: sign and send the message anew."
        )
    if signed_at > now + tolerance_ms:
        raise NotSigned(
            Flaw.TOO_NEW, "The timestamp is in the future: check the sender's clock."
        )
    return signed_at

"""Durations in a few buckets: what can be added up over days, and still tells a median."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from webui.sentences import sentence, sentence_in

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
BOUNDS: Final = (
    *(2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND),
    *(MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 6 * HOUR, DAY),
)
"""Where one bucket ends and the next begins, ms."""
BUCKETS: Final = len(BOUNDS) + 1
_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))


def bucket_of(duration: int) -> int:
    """Return the bucket of a duration in ms; on a bound it is in the longer one."""
    return bisect_right(BOUNDS, duration)


def median(counts: Sequence[int]) -> int | None:
    """Return the bucket that the median lies in (of two in the middle the shorter), if there is one."""
    total = sum(counts)
    if total == 0:
        return None
    reached = accumulate(counts)
    return next(bucket for bucket, n in enumerate(reached) if 2 * n >= total)


def words(bucket: int | None) -> str:
    """Return the bounds of a bucket for people."""
    if bucket is None:
        return sentence_in("no duration", "none")
    if bucket == 0:
        return sentence("under %(bound)s", bound=short(0))
    if bucket == BUCKETS - 1:
        return sentence("%(bound)s or more", bound=short(bucket - 1))
    return sentence(
        "%(from)s to %(to)s", **{"from": short(bucket - 1), "to": short(bucket)}
    )


def short(bound: int) -> str:
    """Return a bound in its own unit, as in `30 s`."""
    ms = BOUNDS[bound]
    size, unit = next(each for each in _UNITS if ms >= each[0])
    return f"{ms // size} {unit}"

"""One clock that never goes back (spec: details.md, C; security.md, R7).

A wall clock that steps backwards must not revive what has expired, and must not stop time
either: a frozen clock would stop expiry, which fails open. So time is the wall clock, or
the highest time ever seen plus what the monotonic clock has counted since, whichever is later.
"""

import time
from collections.abc import Callable
from threading import Lock


def wall_ms() -> int:
    """Return the machine's wall clock in ms."""
    return time.time_ns() // 1_000_000


def monotonic_ms() -> int:
    """Return a clock that only counts, in ms."""
    return time.monotonic_ns() // 1_000_000


class Clock:
    """The time of this process, anchored at the highest time known."""

    def __init__(
        self,
        wall: Callable[[], int] = wall_ms,
        monotonic: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = Lock()
        self._anchor = 0
        self._anchored_at = monotonic()

    def now(self) -> int:
        """Return ms since the epoch, never less than any time given before."""
        return self.seen(self._wall())

    def seen(self, moment: int) -> int:
        """Take note of a time (of the database, say) and return the present one."""
        with self._lock:
            counted = self._monotonic()
            present = max(moment, self._anchor + counted - self._anchored_at)
            self._anchor, self._anchored_at = present, counted
            return present

    def regressed_by(self) -> int:
        """Return by how many ms the wall clock is behind what this process knows."""
        return max(0, self.now() - self._wall())

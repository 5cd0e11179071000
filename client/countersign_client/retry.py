"""How long to pause before the same call is sent again, and when to stop."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
_random = SystemRandom()


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` + 1: doubling, capped, jittered over its upper half.

    Without the jitter a thousand agents that lost the desk together would return together.
    """
    ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 16))
    return _random.uniform(ceiling / 2, ceiling)


class Retry:
    """The pauses of one logical call: `patience` seconds at most, counted from now."""

    def __init__(
        self, patience: float, pause: Callable[[float], object], clock: Callable[[], float]
    ) -> None:
        self._pause = pause
        self._clock = clock
        self._deadline = clock() + patience
        self._attempt = 0

    def pause_or_raise(self, error: Exception, after: float | None) -> None:
        """Pause (at least `after` seconds), or raise `error` if the time left does not allow it."""
        delay = backoff(self._attempt) + (after or 0)
        if self._clock() + delay > self._deadline:
            raise error
        self._attempt += 1
        self._pause(delay)


def retry_after(value: str | None) -> float | None:
    """The header's seconds (RFC 9110, 10.2.3: a number or a date); None if absent or unreadable."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

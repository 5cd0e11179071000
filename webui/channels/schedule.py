"""When a delivery is sent again, and when an endpoint is left alone. Pure: no clock.

Source: the retry schedule of Standard Webhooks, ended after three days; statuses as that
specification reads them (2xx is success, 3xx a failure, 410 means never again).
"""

from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

DELAYS_MS = (
    0,
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    20 * HOUR,
)
"""Before each attempt, counted from the end of the one before: 71 h 35 min in all."""

JITTER = 0.1
"""The largest part of a delay that is taken away, so that retries do not march in step."""

MAX_RETRY_AFTER_MS = 24 * HOUR
MAX_IN_FLIGHT = 10
"""Requests to one endpoint at once."""

OPENS_AFTER = 5
_OPEN_MS = 30 * SECOND
_OPEN_MAX_MS = 10 * MINUTE


@dataclass(frozen=True)
class Step:
    """What becomes of a delivery. `next_at` is ms and only set while it waits."""

    status: str
    """delivered, waiting or dead."""
    next_at: int | None = None
    disable: bool = False
    """The endpoint asked never to be called again."""


def after_answer(
    status: int, retry_after: str | None, *, attempts: int, now: int, jitter: float
) -> Step:
    """Return what follows an answer with this HTTP status to attempt number `attempts`.

    `retry_after` is the header's text or None; `jitter` is from 0 to 1, at random.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Step("delivered")
    if status == HTTPStatus.GONE:
        return Step("dead", disable=True)
    step = after_failure(permanent=False, attempts=attempts, now=now, jitter=jitter)
    asked = retry_after_ms(retry_after, now=now)
    if step.next_at is None or asked is None:
        return step
    return replace(step, next_at=max(step.next_at, now + asked))


def after_failure(*, permanent: bool, attempts: int, now: int, jitter: float) -> Step:
    """Return what follows attempt number `attempts` (1 is the first) without an answer."""
    if permanent or attempts >= len(DELAYS_MS):
        return Step("dead")
    delay = DELAYS_MS[attempts]
    return Step("waiting", now + delay - int(delay * JITTER * jitter))


def retry_after_ms(text: str | None, *, now: int) -> int | None:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3).

    Returns ms from `now`, from 0 to a day, or None if there is nothing to honour.
    """
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        # the digits are bounded first: int() of a long text is slow
        asked = int(text[:9]) * SECOND
    else:
        try:
            asked = int(parsedate_to_datetime(text).timestamp() * 1000) - now
        except (ValueError, OverflowError):
            return None
    return max(0, min(asked, MAX_RETRY_AFTER_MS))


@dataclass(frozen=True)
class Breaker:
    """How an endpoint has fared lately. `open_until` (ms): nothing is sent before."""

    failures: int = 0
    """Attempts that failed since the last one that did not."""
    open_until: int | None = None


def may_send(breaker: Breaker, *, in_flight: int, now: int) -> bool:
    """Say whether the endpoint may be called now; after a pause only one call probes."""
    if breaker.open_until is None:
        return in_flight < MAX_IN_FLIGHT
    return now >= breaker.open_until and in_flight == 0


def after_success() -> Breaker:
    """Return the breaker of an endpoint that answered well: closed, all forgotten."""
    return Breaker()


def after_trouble(breaker: Breaker, *, now: int) -> Breaker:
    """Return the breaker after one more failed attempt; the pause doubles each time."""
    failures = breaker.failures + 1
    if failures < OPENS_AFTER:
        return Breaker(failures)
    doublings = min(failures - OPENS_AFTER, 10)
    return Breaker(failures, now + min(_OPEN_MS * 2**doublings, _OPEN_MAX_MS))

"""Three days of retries, a polite wait when asked, and a breaker that forgets quickly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.channels import schedule
from webui.channels.schedule import HOUR, MINUTE, SECOND, Breaker, Step

NOW = 1_767_225_600_000


def after(
    status: int, attempts: int = 1, retry_after: str | None = None, jitter: float = 0.0
) -> Step:
    return schedule.after_answer(
        status, retry_after, attempts=attempts, now=NOW, jitter=jitter
    )


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_delivered(status: int) -> None:
    assert after(status, attempts=10) == Step("delivered")


@pytest.mark.parametrize(
    "status", [100, 199, 300, 301, 302, 307, 400, 401, 404, 429, 500, 599]
)
def test_everything_else_is_tried_again(status: int) -> None:
    assert after(status) == Step("waiting", NOW + 5 * SECOND)


def test_410_means_never_again() -> None:
    assert after(410) == Step("dead", disable=True)


def test_retries_last_three_days_and_then_it_is_dead() -> None:
    waits: list[int] = []
    while (step := after(500, attempts=len(waits) + 1)).status == "waiting":
        waits.append(step.next_at - NOW if step.next_at else 0)
    assert waits[:4] == [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR]
    assert 70 * HOUR < sum(waits) <= 72 * HOUR
    assert step == Step("dead")
    assert waits == sorted(waits)
    assert schedule.DELAYS_MS[0] == 0


def test_what_is_permanent_is_not_tried_again() -> None:
    step = schedule.after_failure(permanent=True, attempts=1, now=NOW, jitter=0.0)
    assert step == Step("dead")


@given(st.floats(0, 1), st.integers(1, 9))
def test_jitter_shortens_a_wait_by_a_tenth_at_most(jitter: float, attempts: int) -> None:
    full = schedule.DELAYS_MS[attempts]
    at = after(500, attempts, jitter=jitter).next_at
    assert at is not None
    assert 0.9 * full - 1 <= at - NOW <= full


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", 120 * SECOND),
        ("1", 5 * SECOND),
        ("0", 5 * SECOND),
        ("-1", 5 * SECOND),
        ("soon", 5 * SECOND),
        ("99999999999999999999", 24 * HOUR),
        ("Thu, 01 Jan 2026 00:02:00 GMT", 120 * SECOND),
        ("Wed, 31 Dec 2025 00:02:00 GMT", 5 * SECOND),
        ("Thu, 01 Jan 9999 00:00:00 GMT", 24 * HOUR),
    ],
)
def test_retry_after_lengthens_a_wait_and_never_shortens_it(text: Any, wait: int) -> None:
    assert after(429, retry_after=text).next_at == NOW + wait


def test_retry_after_does_not_revive_the_dead() -> None:
    assert after(503, attempts=10, retry_after="60") == Step("dead")


@given(st.text() | st.from_regex(r"\w{3}, \d\d \w{3} \d+ \d+:\d+:\d+ [-+\w]+"))
def test_no_retry_after_header_breaks_anything(text: Any) -> None:
    wait = schedule.retry_after_ms(text, now=NOW)
    assert wait is None or 0 <= wait <= 24 * HOUR


def test_without_retry_after_there_is_nothing_to_honour() -> None:
    assert schedule.retry_after_ms(None, now=NOW) is None


def test_a_healthy_endpoint_gets_ten_at_once() -> None:
    assert schedule.may_send(Breaker(), in_flight=9, now=NOW)
    assert not schedule.may_send(Breaker(), in_flight=10, now=NOW)


def test_the_breaker_opens_after_five_failures_and_doubles_its_pause() -> None:
    breaker, pauses = Breaker(), []
    for _ in range(40):
        breaker = schedule.after_trouble(breaker, now=NOW)
        pauses.append(breaker.open_until and breaker.open_until - NOW)
    assert pauses[:8] == [None] * 4 + [30_000, 60_000, 120_000, 240_000]
    assert set(pauses[9:]) == {10 * MINUTE}
    assert breaker.failures == 40


def test_an_open_breaker_lets_one_probe_through_after_its_pause() -> None:
    breaker = Breaker(5, NOW + 1000)
    assert not schedule.may_send(breaker, in_flight=0, now=NOW + 999)
    assert schedule.may_send(breaker, in_flight=0, now=NOW + 1000)
    assert not schedule.may_send(breaker, in_flight=1, now=NOW + 1000)


def test_one_success_closes_the_breaker() -> None:
    assert schedule.may_send(schedule.after_success(), in_flight=0, now=NOW)
    assert schedule.after_success() == Breaker(0, None)

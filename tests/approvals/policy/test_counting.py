"""Counting without a store: windows of the calendar in UTC, reservations, and giving back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.approvals.policy import (
    Call,
    Counter,
    Reservation,
    Window,
    amount_of,
    give_back,
    read_policy,
    reserve,
    window_at,
)

NEW_YEAR = 1_767_225_600_000
"""1 January 2026, 00:00 UTC."""


def reservation(amount: int = 1, limit: int | None = 5) -> Reservation:
    return Reservation("t.n", Window.HOUR, amount, limit, "r", None)


@pytest.mark.parametrize(
    ("window", "now", "start", "length"),
    [
        (Window.DAY, NEW_YEAR, NEW_YEAR, 86_400_000),
        (Window.DAY, NEW_YEAR - 1, NEW_YEAR - 86_400_000, 86_400_000),
        (Window.DAY, NEW_YEAR + 86_399_999, NEW_YEAR, 86_400_000),
        (Window.HOUR, NEW_YEAR + 3_599_999, NEW_YEAR, 3_600_000),
        (Window.HOUR, NEW_YEAR + 3_600_000, NEW_YEAR + 3_600_000, 3_600_000),
        (Window.MINUTE, NEW_YEAR + 60_001, NEW_YEAR + 60_000, 60_000),
        (Window.MINUTE, 0, 0, 60_000),
    ],
)
def test_windows_begin_where_the_calendar_says(
    window: Window, now: int, start: int, length: int
) -> None:
    assert window_at(window, now) == (start, start + length)


def test_the_reservation_that_would_pass_the_limit_counts_nothing() -> None:
    value = 0
    for _ in range(5):
        after = reserve(value, reservation())
        assert after is not None
        value = after
    assert reserve(value, reservation()) is None
    assert value == 5
    assert reserve(0, reservation(amount=6)) is None
    assert reserve(0, reservation(amount=5)) == 5
    assert reserve(2**53 - 1, reservation(limit=None)) is None
    assert reserve(7, reservation(limit=None)) == 8


def test_giving_back_never_goes_below_nothing() -> None:
    assert give_back(5, reservation(amount=2)) == 3
    assert give_back(1, reservation(amount=2)) == 0  # the window began anew in between


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.none() | st.integers(0, 10**6))
def test_what_is_reserved_and_given_back_leaves_no_trace(
    value: int, amount: int, limit: int | None
) -> None:
    asked = reservation(amount, limit)
    after = reserve(value, asked)
    if after is None:
        assert limit is not None
        assert value + amount > limit
    else:
        assert give_back(after, asked) == value


@pytest.mark.parametrize(
    ("seen", "amount"),
    [(5, 5), (0, 0), (2.0, 2), (2.1, 3), (0.01, 1), (2**53 - 1, 2**53 - 1), (2**53, None)],
)
def test_a_part_counts_as_a_whole(seen: float, amount: int | None) -> None:
    counter = Counter("t", "n", Window.DAY, increment_from="args.a.0")
    assert amount_of(counter, Call("t", {"a": [seen]})) == amount


@pytest.mark.parametrize(
    ("conditions", "limit"),
    [
        ("{path: state.t.n, op: lte, value: 5}", 5),
        ("{path: state.t.n, op: lt, value: 5}", 4),
        ("{path: state.t.n, op: lt, value: 5.5}", 5),
        ("{path: state.t.n, op: lte, value: 5.5}", 5),
        ("{path: state.t.n, op: lte, value: 9}, {path: state.t.n, op: lt, value: 8}", 7),
        ("{path: state.t.n, op: gte, value: 0}", None),
        ("{path: state.t.n, op: neq, value: 3}, {path: args.n, op: lt, value: 5}", None),
    ],
)
def test_the_limit_is_what_the_rules_own_conditions_allow(
    conditions: str, limit: int | None
) -> None:
    rule = f"{{name: a, conditions: [{conditions}], state: {{counter: n, window: day}}}}"
    [found] = read_policy(f"version: 1\ntools: {{t: {{rules: [{rule}]}}}}").rules
    assert found.counter is not None
    assert found.counter.limit == limit


def test_without_an_argument_the_increment_is_fixed() -> None:
    assert amount_of(Counter("t", "n", Window.DAY, 7), Call("t")) == 7

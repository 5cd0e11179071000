"""Counting, without a store: calendar windows in UTC, and what a reservation may do.

The stored part keeps one whole number for each (org, `Counter.name`, start of the window). When
a call is allowed or consumed it reserves every `Reservation` of the ruling, all or none:

    start, end = window_at(reservation.window, now)
    after = reserve(value, reservation)      # None: the limit would be passed, so deny
    ...                                      # store `after` where `value` still stands
    value = give_back(value, reservation)    # on rollback, while the same window lasts
"""

from dataclasses import dataclass
from typing import Any, Final

from webui.approvals.policy.document import Counter
from webui.approvals.policy.facts import Call
from webui.approvals.policy.notation import Window
from webui.approvals.policy.paths import read_steps, walk
from webui.approvals.policy.plain import is_number

MOST_COUNT: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one rule counts of one call."""

    counter: str
    """`Counter.name`, under which the value is kept."""
    window: Window
    amount: int
    limit: int | None
    rule: str
    on_deny: str | None

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "counter": self.counter,
            "window": str(self.window),
            "amount": self.amount,
            "limit": self.limit,
            "rule": self.rule,
        }


def window_at(window: Window, now: int) -> tuple[int, int]:
    """Return the start and the end (exclusive) of the window around a time, both in ms."""
    start = now - now % window.length
    return start, start + window.length


def reserve(value: int, reservation: Reservation) -> int | None:
    """Return the value after counting; None if that would pass the limit, so nothing counts."""
    after = value + reservation.amount
    limit = MOST_COUNT if reservation.limit is None else reservation.limit
    return after if after <= min(limit, MOST_COUNT) else None


def give_back(value: int, reservation: Reservation) -> int:
    """Return the value without what the reservation counted; never below 0."""
    return max(0, value - reservation.amount)


def amount_of(counter: Counter, call: Call) -> int | None:
    """Return what a call counts for: None if its argument is no amount, which denies.

    An amount is a number that is not negative. Counters are whole numbers, so a part of one
    counts as a whole one: a limit is reached too early rather than too late.
    """
    if counter.increment_from is None:
        return counter.increment
    seen = walk(call.arguments, read_steps(counter.increment_from)[1:])
    if not is_number(seen) or seen < 0:
        return None
    amount = int(-(-seen // 1))
    return amount if amount <= MOST_COUNT else None

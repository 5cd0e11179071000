"""Days and weeks as whole numbers, and which of them make up a period.

Everything is counted twice: in its day, and in its week, which begins on a Monday and has a
number below 0. So 90 days are 12 weeks and 6 days: 18 units to read, never more.
"""

from typing import Final

from webui.insights.buckets import DAY

_MONDAY: Final = 3
"""The epoch was a Thursday: the Monday before it is three days earlier."""


def day_of(at: int) -> int:
    """Return the day (UTC) of a moment in ms."""
    return at // DAY


def week_of(day: int) -> int:
    """Return the unit that is the week of a day."""
    return -1 - (day + _MONDAY) // 7


def first_day(week: int) -> int:
    """Return the Monday of a week."""
    return (-1 - week) * 7 - _MONDAY


def units_of(first: int, last: int) -> list[int]:
    """Return the weeks and days that cover the days from `first` to `last`, each once."""
    found, day = [], first
    while day <= last:
        week = week_of(day)
        if first_day(week) == day and day + 6 <= last:
            found.append(week)
            day += 7
        else:
            found.append(day)
            day += 1
    return found

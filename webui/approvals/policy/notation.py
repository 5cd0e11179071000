"""How policies write lengths of time ("1h30m") and rates ("5/hour")."""

import re
from enum import StrEnum
from typing import Final

from webui.approvals.policy.faults import BadValueError, meant
from webui.sentences import sentence

_DURATION: Final = re.compile(
    r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?"
)
_UNITS_MS: Final = (86_400_000, 3_600_000, 60_000, 1_000)
_LONGEST_MS: Final = 366 * 86_400_000
_RATE: Final = re.compile(r"([0-9]{1,9})/([a-z]+)")


class Window(StrEnum):
    """The stretch of the calendar (in UTC) that a counter counts in."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> int:
        """Return its length in milliseconds."""
        return {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}[self.value]


THIS: Final = {
    Window.MINUTE: sentence("this minute"),
    Window.HOUR: sentence("this hour"),
    Window.DAY: sentence("this day"),
}
"""The window of now, in words."""


def read_duration(text: str) -> int:
    """Return the milliseconds of a length of time such as 90s, 30m, 1h30m or 7d."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        near = sentence(" A number alone has no unit; did you mean %(text)sm?", text=text)
        hint = near if text.isdecimal() else ""
        raise BadValueError(
            sentence(
                'is no length of time: "%(text)s". Write it as 90s, 30m, 1h30m or '
                "2d.%(hint)s",
                text=text[:40],
                hint=hint,
            )
        )
    length = sum(
        int(number or 0) * unit
        for number, unit in zip(match.groups(), _UNITS_MS, strict=True)
    )
    if length == 0:
        raise BadValueError(
            sentence("is zero. Write a length of time such as 30m, or leave it out.")
        )
    if length > _LONGEST_MS:
        raise BadValueError(sentence("is longer than 366 days. Write a shorter time."))
    return length


def read_rate(text: str) -> tuple[int, Window]:
    """Return the count and the window of a rate such as 5/hour."""
    count, slash, window = text.partition("/")
    if not slash:
        raise BadValueError(
            sentence('must be written as 5/hour, not "%(text)s".', text=text[:40])
        )
    if not count.isascii() or not count.isdigit() or int(count[:12]) == 0:
        raise BadValueError(
            sentence(
                'must begin with a whole number above 0, not "%(count)s".', count=count[:40]
            )
        )
    if window not in list(Window):
        raise BadValueError(
            sentence(
                'must end in minute, hour or day, not "%(window)s"%(guess)s',
                window=window[:40],
                guess=meant(window, Window),
            )
        )
    if _RATE.fullmatch(text) is None:
        raise BadValueError(sentence("counts too far. Write at most 999999999."))
    return int(count), Window(window)

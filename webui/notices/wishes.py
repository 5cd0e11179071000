"""What a person wants to hear at one place, and when. Pure: no clock, no rows.

Times of the day are the person's own. Where a clock is set forward, a time that does not exist
is as much later as the clock was set. Where it is set back a time comes twice: a digest goes out
the first time, and quiet hours end each time.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from webui.approvals.errors import Fault, InvalidError
from webui.approvals.states import Risk
from webui.sentences import sentence

MINUTE: Final = 60_000

DECIDE, DELEGATE, MANAGER = "decide", "delegate", "manager"
ESCALATED, RESUMED, REMINDER, BREAK_GLASS = (
    "escalated",
    "resumed",
    "reminder",
    "break_glass",
)
WRITE: Final = "write"
"""A write of an agent waits, in one's own name."""
WHYS: Final = (
    *(DECIDE, DELEGATE, MANAGER, ESCALATED, RESUMED, REMINDER, BREAK_GLASS),
    WRITE,
)

ABOUT: Final = {
    "decide": sentence("Everything I may decide"),
    "escalated": sentence("Only what was escalated to me"),
    "alerts": sentence("Only alarms, such as a broken glass"),
}
"""What a place is for, in the words of its form."""
EVERY: Final = (15, 30, 60, 120, 240)
"""Minutes between digests that one may choose."""
REMIND: Final = (1, 2, 5, 10, 30, 60)
TOOLS_MAX: Final = 20
_PATTERN_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants at one place."""

    about: str = "decide"
    risk_from: Risk = Risk.LOW
    tools: tuple[str, ...] = ()
    every: int = 0
    hours: tuple[int, ...] = ()
    quiet: tuple[int, int] | None = None
    """Minutes of the day from which and to which it is quiet; to may be the next day's."""
    critical_at_once: bool = False
    remind_before: int = 0
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    @property
    def in_digests(self) -> bool:
        """Say whether messages are gathered."""
        return bool(self.every or self.hours)


class Due(NamedTuple):
    """When to tell it (ms), and whether with others."""

    at: int
    digest: bool


def wants(wish: Wish, *, risk: Risk, tool: str, why: str) -> bool:
    """Say whether a person wants to hear of a call at this place; an alarm is always heard."""
    if why == BREAK_GLASS:
        return True
    if wish.about == "alerts" or (wish.about == "escalated" and why != ESCALATED):
        return False
    if why == WRITE:
        return True  # it has neither tool nor risk
    named = not wish.tools or any(fnmatchcase(tool, glob) for glob in wish.tools)
    return named and risk.level >= wish.risk_from.level


def due(wish: Wish, now: int, *, risk: Risk, why: str) -> Due:
    """Return when it is told, from `now` (ms) on: at once, with a digest, after quiet hours.

    An alarm waits for nothing.
    """
    if why == BREAK_GLASS or (wish.critical_at_once and risk is Risk.CRITICAL):
        return Due(now, digest=False)
    gathers = wish.in_digests and why != REMINDER
    return Due(_after_quiet(wish, _next_digest(wish, now) if gathers else now), gathers)


def reminder(wish: Wish, created: int, expires: int, risk: Risk) -> int | None:
    """Return when to remind of a call (ms); none if not asked for, or the time is too short."""
    at = expires - wish.remind_before * MINUTE
    if not wish.remind_before or at < created + MINUTE:
        return None
    at = due(wish, at, risk=risk, why=REMINDER).at
    return at if at < expires else None


def check_tools(text: str) -> tuple[str, ...]:
    """Return the patterns of a form's field.

    Raises:
        InvalidError: there are too many, or one is too long.

    """
    found = tuple(dict.fromkeys(text.split()))
    if len(found) > TOOLS_MAX or any(
        len(one) > _PATTERN_MAX or not one.isprintable() for one in found
    ):
        raise InvalidError(
            sentence(
                "Name at most %(most)s tools or patterns like github.*, with blanks between.",
                most=TOOLS_MAX,
            ),
            [Fault("/tools", f"must be at most {TOOLS_MAX} patterns")],
        )
    return found


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; UTC if this machine does not know it (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _next_digest(wish: Wish, now: int) -> int:
    if not wish.hours:
        step = wish.every * MINUTE
        return now + step - now % step
    today = _local(wish, now).date()
    times = (
        _moments(wish, today + timedelta(days=days), hour * 60)[0]
        for days in range(3)
        for hour in sorted(wish.hours)
    )
    return next(at for at in times if at > now)


def _after_quiet(wish: Wish, at: int) -> int:
    """Return `at`, or the end of the quiet hours it falls into."""
    if wish.quiet is None or wish.quiet[0] == wish.quiet[1]:
        return at
    start, end = wish.quiet
    local = _local(wish, at)
    minute = local.hour * 60 + local.minute
    quiet = start <= minute < end if start < end else minute >= start or minute < end
    if not quiet:
        return at
    days = (local.date() + timedelta(days=days) for days in range(3))
    ends = (end_at for day in days for end_at in _moments(wish, day, end))
    return next(end_at for end_at in ends if end_at > at)


def _local(wish: Wish, at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, wish.zone)


def _moments(wish: Wish, day: date, minute: int) -> tuple[int, int]:
    """Return the first and the last moment at which a day's clock shows a minute."""
    hour, rest = divmod(minute, 60)
    shown = datetime(day.year, day.month, day.day, hour, rest, tzinfo=wish.zone)
    both = (shown.timestamp(), shown.replace(fold=1).timestamp())
    return int(both[0] * 1000), int(both[1] * 1000)

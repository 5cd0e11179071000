"""What a person hears at one place, and when: a table of wishes, days and nights."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from webui.approvals.states import Risk
from webui.notices import wishes
from webui.notices.wishes import Wish, due, reminder, wants, zone_of

BERLIN, NEW_YORK, UTC = (
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("UTC"),
)
NIGHT = (22 * 60, 7 * 60)
NOON_BREAK = (12 * 60, 13 * 60)


def at(text: str, zone: ZoneInfo = UTC, fold: int = 0) -> int:
    shown = datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)
    return int(shown.timestamp() * 1000)


@pytest.mark.parametrize(
    ("wish", "risk", "tool", "why", "told"),
    [
        (Wish(), Risk.LOW, "shell.run", wishes.DECIDE, True),
        (Wish(), Risk.LOW, "shell.run", wishes.MANAGER, True),
        (Wish(), Risk.LOW, "shell.run", wishes.ESCALATED, True),
        (Wish(risk_from=Risk.HIGH), Risk.MEDIUM, "shell.run", wishes.DECIDE, False),
        (Wish(risk_from=Risk.HIGH), Risk.HIGH, "shell.run", wishes.DECIDE, True),
        (Wish(risk_from=Risk.HIGH), Risk.CRITICAL, "shell.run", wishes.DELEGATE, True),
        (Wish(risk_from=Risk.CRITICAL), Risk.HIGH, "shell.run", wishes.ESCALATED, False),
        (Wish(tools=("github.*",)), Risk.LOW, "github.push", wishes.DECIDE, True),
        (Wish(tools=("github.*",)), Risk.LOW, "shell.run", wishes.DECIDE, False),
        (Wish(tools=("github.*", "shell.run")), Risk.LOW, "shell.run", wishes.DECIDE, True),
        (Wish(tools=("GitHub.*",)), Risk.LOW, "github.push", wishes.DECIDE, False),
        (Wish(tools=("shell",)), Risk.LOW, "shell.run", wishes.DECIDE, False),
        (Wish(about="escalated"), Risk.LOW, "shell.run", wishes.DECIDE, False),
        (Wish(about="escalated"), Risk.LOW, "shell.run", wishes.DELEGATE, False),
        (Wish(about="escalated"), Risk.LOW, "shell.run", wishes.ESCALATED, True),
        (Wish(about="escalated", tools=("x",)), Risk.LOW, "y", wishes.ESCALATED, False),
        (Wish(about="alerts"), Risk.CRITICAL, "shell.run", wishes.DECIDE, False),
        (Wish(about="alerts"), Risk.CRITICAL, "shell.run", wishes.ESCALATED, False),
        (Wish(about="alerts"), Risk.LOW, "shell.run", wishes.BREAK_GLASS, True),
        (Wish(), Risk.MEDIUM, "", wishes.WRITE, True),
        (Wish(risk_from=Risk.CRITICAL, tools=("x",)), Risk.MEDIUM, "", wishes.WRITE, True),
        (Wish(about="escalated"), Risk.MEDIUM, "", wishes.WRITE, False),
        (Wish(about="alerts"), Risk.MEDIUM, "", wishes.WRITE, False),
        (
            Wish(tools=("x",), risk_from=Risk.CRITICAL),
            Risk.LOW,
            "y",
            wishes.BREAK_GLASS,
            True,
        ),
    ],
)
def test_whether_somebody_hears_of_a_call(
    wish: Wish, risk: Risk, tool: str, why: str, told: bool
) -> None:
    assert wants(wish, risk=risk, tool=tool, why=why) is told


@pytest.mark.parametrize(
    ("wish", "now", "told", "digest"),
    [
        # at once
        (Wish(), "2026-06-01T10:00", "2026-06-01T10:00", False),
        # every so many minutes, by the clock
        (Wish(every=60), "2026-06-01T10:05", "2026-06-01T11:00", True),
        (Wish(every=60), "2026-06-01T10:00", "2026-06-01T11:00", True),
        (Wish(every=15), "2026-06-01T23:59", "2026-06-02T00:00", True),
        # at hours
        (Wish(hours=(9, 17)), "2026-06-01T08:59", "2026-06-01T09:00", True),
        (Wish(hours=(17, 9)), "2026-06-01T09:00", "2026-06-01T17:00", True),
        (Wish(hours=(9, 17)), "2026-06-01T17:00", "2026-06-02T09:00", True),
        (Wish(hours=(9,), every=60), "2026-06-01T10:00", "2026-06-02T09:00", True),
        (Wish(hours=(0,)), "2026-12-31T23:59", "2027-01-01T00:00", True),
        # quiet over midnight
        (Wish(quiet=NIGHT), "2026-06-01T21:59", "2026-06-01T21:59", False),
        (Wish(quiet=NIGHT), "2026-06-01T22:00", "2026-06-02T07:00", False),
        (Wish(quiet=NIGHT), "2026-06-02T00:00", "2026-06-02T07:00", False),
        (Wish(quiet=NIGHT), "2026-06-02T06:59", "2026-06-02T07:00", False),
        (Wish(quiet=NIGHT), "2026-06-02T07:00", "2026-06-02T07:00", False),
        (Wish(quiet=(22 * 60, 0)), "2026-06-01T23:30", "2026-06-02T00:00", False),
        (Wish(quiet=(0, 6 * 60)), "2026-06-02T00:00", "2026-06-02T06:00", False),
        # quiet within a day
        (Wish(quiet=NOON_BREAK), "2026-06-01T12:30", "2026-06-01T13:00", False),
        (Wish(quiet=NOON_BREAK), "2026-06-01T13:30", "2026-06-01T13:30", False),
        (Wish(quiet=NOON_BREAK), "2026-06-01T00:30", "2026-06-01T00:30", False),
        # from and to the same: never quiet
        (Wish(quiet=(60, 60)), "2026-06-01T01:00", "2026-06-01T01:00", False),
        # a digest that falls into quiet hours waits for their end
        (Wish(every=60, quiet=NIGHT), "2026-06-01T21:30", "2026-06-02T07:00", True),
        (Wish(hours=(6,), quiet=NIGHT), "2026-06-01T21:30", "2026-06-02T07:00", True),
    ],
)
def test_when_somebody_hears_of_it(wish: Wish, now: str, told: str, digest: bool) -> None:
    found = due(wish, at(now), risk=Risk.HIGH, why=wishes.DECIDE)
    assert found == (at(told), digest)


@pytest.mark.parametrize(
    ("risk", "why", "at_once"),
    [
        (Risk.CRITICAL, wishes.DECIDE, True),
        (Risk.HIGH, wishes.DECIDE, False),
        (Risk.HIGH, wishes.WRITE, False),
    ],
)
def test_critical_calls_break_through_by_choice_alone(
    risk: Risk, why: str, at_once: bool
) -> None:
    night = at("2026-06-01T23:00")
    wish = Wish(every=60, quiet=NIGHT, critical_at_once=True)
    assert (due(wish, night, risk=risk, why=why) == (night, False)) is at_once
    chosen_not_to = Wish(every=60, quiet=NIGHT)
    assert due(chosen_not_to, night, risk=risk, why=why).at == at("2026-06-02T07:00")


@pytest.mark.parametrize(
    "wish",
    [Wish(every=60), Wish(hours=(9,)), Wish(quiet=NIGHT), Wish(every=60, quiet=NIGHT)],
)
def test_an_alarm_waits_for_no_digest_and_no_quiet_hours(wish: Wish) -> None:
    night = at("2026-06-01T23:05")
    assert due(wish, night, risk=Risk.LOW, why=wishes.BREAK_GLASS) == (night, False)


@pytest.mark.parametrize(
    ("zone", "quiet", "now", "told"),
    [
        # the person's clock, not the server's
        (BERLIN, NIGHT, at("2026-06-01T20:30"), at("2026-06-02T05:00")),
        (BERLIN, NIGHT, at("2026-01-01T20:30"), at("2026-01-01T20:30")),
        (NEW_YORK, NIGHT, at("2026-06-01T20:30"), at("2026-06-01T20:30")),
        # the night in which Berlin's clock is set forward is an hour shorter
        (BERLIN, NIGHT, at("2026-03-28T23:00", BERLIN), at("2026-03-29T07:00", BERLIN)),
        # 02:30 does not exist in it: an hour later
        (BERLIN, (0, 150), at("2026-03-29T01:00", BERLIN), at("2026-03-29T03:30", BERLIN)),
        # the night in which it is set back is an hour longer
        (BERLIN, NIGHT, at("2026-10-24T23:00", BERLIN), at("2026-10-25T07:00", BERLIN)),
        # 02:30 comes twice: the first one ends it
        (BERLIN, (0, 150), at("2026-10-25T01:00", BERLIN), at("2026-10-25T02:30", BERLIN)),
        # in the second hour between two and three it is quiet until its own half
        (
            BERLIN,
            (0, 150),
            at("2026-10-25T02:10", BERLIN, fold=1),
            at("2026-10-25T02:30", BERLIN, fold=1),
        ),
        (
            NEW_YORK,
            NIGHT,
            at("2026-03-08T00:30", NEW_YORK),
            at("2026-03-08T07:00", NEW_YORK),
        ),
    ],
)
def test_quiet_hours_follow_the_persons_clock_when_it_is_set(
    zone: ZoneInfo, quiet: tuple[int, int], now: int, told: int
) -> None:
    wish = Wish(quiet=quiet, zone=zone)
    assert due(wish, now, risk=Risk.HIGH, why=wishes.DECIDE).at == told


def test_a_shorter_night_is_seven_hours_of_waiting_and_a_longer_one_nine() -> None:
    wish = Wish(quiet=(23 * 60, 7 * 60), zone=BERLIN)
    for day, hours in (("2026-03-28", 7), ("2026-06-01", 8), ("2026-10-24", 9)):
        now = at(f"{day}T23:00", BERLIN)
        waited = due(wish, now, risk=Risk.HIGH, why=wishes.DECIDE).at - now
        assert waited == hours * 3_600_000


@pytest.mark.parametrize("hour", range(24))
def test_a_daily_digest_comes_once_each_day_of_the_change(hour: int) -> None:
    wish = Wish(hours=(hour,), zone=BERLIN)
    for start in ("2026-03-28T00:00", "2026-10-24T00:00"):
        now, last = at(start, BERLIN), at(start, BERLIN) + 3 * 86_400_000
        days = []
        while (now := due(wish, now, risk=Risk.LOW, why=wishes.DECIDE).at) < last:
            days.append(datetime.fromtimestamp(now / 1000, BERLIN).date())
        assert len(days) == len(set(days))


@pytest.mark.parametrize(
    ("wish", "created", "expires", "told"),
    [
        (Wish(), "2026-06-01T10:00", "2026-06-01T11:00", None),
        (Wish(remind_before=5), "2026-06-01T10:00", "2026-06-01T11:00", "2026-06-01T10:55"),
        # too short a time for two messages
        (Wish(remind_before=5), "2026-06-01T10:00", "2026-06-01T10:05", None),
        (Wish(remind_before=5), "2026-06-01T10:00", "2026-06-01T10:06", "2026-06-01T10:01"),
        # a reminder that would come after the deadline is none
        (Wish(remind_before=5, quiet=NIGHT), "2026-06-01T20:00", "2026-06-01T23:00", None),
        (
            Wish(remind_before=60, quiet=NIGHT),
            "2026-06-01T20:00",
            "2026-06-02T07:30",
            "2026-06-02T07:00",
        ),
    ],
)
def test_when_somebody_is_reminded(
    wish: Wish, created: str, expires: str, told: str | None
) -> None:
    found = reminder(wish, at(created), at(expires), Risk.HIGH)
    assert found == (None if told is None else at(told))


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "UTC"]
)
def test_a_zone_that_is_not_known_is_utc(name: str) -> None:
    assert zone_of(name).key == "UTC"

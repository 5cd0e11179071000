"""The numbers of a small history, added up by hand, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tests.plugins.desk import House
from tests.plugins.rules import Desk, reviewer_of
from webui.approvals.answering import deciding, looking
from webui.approvals.answering.reviewing import Look
from webui.approvals.states import Verdict
from webui.insights import counting, keeping
from webui.insights.buckets import DAY, HOUR, MINUTE, SECOND
from webui.insights.counted import Counted, n, waits
from webui.insights.counting import Facet, hours_between
from webui.insights.units import day_of, first_day, units_of, week_of
from webui.store.models import Event, InsightCount, InsightCursor
from webui.store.queries import insights

GLANCE = Look(None, 1, opened_full=False, seconds=1)
STUDIED = Look(None, 1, opened_full=True, seconds=45)


@pytest.fixture
def lived(desk: Desk, house: House) -> Desk:
    """Six calls that waited: two approved, one of them by break-glass, one denied, two expired."""
    first = desk.submit(arguments={"n": 1}).approval.id
    desk.clock.advance(3 * SECOND)
    desk.decide(house.rae, first, look=GLANCE)
    second = desk.submit(arguments={"n": 2}).approval.id
    desk.clock.advance(40 * SECOND)
    desk.decide(house.bo, second, Verdict.DENY, look=STUDIED)
    third = desk.submit(house.helper, arguments={"n": 3}).approval.id
    desk.clock.advance(90 * SECOND)
    desk.store.write(
        lambda tx: deciding.decide(
            tx,
            reviewer_of(house.ana),
            house.org_id,
            third,
            Verdict.APPROVE,
            "The site is down.",
            STUDIED,
            break_glass=True,
        )
    )
    for number in (4, 5):
        lost = desk.submit(house.helper, "mail.send", {"n": number}).approval
    desk.store.write(lambda tx: looking.note_viewed(tx, lost, "user:x", "s", "seal"))
    gone = desk.submit(arguments={"n": 6}).approval.id
    desk.cancel(gone)
    desk.clock.advance(lost.expires_at - lost.created_at + 5 * MINUTE)
    desk.sweep()
    return desk


def count_all(desk: Desk) -> int:
    slices = 0
    while done := keeping.count(desk.store):
        slices += done
    return slices


def added(
    session: Session, org_id: str, units: list[int], cut: tuple[str, str] = ("", "")
) -> Any:
    return insights.sums(session, org_id, cut, list(Facet), counting.COLUMNS, units)


def counted(desk: Desk, house: House, agent: str = "", tool: str = "") -> Counted:
    today = day_of(desk.store.now())
    units = units_of(today - 29, today)
    with desk.store.reading() as session:
        return Counted(added(session, house.org_id, units, (agent, tool)))


def everything(desk: Desk) -> list[Any]:
    with desk.store.reading() as session:
        rows = session.execute(select(*InsightCount.__table__.columns)).all()
    return sorted(tuple(row) for row in rows)


def named(row: Any) -> dict[str, int]:
    return {name: n(row, name) for name in counting.COLUMNS if n(row, name)}


def test_the_numbers_are_those_of_the_history(lived: Desk, house: House) -> None:
    assert count_all(lived) > 0
    all_of_it = counted(lived, house)
    whole = named(all_of_it.all)
    ends = {name: whole.pop(name) for name in list(whole) if name.startswith("w")}
    assert whole == {
        "asked": 6,
        "approved": 2,
        "denied": 1,
        "expired": 2,
        "unseen": 1,
        "gone": 1,
        "glass": 1,
    }
    assert sum(ends.values()) == 6
    assert {name: ends[name] for name in ("w0", "w1", "w4", "w5")} == dict.fromkeys(
        ("w0", "w1", "w4", "w5"), 1
    )
    people = {name: named(row) for name, row in all_of_it.of(Facet.REVIEWER).items()}
    assert people == {
        house.rae.id: {"approved": 1, "quick": 1, "unopened": 1, "w1": 1},
        house.bo.id: {"denied": 1, "w4": 1},
        house.ana.id: {"approved": 1, "glass": 1, "w5": 1},
    }
    assert {name: n(row, "asked") for name, row in all_of_it.of(Facet.PAIR).items()} == {
        f"{house.ci.id} shell.run": 3,
        f"{house.helper.id} shell.run": 1,
        f"{house.helper.id} mail.send": 2,
    }
    assert sum(waits(all_of_it.of(Facet.SCREEN)[house.rae.id])) == 1
    assert sum(n(row, "asked") for row in all_of_it.of(Facet.HOUR).values()) == 6


def test_a_cut_counts_its_own_calls_alone(lived: Desk, house: House) -> None:
    count_all(lived)
    of_agent = counted(lived, house, agent=house.helper.id)
    assert (n(of_agent.all, "asked"), n(of_agent.all, "expired")) == (3, 2)
    assert set(of_agent.of(Facet.TOOL)) == {"shell.run", "mail.send"}
    of_tool = counted(lived, house, tool="mail.send")
    assert (n(of_tool.all, "asked"), n(of_tool.all, "unseen")) == (2, 1)
    assert set(of_tool.of(Facet.AGENT)) == {house.helper.id}
    both = counted(lived, house, agent=house.ci.id, tool="shell.run")
    assert (n(both.all, "asked"), set(both.of(Facet.REVIEWER))) == (
        3,
        {house.rae.id, house.bo.id},
    )
    assert not counted(lived, house, agent=house.ci.id, tool="mail.send").all
    assert not counted(lived, house, agent=house.stranger.id).all


def test_however_small_the_slices_the_numbers_are_the_same(
    lived: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_all(lived)
    at_once = everything(lived)
    lived.store.write(lambda tx: tx.execute(delete(InsightCount)) and None)
    lived.store.write(lambda tx: tx.execute(delete(InsightCursor)) and None)
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    monkeypatch.setattr(keeping, "STEP", 7)
    monkeypatch.setattr(keeping, "SLICES", 1)
    assert count_all(lived) > 3
    assert everything(lived) == at_once


def test_of_two_who_count_the_same_events_one_adds_them(lived: Desk, house: House) -> None:
    found = keeping.next_slice(lived.store, house.org_id)
    again = keeping.next_slice(lived.store, house.org_id)
    assert found is not None
    assert again is not None
    org_id = house.org_id
    assert lived.store.write(lambda tx: keeping.keep(tx, org_id, found))
    once = everything(lived)
    assert once
    assert not lived.store.write(lambda tx: keeping.keep(tx, org_id, again))
    assert everything(lived) == once
    lived.submit(arguments={"n": 99})
    more = keeping.next_slice(lived.store, house.org_id)
    assert more is not None
    assert more.after > 0
    assert lived.store.write(lambda tx: keeping.keep(tx, org_id, more))
    assert not lived.store.write(lambda tx: keeping.keep(tx, org_id, more))
    assert n(counted(lived, house).all, "asked") == 7


def test_what_happens_later_is_added_to_the_day_it_belongs_to(
    desk: Desk, house: House
) -> None:
    late = desk.submit().approval
    count_all(desk)
    desk.clock.advance(3 * DAY)  # nobody swept for three days
    desk.sweep()
    count_all(desk)
    day = day_of(late.expires_at)
    with desk.store.reading() as session:
        found = Counted(added(session, house.org_id, [day]))
        weekly = Counted(added(session, house.org_id, [week_of(day)]))
    assert n(found.all, "expired", "unseen") == 2
    assert n(weekly.all, "expired", "unseen") == 2


def test_an_erased_event_adds_nothing_and_stops_nobody(lived: Desk, house: House) -> None:
    def erase(tx: Any) -> None:
        values = update(Event).where(Event.action == "approval.decided")
        tx.execute(values.values(payload=None, nonce=None))

    lived.store.write(erase)
    count_all(lived)
    assert n(counted(lived, house).all, "asked", "denied") == 6


def test_what_a_rule_or_nobody_settles_waits_for_nobody(desk: Desk, house: House) -> None:
    desk.set_policy('version: "1"\ndefault: allow\n')
    desk.submit()
    count_all(desk)
    assert not counted(desk, house).all


def test_an_org_that_was_never_counted_begins_with_the_days_that_are_shown(
    desk: Desk, house: House
) -> None:
    desk.submit(arguments={"n": 1})
    desk.clock.advance((keeping.KEPT + 1) * DAY)
    desk.submit(arguments={"n": 2})
    found = keeping.next_slice(desk.store, house.org_id)
    assert found is not None
    asked = [row for row in found.rows if row["facet"] == "all" and row["asked"]]
    assert {row["asked"] for row in asked} == {1}
    assert {row["unit"] >= 0 for row in asked} == {True, False}


def test_a_week_tells_so_many_pairs_apart_and_no_more(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "PAIRS_MAX", 3)
    monkeypatch.setattr(keeping, "PAIRS_MAX", 3)
    for number in range(3):
        desk.submit(tool=f"tool.{number}", arguments={"n": number})
    count_all(desk)
    for number in range(2, 9):
        desk.submit(tool=f"tool.{number}", arguments={"n": 10 + number})
    count_all(desk)
    tools = {
        name: n(row, "asked") for name, row in counted(desk, house).of(Facet.TOOL).items()
    }
    assert tools == {"tool.0": 1, "tool.1": 1, "tool.2": 2, counting.OTHER: 6}


def test_numbers_of_days_that_no_page_shows_are_dropped(lived: Desk, house: House) -> None:
    count_all(lived)
    assert lived.store.write(keeping.forget_old) == 0
    lived.clock.advance((keeping.KEPT + 8) * DAY)
    while lived.store.write(keeping.forget_old):
        pass
    assert everything(lived) == []


def test_an_idle_desk_counts_and_writes_nothing(lived: Desk, house: House) -> None:
    count_all(lived)
    with lived.store.reading() as session:
        assert insights.behind(session) == []
    assert keeping.next_slice(lived.store, house.org_id) is None


@pytest.mark.parametrize("days", [7, 30, 90])
@pytest.mark.parametrize("last", range(20_000, 20_007))
def test_weeks_and_days_cover_a_period_once(days: int, last: int) -> None:
    units = units_of(last - days + 1, last)
    covered: list[int] = []
    for unit in units:
        first = unit if unit >= 0 else first_day(unit)
        covered += range(first, first + (1 if unit >= 0 else 7))
    assert covered == list(range(last - days + 1, last + 1))
    assert len(units) <= 18
    assert all(week_of(first_day(unit)) == unit for unit in units if unit < 0)


def test_a_wait_touches_each_hour_of_the_day_as_often_as_it_lasted_into_it() -> None:
    start = 10 * HOUR + 59 * MINUTE
    assert list(hours_between(start, start)) == [(10, 1)]
    assert list(hours_between(start, start + 2 * MINUTE)) == [(10, 1), (11, 1)]
    two_days = dict(hours_between(start, start + 2 * DAY))
    assert two_days[10] == 3
    assert {n for hour, n in two_days.items() if hour != 10} == {2}
    assert sum(two_days.values()) == 49

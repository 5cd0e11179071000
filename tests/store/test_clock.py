"""Time that never goes back and never stands still."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.approvals.errors import ConflictError
from webui.store.clock import Clock
from webui.store.store import Store
from webui.store.transaction import Transaction, highest_time

YEARS = 10 * 365 * 86_400_000
START = 1_800_000_000_000


@dataclass
class Times:
    """A wall clock that somebody sets, and one that only counts."""

    wall: int = START
    counted: int = 5_000
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(wall=lambda: self.wall, monotonic=lambda: self.counted)


def test_time_is_the_wall_clock() -> None:
    times = Times()
    assert times.clock.now() == START
    times.wall += 7
    times.counted += 7
    assert (times.clock.now(), times.clock.regressed_by()) == (START + 7, 0)


def test_a_step_back_neither_revives_nor_freezes() -> None:
    times = Times()
    times.clock.now()
    times.wall -= YEARS
    times.counted += 100
    assert times.clock.now() == START + 100
    assert times.clock.regressed_by() == YEARS + 100
    times.counted += 50
    assert times.clock.now() == START + 150


def test_a_step_forward_is_believed_and_kept() -> None:
    times = Times()
    times.clock.now()
    times.wall += YEARS
    assert times.clock.now() == START + YEARS
    times.wall -= YEARS
    times.counted += 1
    assert times.clock.now() == START + YEARS + 1


def test_a_time_seen_elsewhere_is_never_undercut() -> None:
    times = Times()
    assert times.clock.seen(START + 9_000) == START + 9_000
    assert times.clock.now() == START + 9_000
    assert times.clock.seen(0) == START + 9_000


@given(st.lists(st.tuples(st.integers(-YEARS, YEARS), st.integers(0, 10**6)), max_size=30))
def test_whatever_is_done_to_the_clocks_time_goes_on_at_least_as_fast_as_it_counts(
    steps: list[tuple[int, int]],
) -> None:
    times = Times()
    last = times.clock.now()
    for moved, counted in steps:
        times.wall = max(0, times.wall + moved)
        times.counted += counted
        now = times.clock.now()
        assert now >= last + counted
        last = now


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_new_process_starts_no_earlier_than_the_log_ends(
    store: Store, desk: Desk
) -> None:
    desk.submit()
    with store.reading() as session:
        end = highest_time(session.connection())
    assert end > START - YEARS
    slow = Clock(wall=lambda: 1_000, monotonic=lambda: 0)
    again = Store(store.url, store.keyring, lambda _tx: None, clock=slow)
    assert again.now() >= end
    again.close()


@pytest.mark.parametrize("years", [YEARS, -YEARS])
def test_a_clock_stepped_by_ten_years_revives_nothing(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    """R11: forward settles everything, fail-closed; backwards changes nothing."""
    expired = desk.submit(arguments={"n": 1}, expires_in=1).approval.id
    desk.clock.advance(10)
    desk.sweep()
    pending = desk.submit(arguments={"n": 2}).approval.id
    approved = desk.approved(arguments={"n": 3})
    step = 0
    for owner, reading in ((desk.clock, "_wall"), (Transaction, "_database_now")):
        read = getattr(owner, reading)
        # the machine's own clock, which an operator sets; on PostgreSQL the database's
        monkeypatch.setattr(owner, reading, lambda *tx, read=read: read(*tx) + step)
    step = years
    assert desk.decide(house.rae, expired).refusal is not None
    if years > 0:
        assert desk.decide(house.rae, pending).refusal is not None
        assert isinstance(desk.consume(approved), ConflictError)
        desk.sweep()
    step = 0
    assert desk.decide(house.rae, expired).refusal is not None
    assert (desk.decide(house.rae, pending).refusal is None) is (years < 0)
    assert isinstance(desk.consume(approved), ConflictError) is (years > 0)
    assert desk.status(expired) == "expired"
    desk.clock.advance(900_000)
    desk.sweep()
    assert desk.status(expired) == "expired"

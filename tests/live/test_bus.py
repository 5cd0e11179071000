"""Wake-ups in plain threads; tests/server proves the same over greenlets and real requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from webui.live.bus import Bus, Wake


def wake(seq: int, approval_id: str = "apr_1") -> Wake:
    return Wake("org", seq, "tried", approval_id)


def test_a_change_between_reading_and_waiting_is_not_missed() -> None:
    bus = Bus()
    with bus.watch("apr_1") as watch:
        bus.publish("org", 1, [wake(1)])
        assert watch.wait(10) is True


def test_a_watch_may_wait_again() -> None:
    bus = Bus()
    with bus.watch("apr_1") as watch:
        bus.publish("org", 1, [wake(1)])
        assert watch.wait(10)
        assert not watch.wait(0)
        bus.publish("org", 2, [wake(2)])
        assert watch.wait(10)


def test_the_orgs_own_id_hears_of_every_approval() -> None:
    bus = Bus()
    with bus.watch("org") as org, bus.watch("apr_2") as other:
        bus.publish("org", 1, [wake(1)])
        assert org.wait(10)
        assert not other.wait(0)


def test_nobody_is_remembered_after_the_watch() -> None:
    bus = Bus()
    with bus.watch("apr_1"), bus.watch("apr_1"):
        assert bus.waiting() == 2
    assert bus.waiting() == 0


def test_stopping_wakes_everybody_and_holds_nobody() -> None:
    bus = Bus()
    with bus.watch("apr_1") as before:
        bus.stop()
        assert before.wait(10)
    with bus.watch("apr_1") as after:
        assert after.wait(10)


def test_events_later_than_announced_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="none later than seq"):
        Bus().publish("org", 1, [wake(2)])


def test_every_wake_up_reaches_listeners_from_many_threads() -> None:
    bus = Bus()
    seen: list[int] = []
    bus.subscribe(lambda _, wakes: seen.extend(event.seq for event in wakes))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: bus.publish(f"org{n}", n, [wake(n)]), range(1, 501)))
    assert sorted(seen) == list(range(1, 501))


def test_watches_come_and_go_in_many_threads() -> None:
    bus = Bus()

    def come_and_go(number: int) -> bool:
        with bus.watch("apr_1") as watch:
            bus.publish("org", number, [wake(number)])
            return watch.wait(10)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(come_and_go, range(1, 501)))
    assert bus.waiting() == 0

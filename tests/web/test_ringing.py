"""How often an open page may ask what it should tell, and what it costs to ask for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.plugins.desk import Browser, FileCall, House, SignedIn
from webui.runtime import Runtime
from webui.store.store import Store
from webui.web import ringing, rings

RING = "/queue/ring"


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    found = Hands()
    monkeypatch.setattr(ringing, "time", found)
    return found


@pytest.fixture
def asked(store: Store) -> Iterator[list[str]]:
    """What the database was asked."""
    found: list[str] = []
    with store.reading() as session:
        engine = session.get_bind().engine

    def note(*given: Any) -> None:
        found.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def seq_of(browser: Browser, since: int = 0) -> int:
    answer = browser.get(f"{RING}?since={since}")
    assert answer.status_code == 200
    seq: int = answer.get_json()["seq"]
    return seq


def test_a_session_that_asks_too_often_is_told_when_and_the_database_is_not_asked(
    signed_in: SignedIn, house: House, asked: list[str], hands: Hands
) -> None:
    browser = signed_in(house.bo)
    seq_of(browser)
    asked.clear()
    for _ in range(20):
        answer = browser.get(f"{RING}?since=0")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        assert answer.get_json()["code"] == "too_often"
    assert asked == []
    assert hands.slept == [rings.LEAST] * 20, "a loop turns no faster than it may look"
    hands.at += rings.LEAST - 0.5
    assert browser.get(f"{RING}?since=0").status_code == 429
    assert hands.slept[-1] == pytest.approx(0.5)
    hands.at += 0.5
    seq_of(browser)
    assert asked


def test_other_sessions_and_other_pages_wait_for_nobody(
    signed_in: SignedIn, house: House, hands: Hands
) -> None:
    bo, other = signed_in(house.bo), signed_in(house.bo)
    seq_of(bo)
    seq_of(other)
    assert bo.get("/queue/new?since=0").status_code == 200


def test_nothing_new_costs_no_look_at_all_until_something_happens(
    signed_in: SignedIn,
    house: House,
    file_call: FileCall,
    asked: list[str],
    hands: Hands,
) -> None:
    browser = signed_in(house.bo)
    seq = seq_of(browser)
    for _ in range(10):
        hands.at += rings.LEAST
        asked.clear()
        answer = browser.get(f"{RING}?since={seq}")
        assert answer.get_json() == {"notices": [], "sound": False, "seq": seq}
        assert asked == []
    hands.at += rings.LEAST
    file_call(house.stranger)
    asked.clear()
    assert seq_of(browser, seq) == seq, "another organization's"
    assert asked == []
    file_call()
    hands.at += rings.LEAST
    assert seq_of(browser, seq) > seq


def test_what_another_node_told_first_is_looked_for(
    signed_in: SignedIn, house: House, asked: list[str], hands: Hands
) -> None:
    browser = signed_in(house.bo)
    seq = seq_of(browser)
    hands.at += rings.LEAST
    asked.clear()
    assert browser.get(f"{RING}?since={seq}&heard={seq + 1}").status_code == 200
    assert asked


def test_a_session_is_asked_who_it_is_now_and_then_though_nothing_happens(
    signed_in: SignedIn, house: House, asked: list[str], hands: Hands
) -> None:
    browser = signed_in(house.bo)
    seq = seq_of(browser)
    asked.clear()
    hands.at += rings.TRUSTED
    seq_of(browser, seq)
    assert asked


def test_a_session_that_looks_at_another_organization_is_looked_up_anew(
    signed_in: SignedIn, house: House, asked: list[str], hands: Hands
) -> None:
    browser = signed_in(house.ana)
    seq = seq_of(browser)
    browser.send("/orgs/switch", org=house.org_id)
    asked.clear()
    seq_of(browser, seq)
    assert asked


def test_only_so_many_of_a_session_are_kept_waiting(
    signed_in: SignedIn, house: House, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(house.bo)
    seq_of(browser)
    monkeypatch.setattr(rings, "MOST_HELD", 2)
    depth: list[int] = []

    def sleep(_: float) -> None:
        depth.append(len(depth))
        assert browser.get(f"{RING}?since=0").status_code == 429

    monkeypatch.setattr(hands, "sleep", sleep)
    browser.get(f"{RING}?since=0")
    assert len(depth) == 2
    browser.get(f"{RING}?since=0")
    assert len(depth) == 4, "those before were let go"


def test_what_is_kept_of_sessions_has_a_bound(
    runtime: Runtime, dashboard: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rings, "MOST", 3)
    kept = rings.Rings(runtime.bus)
    for name in "abcd":
        assert kept.wait(name, 0.0) == 0.0
    assert kept.wait("d", 0.0) > 0
    assert kept.wait("a", 0.0) == 0.0, "it fell out"


@pytest.mark.parametrize(
    "since", ["", "-1", "1e9", "9" * 23, "%D9%A3", "x", "1;2", "%00", "0x10", "1&heard=x"]
)
def test_whatever_it_is_asked_since_it_answers(
    signed_in: SignedIn, house: House, since: str
) -> None:
    assert signed_in(house.bo).get(f"{RING}?since={since}").status_code in {200, 400}

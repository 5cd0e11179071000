"""Which servers share a database, and which of those that stop is the last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pytest
from sqlalchemy import select, text

from webui.approvals.nodes import FORGOTTEN_MS, LEASE_MS, leave, seen
from webui.store.models import Node
from webui.store.queries.nodes import living

if TYPE_CHECKING:
    from tests.plugins.desk import TestClock
    from webui.store.store import Store
    from webui.store.transaction import Transaction

ROUNDS = 20
Some = TypeVar("Some")


def come(store: Store, *names: str) -> None:
    for name in names:
        store.write(partial(seen, node=name, host=f"{name}.example"))


def go(store: Store, name: str) -> bool:
    return store.write(lambda tx: leave(tx, name))


def alive(store: Store) -> list[str]:
    with store.reading() as session:
        return [node.id for node in living(session, store.now())]


def rows(store: Store) -> set[str]:
    with store.reading() as session:
        return set(session.scalars(select(Node.id)))


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """Other nodes' threads."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_of_two_nodes_the_second_to_stop_is_the_last(store: Store) -> None:
    come(store, "a", "b")
    assert alive(store) == ["a", "b"]
    assert not go(store, "a")
    assert alive(store) == ["b"]
    assert go(store, "b")
    assert rows(store) == set()


def test_a_node_that_never_said_that_it_lives_is_alone(store: Store) -> None:
    assert go(store, "a")


def test_a_killed_node_counts_until_its_lease_is_over(
    store: Store, clock: TestClock
) -> None:
    clock.stand_still()
    come(store, "killed", "a", "b", "c")
    clock.advance(LEASE_MS - 1_000)
    come(store, "a", "b")
    assert not go(store, "a")
    come(store, "a")
    clock.advance(1_000)
    assert alive(store) == ["b", "a"], "the oldest first"
    assert not go(store, "b")
    assert go(store, "a")


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_database_that_was_away_makes_no_node_the_last(
    store: Store, clock: TestClock, *, comes_back: bool
) -> None:
    clock.stand_still()
    come(store, "a", "b")
    clock.advance(FORGOTTEN_MS + 1_000)
    if comes_back:
        come(store, "a")
        assert rows(store) == {"a", "b"}, "nobody could say that they live"
        come(store, "b")
    assert not go(store, "a")
    assert go(store, "b")


def test_a_node_that_lives_on_is_kept_and_one_that_is_silent_for_long_is_forgotten(
    store: Store, clock: TestClock
) -> None:
    clock.stand_still()
    come(store, "a", "silent")
    for _ in range(FORGOTTEN_MS // LEASE_MS - 1):
        clock.advance(LEASE_MS)
        come(store, "a")
    assert rows(store) == {"a", "silent"}
    clock.advance(LEASE_MS)
    come(store, "a")
    assert rows(store) == {"a"}
    come(store, "silent")
    assert not go(store, "a")


def test_of_nodes_that_stop_at_the_same_moment_exactly_one_is_the_last(
    store: Store, beside: ThreadPoolExecutor
) -> None:
    for _ in range(ROUNDS):
        come(store, *"abcd")
        ready = threading.Barrier(4)

        def stop(name: str, ready: threading.Barrier = ready) -> bool:
            ready.wait()
            return go(store, name)

        assert sorted(beside.map(stop, "abcd")) == [False, False, False, True]


def held_open(
    store: Store, beside: ThreadPoolExecutor, name: str, other: Callable[[], Some]
) -> tuple[bool, bool, Some]:
    """Let a node leave, and before that is committed have another do something.

    Returns:
        Whether the first was the last one, whether the other waited for it, and what that did.

    """
    began: list[Future[Some]] = []
    waited = False

    def unit(tx: Transaction) -> bool:
        nonlocal waited
        last = leave(tx, name)
        began.append(beside.submit(other))
        waited = waits(store, began[0])
        return last

    last = store.write(unit)
    return last, waited, began[0].result(120)


def waits(store: Store, begun: Future[Some]) -> bool:
    """Look until it stands before a lock, or has come to an end. SQLite has one writer."""
    if store.on_sqlite:
        return not begun.done()
    blocked = text(
        "SELECT count(*) FROM pg_locks JOIN pg_class ON relation = pg_class.oid"
        " WHERE relname = 'nodes' AND NOT granted"
    )
    end = time.monotonic() + 120
    while not begun.done() and time.monotonic() < end:
        with store.reading() as session:
            if session.scalar(blocked):
                return True
    return False


def test_a_node_that_stops_while_another_does_sees_what_that_one_did(
    store: Store, beside: ThreadPoolExecutor
) -> None:
    come(store, "a", "b")
    assert held_open(store, beside, "a", partial(go, store, "b")) == (False, True, True)


def test_a_node_that_starts_while_the_last_one_stops_comes_after_it(
    store: Store, beside: ThreadPoolExecutor
) -> None:
    come(store, "a")
    last, waited, _ = held_open(store, beside, "a", partial(come, store, "b"))
    assert last
    assert waited
    assert alive(store) == ["b"]

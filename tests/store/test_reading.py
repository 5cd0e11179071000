"""Reading: nothing is written by it, and on PostgreSQL a page's look costs one trip for each statement."""

import pytest
from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webui.store.engines import PLANNED_ANEW, one_state
from webui.store.errors import StoreUnavailableError
from webui.store.models import Throttle, table_of
from webui.store.store import Store

ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
OFTEN = 10
_throttles = table_of(Throttle)
_OWN = text("SELECT pg_backend_pid()")
_END = text("SELECT pg_terminate_backend(:pid, 10000)")
"""And wait until it is gone."""
_PREPARED = text("SELECT statement FROM pg_prepared_statements")


def add(store: Store, name: str) -> None:
    row = {"name": name, "empty_at": 1}
    store.write(lambda tx: tx.execute(insert(_throttles), row) and None)


def how_many(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(_throttles)) or 0


def backends(store: Store) -> tuple[int, int]:
    with store.reading() as session:
        reading = session.scalar(_OWN)
    writing = store.write(lambda tx: tx.session.scalar(_OWN))
    assert reading is not None
    assert writing is not None
    return reading, writing


def test_a_reading_connection_cannot_write(store: Store) -> None:
    with pytest.raises((StoreUnavailableError, DBAPIError)), store.reading() as session:
        session.execute(insert(_throttles), {"name": "r", "empty_at": 1})
    with store.reading() as session:
        assert how_many(session) == 0


def test_a_look_sees_what_was_committed_since_it_began(store: Store) -> None:
    with store.reading() as session:
        assert how_many(session) == 0
        add(store, "a")
        assert how_many(session) == 1


def test_what_is_of_one_moment_does_not_see_it(store: Store) -> None:
    with store.reading() as session, one_state(session.connection()):
        assert how_many(session) == 0
        add(store, "a")
        assert how_many(session) == 0
    with store.reading() as session:
        assert how_many(session) == 1


def test_a_long_answer_of_one_moment_comes_in_pieces(store: Store) -> None:
    for name in "abc":
        add(store, name)
    all_names = select(_throttles.c.name).order_by(_throttles.c.name)
    with store.reading() as session, one_state(session.connection()):
        found = session.scalars(all_names.execution_options(yield_per=1))
        assert next(found) == "a"
        add(store, "d")
        assert list(found) == ["b", "c"]


@ON_POSTGRESQL
def test_what_pages_often_ask_is_planned_once_but_for_what_asks_to_be_planned_anew(
    store: Store,
) -> None:
    by_name = select(_throttles.c.empty_at).where(_throttles.c.name == bindparam("name"))
    after = select(_throttles.c.empty_at).where(_throttles.c.name > bindparam("name"))
    anew = after.execution_options(**{PLANNED_ANEW: True})
    newest = select(_throttles.c.empty_at).order_by(_throttles.c.name).limit(1)
    for _ in range(OFTEN):
        with store.reading() as session:
            session.execute(by_name, {"name": "a"}).all()
            session.execute(anew, {"name": "a"}).all()
            session.execute(newest).all()
    with store.reading() as session:
        prepared = session.scalars(_PREPARED).all()
    assert any("throttles.name =" in each for each in prepared)
    assert not any("throttles.name >" in each or "LIMIT" in each for each in prepared)


@ON_POSTGRESQL
def test_a_connection_that_the_server_closed_is_replaced_unnoticed(store: Store) -> None:
    reading, writing = backends(store)
    store.write(lambda tx: tx.execute(_END, {"pid": reading}) and None)
    with store.reading() as session:
        session.execute(_END, {"pid": writing})
    assert set(backends(store)).isdisjoint({reading, writing})

"""Two processes at the same rows: `meet` begins one unit while another is not committed yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from tests.plugins.desk import TestClock
from webui.audit.journal import flush
from webui.store.store import Store
from webui.store.transaction import Transaction

Unit = Callable[[Transaction], Any]
Meet = Callable[[Unit, Unit], tuple[Any, Any]]
_BLOCKED = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_AT_MOST = 60


@pytest.fixture
def meet(store: Store) -> Iterator[Meet]:
    """Run a unit; when it has done its work, begin the second elsewhere, and commit the first.

    On PostgreSQL the second has done all it can without the first by then. SQLite has one writer,
    so there it waits with everything.
    """
    elsewhere = Store(store.url, store.keyring, flush, clock=TestClock())
    with ThreadPoolExecutor(1) as beside:

        def run(first: Unit, second: Unit) -> tuple[Any, Any]:
            begun: list[Future[Any]] = []

            def unit(tx: Transaction) -> Any:
                done = first(tx)
                if not begun:
                    begun.append(beside.submit(elsewhere.write, second))
                    _look_until_it_waits(store, begun[0])
                return done

            return store.write(unit), begun[0].result(_AT_MOST)

        yield run
    elsewhere.close()


def _look_until_it_waits(store: Store, begun: Future[Any]) -> None:
    end = time.monotonic() + _AT_MOST
    while not (store.on_sqlite or begun.done()) and time.monotonic() < end:
        with store.reading() as session:
            if session.scalar(_BLOCKED):
                return

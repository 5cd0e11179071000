"""What a page asks of the database, it asks once: on PostgreSQL each statement is a trip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.plugins.desk import FileCall, House, SignedIn
from webui.store.store import Store


@pytest.fixture
def asked(store: Store) -> Iterator[Counter[str]]:
    """What the database was asked, with which values, and how often."""
    found: Counter[str] = Counter()
    with store.reading() as session:
        engine = session.get_bind().engine

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found[f"{statement} {values}"] += 1

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "path", ["/", "/?selected={}", "/history", "/approvals/{}", "/approvals/{}/full"]
)
def test_a_page_asks_nothing_twice(
    path: str,
    signed_in: SignedIn,
    house: House,
    file_call: FileCall,
    asked: Counter[str],
) -> None:
    browser = signed_in(house.ana)
    approval_id, _ = (file_call(house.ci, session="s"), file_call(house.ci, session="s"))
    asked.clear()
    assert browser.get(path.format(approval_id)).status_code == 200
    assert asked
    assert {statement: n for statement, n in asked.items() if n > 1} == {}

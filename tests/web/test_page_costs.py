"""What a page and a chore cost: no statement of any grows with the history, whatever is known of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, String, cast, literal, text, true

from tests.plugins.desk import Browser, FileCall, House, SignedIn
from tests.plugins.places import routes, things
from tests.plugins.visited import copied, visits_counted
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look, Reviewer
from webui.approvals.states import Verdict
from webui.preview import PREVIEW_VERSION
from webui.runtime import Runtime
from webui.store.ids import new_id
from webui.store.models import (
    Approval,
    Consumption,
    Decision,
    Delivery,
    Event,
    SourceDelivery,
    table_of,
)
from webui.store.queries import walks
from webui.store.store import Store
from webui.store.transaction import Transaction
from webui.worker import chores_of

ROWS = 10_000
LOOKED = 500
MOST = 3_000
"""Rows that one statement may visit: a walk of `LOOKED`, and what it shows."""
THE_HISTORY_ITSELF = {"audit.export"}
QUESTIONS = (
    "/history?q=echo",
    "/history?q=no+such",
    "/history?status=denied",
    "/history?tool=shell.*",
    "/history?agent=ci&tool=no.such",
    "/history?since=2020-01-01&until=2100-01-01",
    "/audit?actor=system",
    "/audit?action=approval.*",
    "/audit?action=nothing.*",
    "/?q=tool:shell*",
    "/?q=is:mine",
    "/insights?days=90",
    *(
        f"/deliveries?state={state}"
        for state in ("waiting", "failing", "delivered", "dead")
    ),
    "/deliveries?event=no.such",
    "/deliveries?to=callbacks",
    "/deliveries?to={endpoint_id}&state=dead&event=no.such",
    "/deliveries/endpoints/{endpoint_id}?state=failing",
)
Number = ColumnElement[Any]


def _named(prefix: str) -> Callable[[Number], ColumnElement[str]]:
    return lambda n: literal(f"{prefix}_000000000000000000") + cast(n + 10_000_000, String)


@pytest.fixture
def ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    """One of each thing, and many thousand of those that a history is made of."""
    found = things(house.ci, file_call, store, house.org_id, house.ana.id)
    old = file_call(house.ci, session="s", expires_in=600_000)
    reviewer = Reviewer(house.rae.id, "Rae", "page")

    def fill(tx: Transaction) -> None:
        look = Look(None, PREVIEW_VERSION)
        decide(tx, reviewer, house.org_id, old, Verdict.DENY, "no", look)
        use = {"org_id": house.org_id, "approval_id": old, "started_at": tx.now}
        tx.session.add(Consumption(id=new_id("con", tx.now), **use))
        tx.session.flush()
        _multiply(tx, old, house)

    store.write(fill)
    return found


def _multiply(tx: Transaction, old: str, house: House) -> None:
    approvals, decisions, uses, events, sent, arrived = map(
        table_of, (Approval, Decision, Consumption, Event, Delivery, SourceDelivery)
    )
    later: dict[str, Callable[[Number], ColumnElement[Any]]] = {
        "settled_at": lambda n: approvals.c.settled_at + n,
        "indexed": lambda _: true(),
    }
    copied(tx, approvals, approvals.c.id == old, ROWS, id=_named("apr"), **later)
    of_each = {"approval_id": _named("apr")}
    copied(tx, decisions, decisions.c.approval_id == old, ROWS, id=_named("dec"), **of_each)
    copied(tx, uses, uses.c.approval_id == old, ROWS, id=_named("con"), **of_each)
    one = (events.c.org_id == house.org_id) & (events.c.action == "approval.decided")
    copied(tx, events, one, ROWS, seq=lambda n: n + 1_000)
    copied(tx, sent, sent.c.org_id == house.org_id, ROWS, id=_named("dlv"))
    copied(tx, arrived, arrived.c.org_id == house.org_id, ROWS, id=_named("sdl"))


def test_no_page_and_no_chore_grows_with_the_history(
    dashboard: Flask,
    signed_in: SignedIn,
    house: House,
    ids: dict[str, str],
    store: Store,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walks, "LOOKED", LOOKED)
    paths = [
        route.path
        for route in routes(dashboard, "GET", **ids)
        if route.endpoint not in THE_HISTORY_ITSELF
    ]
    asked = [each.format(**ids) for each in QUESTIONS]
    ana, bo = (
        signed_in(house.ana),
        signed_in(house.bo),
    )  # Bo sees what is of his agents alone
    if store.on_sqlite:  # PostgreSQL plans a table it knows nothing of as a short one
        assert _dear(store, (ana, [*paths, *asked]), (bo, ["/", *asked])) == {}
    store.write(lambda tx: tx.session.execute(text("ANALYZE")) and None)
    assert _dear(store, (ana, [*paths, *asked]), (bo, ["/", *asked])) == {}
    assert _dear_chores(runtime) == {}


def _dear_chores(runtime: Runtime) -> dict[str, dict[str, int]]:
    """Return the statements of each chore that visit too much, once there is nothing to do."""
    with runtime.store.reading() as session:
        engine = session.get_bind().engine
    found = {}
    for chore in chores_of(runtime):
        while chore.run():
            pass
        with visits_counted(engine) as seen:
            chore.run()
        if dear := seen.above(MOST):
            found[chore.name] = dear
    return found


def _dear(store: Store, *visits: tuple[Browser, list[str]]) -> dict[str, dict[str, int]]:
    """Return the statements of each page that visit too much."""
    with store.reading() as session:
        engine = session.get_bind().engine
        engine.dispose()  # a connection keeps the statistics that it has read
    found = {}
    for browser, wanted in visits:
        for path in wanted:
            with visits_counted(engine) as seen:
                assert browser.get(path).status_code != 500, path
            if dear := seen.above(MOST):
                found[path] = dear
    with store.reading() as session, visits_counted(engine) as seen:
        session.execute(text("SELECT count(*) FROM approvals WHERE seen_count > 7")).all()
    assert seen.above(MOST), "the counting itself is broken"
    return found

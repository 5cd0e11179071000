"""What a page costs: it walks an index, however long the history is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import String, cast, event, func, insert, literal, select, true
from sqlalchemy.engine import Connection

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.approvals.asking import intake
from webui.approvals.errors import InvalidError
from webui.approvals.senders import endpoints, sources
from webui.approvals.states import Verdict
from webui.store.models import Approval, Delivery, SourceDelivery, table_of
from webui.store.queries import events, own, settled, traffic
from webui.store.queries.calls import Filters
from webui.store.queries.events import EventFilters
from webui.store.queries.letters import Wanted, letters
from webui.store.queries.seeing import Way
from webui.store.queries.words import asked_words
from webui.store.transaction import Transaction

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROWS = 5_000
READ = ("approvals", "events")
_approvals = table_of(Approval)


@pytest.fixture
def long_history(desk: Desk, house: House) -> Desk:
    """Thousands of settled calls, all but alike."""
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, Verdict.DENY)

    def copy(tx: Transaction) -> None:
        first = select(literal(0).label("n")).cte("numbers", recursive=True)
        numbers = first.union_all(select(first.c.n + 1).where(first.c.n < ROWS - 1))
        n = cast(10**9 + numbers.c.n, String)
        new = {
            "id": literal("apr_" + "0" * 17) + func.substr(n, 2),
            "settled_at": _approvals.c.settled_at + numbers.c.n,
        }
        copies = (
            select(*(new.get(each.name, each) for each in _approvals.c))
            .select_from(_approvals.join(numbers, true()))
            .where(_approvals.c.id == approval_id)
        )
        tx.session.execute(insert(_approvals).from_select(list(_approvals.c), copies))

    desk.store.write(copy)
    return desk


@pytest.fixture
def plans(long_history: Desk) -> Iterator[list[str]]:
    """How SQLite went about each statement that read approvals or events."""
    seen: list[str] = []
    asking = False

    def explain(
        connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        nonlocal asking
        if asking or not any(f"FROM {table}" in statement for table in READ):
            return
        asking = True
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        seen.extend(step[3] for step in steps)
        asking = False

    with long_history.store.reading() as session:
        engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", explain)
    yield seen
    event.remove(engine, "before_cursor_execute", explain)


def walked(plans: list[str], *, sorted_few: bool = False) -> bool:
    """Whether something was read along an index, and nothing read or sorted whole."""
    bad = ["SCAN approvals", "SCAN events"]
    if not sorted_few:
        bad.append("USE TEMP B-TREE")
    assert plans
    return not any(step.startswith(start) for step in plans for start in bad)


@ON_SQLITE
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "ix_approvals_settled "),
        ({"since": 1, "until": 2**60}, "ix_approvals_settled "),
        ({"status": "consumed"}, "ix_approvals_settled_status"),
        ({"tool": "no.such"}, "ix_approvals_settled_tool"),
        ({"tool": "shell.*"}, "ix_approvals_settled_tool"),
        ({"agent": "ci"}, "ix_approvals_settled_agent"),
        (
            {"seen": (Way({Approval.agent_owner: ["usr_1"]}, {}),)},
            "ix_approvals_settled_owner",
        ),
        (
            {"seen": (Way({Approval.project_id: ["prj_1"]}, {}),)},
            "ix_approvals_settled_project",
        ),
    ],
)
def test_history_walks_an_index(
    long_history: Desk, plans: list[str], filters: dict[str, Any], index: str
) -> None:
    org = long_history.house.org_id
    with long_history.store.reading() as session:
        settled.history(session, org, Filters(**filters), before=(2**60, "z"))
    assert walked(plans), plans
    assert any(index in step for step in plans), plans


@ON_SQLITE
def test_a_search_reads_what_it_found_and_no_more(
    long_history: Desk, plans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"apr_{n:026d}" for n in range(500)]
    monkeypatch.setattr(settled, "found", lambda *_: ids)
    with long_history.store.reading() as session:
        org = long_history.house.org_id
        rows = settled.history(session, org, Filters(words="deploy")).rows
    assert [row.approval.id for row in rows] == ids[:-51:-1]
    assert walked(plans, sorted_few=True), plans
    assert not any("ix_approvals_settled" in step for step in plans), plans


@ON_SQLITE
@pytest.mark.parametrize("status", ["", "pending", "approved", "expired", "consumed"])
def test_an_agents_list_walks_an_index(
    long_history: Desk, plans: list[str], status: str
) -> None:
    agent, now = long_history.house.ci.id, long_history.store.now()
    with long_history.store.reading() as session:
        own.of_agent(session, agent, now, status=status, before="apr_z")
    # Only the fifty rows that are shown are looked up one by one and sorted.
    keys = [step for step in plans if "SEARCH approvals" in step and "(id=?)" not in step]
    assert walked(plans, sorted_few=True), plans
    assert keys, plans
    assert all("ix_approvals_agent" in step for step in keys), plans


@ON_SQLITE
def test_earlier_decisions_on_a_call_are_looked_up(
    long_history: Desk, plans: list[str]
) -> None:
    approval = long_history.row(long_history.submit(arguments={"n": 1}).approval.id)
    with long_history.store.reading() as session:
        settled.earlier(session, approval)
    assert walked(plans), plans
    assert any("ix_approvals_fingerprint" in step for step in plans), plans


@ON_SQLITE
def test_a_remembered_denial_is_looked_up(long_history: Desk) -> None:
    compiled = intake._denial_of._compiled  # noqa: SLF001 - it goes past the toolkit's events
    with long_history.store.reading() as session:
        steps = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled.sql}", tuple("" for _ in compiled.names)
        )
        plan = [step[3] for step in steps]
    assert ["ix_approvals_fingerprint" in step for step in plan] == [True], plan


@ON_SQLITE
def test_the_times_of_the_log_are_looked_up(long_history: Desk, plans: list[str]) -> None:
    org = long_history.house.org_id
    with long_history.store.reading() as session:
        events.page(session, org, EventFilters(since=1, until=2**60))
        events.ascending(session, org, EventFilters(since=1, until=2), 0, 9)
        assert events.page(session, org, EventFilters(since=2**60)).rows == []
    assert walked(plans), plans
    assert any("ix_events_at" in step for step in plans), plans


def test_a_tool_is_narrowed_by_its_beginning(desk: Desk) -> None:
    tools = ("mail.send", "mail.read", "mailbox", "MAIL.send", "mail%x")
    ids = {}
    for n, tool in enumerate(tools):
        ids[tool] = desk.submit(tool=tool, arguments={"n": n}).approval.id
        desk.cancel(ids[tool])
    org = desk.house.org_id

    def of(tool: str) -> set[str]:
        with desk.store.reading() as session:
            rows = settled.history(session, org, Filters(tool=tool)).rows
        return {row.approval.tool for row in rows}

    assert of("mail.*") == {"mail.send", "mail.read"}
    assert of("mail*") == set(tools) - {"MAIL.send"}
    assert of("mail%*") == {"mail%x"}
    assert of("*") == set(tools)
    assert of("mail.send") == {"mail.send"}
    for refused in ("*.send", "mail.*d", "mail**"):
        with pytest.raises(InvalidError, match="one star at the end"):
            of(refused)


def test_a_beginning_of_very_many_tools_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled, "TOOLS_MAX", 1)
    for tool in ("mail.a", "mail.b"):
        desk.cancel(desk.submit(tool=tool).approval.id)
    with (
        desk.store.reading() as session,
        pytest.raises(InvalidError, match="write more of the name"),
    ):
        settled.history(session, desk.house.org_id, Filters(tool="mail.*"))


def test_few_different_words_are_looked_up() -> None:
    assert asked_words("a to to x of") == ["to", "of"]
    assert asked_words(" ".join(f"w{n}" for n in range(20))) == [f"w{n}" for n in range(8)]
    assert asked_words("") == []


def test_a_passed_deadline_counts_in_an_agents_list_before_any_sweep(
    desk: Desk, house: House
) -> None:
    desk.submit(arguments={"n": 1}, expires_in=30_000)
    unused = desk.approved(arguments={"n": 2})
    waiting = desk.submit(arguments={"n": 3}, expires_in=600_000).approval
    first = desk.row(unused).usable_until or 0

    def of(status: str, now: int) -> int:
        with desk.store.reading() as session:
            return len(own.of_agent(session, house.ci.id, now, status=status).rows)

    now = desk.store.now()
    assert [of(s, now) for s in ("pending", "approved", "expired", "")] == [2, 1, 0, 3]
    late = max(first, waiting.expires_at)
    assert [of(s, late) for s in ("pending", "approved", "expired", "")] == [0, 0, 3, 3]


@ON_SQLITE
def test_pages_of_webhooks_walk_indexes_and_count_no_further_than_they_say(
    desk: Desk, house: House
) -> None:
    def many(tx: Transaction) -> str:
        made = sources.create_source(tx, house.org_id, kind="standard", name="In")
        told = endpoints.create_endpoint(tx, house.org_id, "https://a.example/")
        arrived = {
            "org_id": house.org_id,
            "source_id": made.source_id,
            "received_at": tx.now,
            "address": "",
            "headers": "{}",
            "body": b"",
            "status_code": 422,
            "verdict": "refused",
            "why": "",
        }
        letter = {
            "org_id": house.org_id,
            "endpoint_id": told.endpoint_id,
            "url": "",
            "seq": 1,
            "event": "approval.created",
            "body": "{}",
            "status": "dead",
            "attempts": 1,
            "next_at": tx.now,
            "created_at": tx.now,
        }
        numbers = range(traffic.MOST + 50)
        rows = [arrived | {"id": f"sdl_{n:026d}"} for n in numbers]
        tx.session.execute(insert(table_of(SourceDelivery)), rows)
        rows = [letter | {"id": f"dlv_{n:026d}"} for n in numbers]
        tx.session.execute(insert(table_of(Delivery)), rows)
        return f"{made.source_id} {told.endpoint_id}"

    source_id, endpoint_id = desk.store.write(many).split()
    steps: list[str] = []

    def explain(
        connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        if not statement.startswith("EXPLAIN"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps.extend(step[3] for step in plan)

    org = house.org_id
    with desk.store.reading() as session:
        engine = session.get_bind().engine
        event.listen(engine, "before_cursor_execute", explain)
        [source] = traffic.sources(session, org)
        [endpoint] = traffic.endpoints(session, org)
        assert len(traffic.failures(session, org, source_id)) == traffic.FAILURES
        traffic.arrivals(session, org, source_id, "sdl_z")
        letters(session, org, before="dlv_z")
        letters(session, org, Wanted(endpoint_id), "dlv_z")
        letters(session, org, Wanted(endpoint_id, statuses=("waiting", "sending")), "dlv_z")
        event.remove(engine, "before_cursor_execute", explain)
    assert (source.refused, endpoint.dead) == (traffic.MOST + 1, traffic.MOST + 1)
    grown = [step for step in steps if "deliveries" in step or "sent" in step]
    assert grown
    # an endpoint's or source's own few rows may be sorted, what was sent may not
    assert not [step for step in grown if step.startswith("SCAN")], steps
    sorts = [step for step in steps if "TEMP B-TREE" in step]
    assert len(sorts) <= 2, steps  # sources by name, endpoints by age

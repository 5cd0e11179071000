"""What a look-up visits: on both databases so many rows at most, however long the history is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import String, cast, insert, literal, select, text
from sqlalchemy.orm import Session

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from tests.plugins.visited import copied, visits_counted
from webui.approvals.states import Verdict
from webui.insights import keeping
from webui.insights.counting import COLUMNS, COUNTED, Facet
from webui.insights.units import units_of
from webui.store.models import Approval, InsightCount, table_of
from webui.store.models import Event as EventRow
from webui.store.queries import events, insights, own, settled, walks
from webui.store.queries.calls import Filters
from webui.store.queries.events import EventFilters
from webui.store.queries.seeing import Way
from webui.store.queries.walks import Globs
from webui.store.transaction import Transaction

ROWS = 20_000
LOOKED = 500
MOST = 3_000
"""Rows that a page may visit: a few walks of `LOOKED`, and what it shows."""
_approvals, _events = table_of(Approval), table_of(EventRow)
Visited = Callable[[Callable[[Session], Any]], int]


@pytest.fixture
def long_history(desk: Desk, house: House) -> Desk:
    """Many thousand settled calls and events, all but alike."""
    approval_id = desk.submit(session="s").approval.id
    desk.decide(house.rae, approval_id, Verdict.DENY)

    def copy(tx: Transaction) -> None:
        prefix = "apr_000000000000000000"
        copied(
            tx,
            _approvals,
            _approvals.c.id == approval_id,
            ROWS,
            id=lambda n: literal(prefix) + cast(n + 10_000_000, String),
            settled_at=lambda n: _approvals.c.settled_at + n,
        )
        (last,) = tx.session.execute(
            select(_events.c.seq)
            .where(_events.c.org_id == house.org_id, _events.c.action == "approval.decided")
            .order_by(_events.c.seq.desc())
            .limit(1)
        ).one()
        like = (_events.c.org_id == house.org_id) & (_events.c.seq == last)
        copied(tx, _events, like, ROWS, seq=lambda n: n + 1_000)

    desk.store.write(copy)
    return desk


@pytest.fixture
def visited(long_history: Desk, monkeypatch: pytest.MonkeyPatch) -> Visited:
    """Count the rows that a look-up visits, by the database's own account."""
    monkeypatch.setattr(walks, "LOOKED", LOOKED)
    store = long_history.store

    def count(look: Callable[[Session], Any]) -> int:
        with store.reading() as session, visits_counted(session.get_bind().engine) as seen:
            look(session)
        return seen.total

    return count


def test_no_look_up_grows_with_history(
    long_history: Desk, visited: Visited, house: House
) -> None:
    org, now = house.org_id, long_history.store.now()
    bos = (Way({Approval.agent_owner: [house.bo.id]}, {}),)
    few = (
        *bos,
        Way({Approval.project_id: ["prj_1"]}, {}),
        Way({Approval.agent_id: [house.ci.id]}, {Approval.risk: ["critical"]}),
        Way({}, {Approval.tool: Globs(("no.*",), long_history.store.on_sqlite)}),
    )

    def history(**filters: Any) -> Callable[[Session], Any]:
        return lambda session: settled.history(session, org, Filters(**filters))

    def log(**filters: Any) -> Callable[[Session], Any]:
        return lambda session: events.page(session, org, EventFilters(**filters))

    def mine(**narrow: Any) -> Callable[[Session], Any]:
        return lambda session: own.of_agent(session, house.ci.id, now, **narrow)

    looks = {
        "all": history(),
        "agent": history(agent="ci"),
        "agent and status": history(agent="ci", status="consumed"),
        "agent and tool": history(agent="ci", tool="no.such"),
        "tool and status": history(tool="shell.run", status="consumed"),
        "tools and status": history(tool="shell.*", status="consumed"),
        "owner and tool": history(seen=bos, tool="shell.run"),
        "what some may see": history(seen=few),
        "of it one status": history(seen=few, status="denied"),
        "status, times": history(status="denied", agent="deploy-bot", until=2**60),
        "no such action": log(action="nothing.*"),
        "actions": log(action="approval.*"),
        "actor and actions": log(actor=f"user:{house.rae.id}", action="agent.*"),
        "actor and action": log(actor=f"user:{house.rae.id}", action="approval.created"),
        "subject and actor": log(subject="approval:apr_no", actor=f"user:{house.rae.id}"),
        "no such actor": log(actor="user:nobody", action="approval.decided"),
        "own": mine(),
        "own session": mine(run_session="another"),
        "own tool": mine(tool="no.such"),
        "own tool and status": mine(tool="no.such", status="denied"),
        "own tool, expired": mine(tool="no.such", status="expired"),
    }
    # As autovacuum keeps it: PostgreSQL plans a table it knows nothing of as a short one.
    long_history.store.write(lambda tx: tx.session.execute(text("ANALYZE")) and None)
    rows = {name: visited(look) for name, look in looks.items()}
    assert {name: n for name, n in rows.items() if n > MOST} == {}
    whole = visited(
        lambda s: s.execute(
            text("SELECT count(*) FROM approvals WHERE seen_count > 7")
        ).all()
    )
    assert whole > MOST, "the counting itself is broken"


def test_no_number_of_the_insights_grows_with_history(
    long_history: Desk, visited: Visited, house: House
) -> None:
    org, today = house.org_id, ROWS // 2 - 1
    counts = table_of(InsightCount)
    one = dict.fromkeys(COLUMNS, 1) | {"org_id": org, "tool": "", "facet": "all"}
    old = [one | {"agent_id": "", "name": "", "unit": unit} for unit in range(ROWS // 2)]
    other = [one | {"agent_id": "a", "name": str(n), "unit": today} for n in range(ROWS)]

    def fill(tx: Transaction) -> None:
        tx.execute(insert(counts), [*old, *other])

    long_history.store.write(fill)
    units = units_of(today - 89, today)
    with long_history.store.reading() as session:
        (row,) = insights.sums(session, org, ("", ""), list(Facet), COLUMNS, units)
        assert int(row["asked"]) == sum(unit >= 0 for unit in units)
        after, upto = 1_000, 1_000 + keeping.STEP
        told = insights.told(session, org, after, upto, COUNTED, keeping.AT_ONCE)
        assert len(told) == keeping.AT_ONCE
        lost = told[0].subject.removeprefix("approval:")
    looks: dict[str, Callable[[Session], Any]] = {
        "sums": lambda s: insights.sums(s, org, ("", ""), list(Facet), COLUMNS, units),
        "behind": lambda s: (insights.behind(s), insights.place(s, org)),
        "told": lambda s: insights.told(s, org, after, upto, COUNTED, keeping.AT_ONCE),
        "nothing told": lambda s: insights.told(s, org, after, upto, {"no"}, 1),
        "seen": lambda s: insights.seen(s, org, [lost]),
        "since": lambda s: insights.seq_before(s, org, 2**60),
        "pairs": lambda s: insights.pairs(s, org, [-1], 400),
    }
    long_history.store.write(lambda tx: tx.session.execute(text("ANALYZE")) and None)
    rows = {name: visited(look) for name, look in looks.items()}
    assert {name: n for name, n in rows.items() if n > MOST} == {}


def test_a_page_that_stopped_looking_goes_on_where_it_stopped(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walks, "LOOKED", 3)
    oldest = desk.submit(tool="mail.send", session="old").approval.id
    desk.cancel(oldest)
    for n in range(7):
        desk.decide(house.rae, desk.submit(arguments={"n": n}).approval.id, Verdict.DENY)
    org, now = house.org_id, desk.store.now()
    narrowed = Filters(agent="ci", tool="mail.*")
    cancelled = EventFilters(actor=f"agent:{house.ci.id}", action="approval.cancelled")
    with desk.store.reading() as session:
        pages = to_the_end(lambda at: settled.history(session, org, narrowed, at, 2))
        assert [[row.approval.id for row in page] for page in pages[-1:]] == [[oldest]]
        assert len(pages) == 3
        pages = to_the_end(
            lambda at: own.of_agent(
                session, house.ci.id, now, run_session="old", before=at or "", limit=2
            )
        )
        assert [[each.id for each in page] for page in pages] == [[], [], [oldest]]
        pages = to_the_end(lambda at: events.page(session, org, cancelled, at, 2))
        assert [[each.subject for each in page] for page in pages if page] == [
            [f"approval:{oldest}"]
        ]
        assert len(pages) > 1


def to_the_end(look: Callable[[Any], Any]) -> list[Any]:
    """Look on from where each page stopped looking; return the rows of each."""
    pages, at = [], None
    while True:
        page = look(at)
        pages.append(page.rows)
        at = page.looked_to
        if at is None:
            return pages

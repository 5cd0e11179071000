"""What screens and answers read: the right rows, in order, of one org only."""

from typing import Any

import pytest

from tests.plugins.desk import House, TestClock
from tests.plugins.rules import Desk
from webui.approvals.states import Verdict
from webui.narrowing import Query, read
from webui.store.models import Approval
from webui.store.queries import calls, events, load, narrowing, own, polled, settled
from webui.store.queries.calls import Filters, Row
from webui.store.queries.events import EventFilters
from webui.store.queries.seeing import Way


def ids(rows: object) -> list[str]:
    assert isinstance(rows, list)
    return [row.approval.id for row in rows]


def queue(desk: Desk, **filters: Any) -> list[str]:
    with desk.store.reading() as session:
        return ids(
            calls.queue(session, desk.house.org_id, desk.store.now(), Filters(**filters))
        )


def by_line(desk: Desk, line: str) -> list[str]:
    org_id, now, query = desk.house.org_id, desk.store.now(), read(line)
    assert isinstance(query, Query)
    with desk.store.reading() as session:
        found = narrowing.waiting(session, org_id, now, query, seen=None)
    return [row.approval.id for _, row in found]


def test_the_queue_shows_what_waits_the_most_urgent_first(
    desk: Desk, house: House, clock: TestClock
) -> None:
    late = desk.submit(arguments={"n": 1}, expires_in=600_000).approval.id
    soon = desk.submit(
        house.deploy_bot,
        tool="mail.send",
        risk="high",
        session="s",
        summary="50% off_er",
        expires_in=30_000,
        on_behalf_of=house.vi.id,
    ).approval.id
    desk.submit(house.stranger)
    desk.approved(arguments={"n": 2})
    now, org = desk.store.now(), house.org_id
    assert queue(desk) == [soon, late]
    for filters, expected in (
        ({"tool": "mail.*"}, [soon]),
        ({"tool": "mail_send"}, []),
        ({"agent": "deploy-bot"}, [soon]),
        ({"agent": house.ci.id}, [late]),
        ({"risk": "high"}, [soon]),
        ({"risk": "low"}, [soon, late]),
        ({"risk": "no such"}, [soon, late]),
        ({"session": "s"}, [soon]),
        ({"seen": (Way({Approval.agent_owner: [house.bo.id]}, {}),)}, [soon]),
        ({"seen": ()}, []),
        ({"status": "needs_revision"}, []),
    ):
        assert queue(desk, **filters) == expected, filters
    for line, expected in (
        ('"50% OFF_"', [soon]),
        ('"50_ off"', []),
        ('-"50% off_"', [late]),
        (late, [late]),
    ):
        assert by_line(desk, line) == expected, line
    with desk.store.reading() as session:
        (row,) = calls.queue(session, org, now, limit=1)
        assert (row.approval.id, row.agent_name, row.principal) == (
            soon,
            "deploy-bot",
            "Vi",
        )
        after = (row.approval.expires_at, soon)
        assert ids(calls.queue(session, org, now, after=after)) == [late]
        assert calls.pressure(session, org, now) == (2, 1, 1)
        bos = (Way({Approval.agent_owner: [house.bo.id]}, {}),)
        assert calls.pressure(session, org, now, seen=bos) == (1, 1, 1)
        assert calls.pressure(session, org, now, seen=()) == (0, 0, 0)
        assert calls.pressure(session, org, now, most=1) == (1, 1, 1)
        assert load.of_instance(session, now).waiting == 3
    clock.advance(30_000)
    assert queue(desk) == [late]  # what is over waits no more, swept or not


def test_one_approval_is_shown_to_its_own_org_only(desk: Desk, house: House) -> None:
    approval_id = desk.approved()
    used = desk.use(approval_id)
    with desk.store.reading() as session:
        found = calls.one(session, house.org_id, approval_id)
        assert isinstance(found, Row)
        assert (found.decider, found.agent_name) == ("Rae", "ci")
        assert calls.one(session, house.other_org_id, approval_id) is None
        assert calls.one(session, house.org_id, "apr_nothing") is None
        assert polled.standing(session, "apr_nothing") is None
        standing = polled.standing(session, approval_id)
        assert standing is not None
        assert (standing.status, standing.version) == ("executing", 3)
        assert calls.votes(session, []) == {}
        given = calls.votes(session, [approval_id])[approval_id]
        assert [vote.decision.user_id for vote in given] == [house.rae.id]
        (use,) = calls.uses(session, approval_id)
        assert (use.id, use.result) == (used.consumption_id, None)
        about = calls.about(session, house.org_id, approval_id)
        assert about is not None
        assert about.tool == found.approval.tool
        assert calls.about(session, house.other_org_id, approval_id) is None


def test_an_agent_pages_through_its_own_newest_first(
    desk: Desk, house: House, clock: TestClock
) -> None:
    mine = []
    for n in range(4):
        mine.append(desk.submit(arguments={"n": n}, session=f"s{n % 2}").approval.id)
        clock.advance(1)  # ids of one millisecond have no order
    desk.submit(house.helper)
    desk.cancel(mine[0])
    with desk.store.reading() as session:

        def page(**narrow: object) -> list[str]:
            found = own.of_agent(session, house.ci.id, desk.store.now(), **narrow)  # type: ignore[arg-type]
            return [approval.id for approval in found.rows]

        assert page() == mine[::-1]
        assert page(limit=2) == [mine[3], mine[2]]
        assert page(before=mine[2]) == [mine[1], mine[0]]
        assert page(status="cancelled") == [mine[0]]
        assert page(run_session="s1") == [mine[3], mine[1]]
        assert page(tool="other") == []


def test_history_pages_through_what_is_settled(
    desk: Desk, house: House, clock: TestClock
) -> None:
    done = []
    for n in range(3):
        done.append(desk.submit(arguments={"n": n}).approval.id)
        clock.advance(1_000)
        desk.decide(house.rae, done[-1], Verdict.DENY)
    desk.submit(arguments={"n": 9})
    middle = desk.row(done[1])
    with desk.store.reading() as session:
        org = house.org_id
        assert ids(settled.history(session, org).rows) == done[::-1]
        before = (middle.settled_at or 0, middle.id)
        assert ids(settled.history(session, org, before=before).rows) == [done[0]]
        since = Filters(since=middle.settled_at)
        assert ids(settled.history(session, org, since).rows) == [done[2], done[1]]
        until = Filters(until=middle.settled_at)
        assert ids(settled.history(session, org, until).rows) == [done[0]]
        assert ids(settled.history(session, house.other_org_id).rows) == []
        assert ids(settled.history(session, org, Filters(words=" ")).rows) == []
    clock.advance(600_000)
    again = desk.submit(arguments={"n": 0}).approval
    with desk.store.reading() as session:
        assert ids(settled.earlier(session, again)) == [done[0]]


def test_the_log_is_read_in_both_directions_and_narrowed(desk: Desk, house: House) -> None:
    approval_id = desk.approved()
    subject, org = f"approval:{approval_id}", house.org_id
    with desk.store.reading() as session:
        end = events.end(session, org)
        assert events.end(session, "org_nothing") == (0, 0)
        assert events.head(session, "org_nothing") == (0, bytes(32))
        assert events.head(session, org)[0] == end.seq
        assert [wake.seq for wake in events.after(session, org, end.seq - 2)] == [
            end.seq - 1,
            end.seq,
        ]

        def page(**narrow: object) -> list[str]:
            filters = EventFilters(**narrow)  # type: ignore[arg-type]
            return [event.action for event in events.page(session, org, filters).rows]

        own = ["approval.decided", "approval.created", "tool_call"]
        assert page(subject=subject) == own
        assert page(subject=subject, action="approval.*") == own[:2]
        assert page(action="approval.decided") == own[:1]
        assert page(actor=f"user:{house.rae.id}") == own[:1]
        decided = events.page(session, org, limit=1).rows[0]
        assert page(since=decided.at, action="approval.decided") == own[:1]
        assert page(until=decided.at, action="approval.decided") == []
        older = events.page(session, org, before=end.seq)
        assert older.rows[0].seq == end.seq - 1
        between = events.ascending(session, org, EventFilters(), 1, 3)
        assert [event.seq for event in between] == [2, 3]
        assert events.created_since(session, org, 0) == {subject}
        assert events.created_since(session, org, end.seq) == set()
        assert events.checkpoints(session, org) == []
        assert [event.action for event in events.about(session, org, subject)] == own[::-1]
        total = load.of_instance(session, desk.store.now())
        assert total.events > end.seq
        assert (total.deliveries, total.dead) == (0, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_is_longer_than_allowed(desk: Desk, house: House) -> None:
    assert calls.LONGEST_PAGE == 200
    with desk.store.reading() as session:
        assert ids(calls.queue(session, house.org_id, 0, limit=10**9)) == []

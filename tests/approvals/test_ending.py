"""Endings without a verdict: withdrawn, session or run over, out of time."""

from typing import Any

import pytest

from tests.plugins.desk import House, TestClock
from tests.plugins.rules import Desk
from webui.approvals import ending
from webui.approvals.desk import approval_of, end_unsettled, load, subject
from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.states import Resolution, Status
from webui.store.transaction import Transaction


def test_withdrawing_twice_is_fine_and_told_once(desk: Desk) -> None:
    approval_id = desk.submit().approval.id
    desk.cancel(approval_id)
    row = desk.cancel(approval_id)
    assert (row.status, row.resolution, row.version) == ("cancelled", "cancelled", 2)
    assert row.settled_at is not None
    assert desk.actions(approval_id).count("approval.cancelled") == 1


def test_what_is_settled_cannot_be_withdrawn(desk: Desk, clock: TestClock) -> None:
    approval_id = desk.approved()
    with pytest.raises(ConflictError) as caught:
        desk.cancel(approval_id)
    assert caught.value.code == "not_pending"
    assert "approved, not used yet" in caught.value.detail
    overdue = desk.submit(arguments={"n": 1}).approval.id
    clock.advance(900_000)
    with pytest.raises(ConflictError, match="expired"):
        desk.cancel(overdue)


def test_a_row_that_was_read_before_it_changed_is_never_moved(desk: Desk) -> None:
    approval_id = desk.submit().approval.id

    def move_stale(tx: Transaction) -> None:
        stale = load(tx, desk.house.org_id, approval_id)
        stale.version -= 1
        end_unsettled(tx, stale, Status.CANCELLED, Resolution.CANCELLED, actor="system")

    with pytest.raises(ConflictError, match="faster"):
        desk.store.write(move_stale)
    assert desk.status(approval_id) == "pending"


def test_the_log_names_an_approval_and_back() -> None:
    assert approval_of(subject("apr_1")) == "apr_1"
    assert approval_of("user:usr_1") == ""


def test_nobody_elses_call_can_be_withdrawn(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    for agent in (house.helper, house.stranger):
        with pytest.raises(NotFoundError):
            desk.cancel(approval_id, agent)
    assert desk.status(approval_id) == "pending"


@pytest.mark.parametrize("what", ["session", "run"])
def test_an_ending_takes_its_own_open_calls_and_nothing_else(
    desk: Desk, house: House, clock: TestClock, what: str
) -> None:
    mine: dict[str, Any] = {"session": "s", "run": "r"}
    sibling: dict[str, Any] = (
        {"session": "s", "run": "r2"} if what == "run" else {"session": "s2", "run": "r"}
    )
    overdue = desk.submit(arguments={"n": 0}, expires_in=1_000, **mine).approval.id
    clock.advance(1_000)
    own = [desk.submit(arguments={"n": n}, **mine).approval.id for n in (1, 2)]
    desk.demand(own[1], status="needs_revision")
    kept = {
        desk.submit(arguments={"n": 3}, **sibling).approval.id: "pending",
        desk.submit(arguments={"n": 4}).approval.id: "pending",
        desk.submit(house.helper, **mine).approval.id: "pending",
        desk.submit(house.stranger, **mine).approval.id: "pending",
        desk.approved(arguments={"n": 5}, **mine): "approved",
        overdue: "pending",
    }
    end = ending.end_session if what == "session" else ending.end_run
    name = mine[what]
    agent = house.ci
    ended = desk.store.write(lambda tx: end(tx, agent.org_id, agent.id, name))
    assert {approval.id for approval in ended} == set(own)
    for approval_id in own:
        row = desk.row(approval_id)
        assert (row.status, row.resolution) == ("cancelled", f"{what}_ended")
        assert desk.actions(approval_id)[-1] == "approval.cancelled"
    assert {each: desk.status(each) for each in kept} == kept
    assert desk.store.write(lambda tx: end(tx, agent.org_id, agent.id, name)) == []
    assert desk.sweep() == 1


def test_a_sweep_settles_what_is_due_in_batches_and_leaves_the_rest(
    desk: Desk, clock: TestClock
) -> None:
    waiting = [desk.submit(arguments={"n": n}).approval.id for n in range(3)]
    desk.demand(waiting[2], status="needs_revision")
    unused = desk.approved(arguments={"n": 3})
    running = desk.approved(arguments={"n": 4})
    desk.use(running)
    done = desk.approved(arguments={"n": 5})
    desk.report(done, desk.use(done).lease_token, "ok")
    with desk.store.reading() as session:
        assert not ending.anything_due(session, desk.store.now())
    assert desk.sweep() == 0
    clock.advance(900_000)
    later = desk.submit(arguments={"n": 6}).approval.id
    with desk.store.reading() as session:
        assert ending.anything_due(session, desk.store.now())
    assert [desk.sweep(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert {desk.status(each) for each in [*waiting, unused]} == {"expired"}
    assert {desk.row(each).resolution for each in waiting} == {"deadline"}
    assert [desk.status(each) for each in (running, done, later)] == [
        "unknown",
        "consumed",
        "pending",
    ]
    for approval_id in [*waiting, unused]:
        assert desk.actions(approval_id).count("approval.expired") == 1
        assert desk.events(approval_id)[-1].actor == "system"


def test_a_deadline_holds_from_its_very_millisecond(desk: Desk) -> None:
    row = desk.submit().approval
    assert not ending.is_over(row, row.expires_at - 1)
    assert ending.is_over(row, row.expires_at)
    with desk.store.reading() as session:
        assert not ending.anything_due(session, row.expires_at - 1)
        assert ending.anything_due(session, row.expires_at)


def test_what_a_late_sweep_finds_ended_at_its_deadline(
    desk: Desk, clock: TestClock
) -> None:
    waiting = desk.submit().approval
    unused = desk.approved(arguments={"n": 1})
    approved = desk.row(unused)
    clock.advance(86_400_000)
    while desk.sweep():
        pass
    assert desk.row(waiting.id).settled_at == waiting.expires_at
    assert desk.row(unused).settled_at == approved.settled_at  # when it was decided

"""Taking a yes back before its one use: who may, until when, and against whom it races."""

from functools import partial

import pytest

from tests.plugins.desk import House, Member, TestClock
from tests.plugins.rules import Desk, at_once, reviewer_of
from webui.approvals.answering import revoking
from webui.approvals.answering.reviewing import Decided
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.states import Verdict
from webui.approvals.use.using import Used


def revoke(desk: Desk, who: Member, approval_id: str, reason: str = "") -> Decided:
    by = reviewer_of(who)
    return desk.store.write(
        lambda tx: revoking.revoke(tx, by, desk.house.org_id, approval_id, reason)
    )


def code_of(done: Decided) -> str:
    assert done.refusal is not None
    return done.refusal.code


def test_a_yes_is_taken_back_before_use_and_can_never_be_used(
    desk: Desk, house: House
) -> None:
    approval_id = desk.approved()
    assert revoke(desk, house.ana, approval_id, "wrong host").applied
    row = desk.row(approval_id)
    assert (row.status, row.resolution, row.version) == ("revoked", "revoked", 3)
    told = desk.told(approval_id)
    assert desk.actions(approval_id)[-1] == "approval.revoked"
    assert (told["reason"], told["who"], told["solo"]) == ("wrong host", "Ana", False)
    refused = desk.consume(approval_id)
    assert isinstance(refused, ConflictError)
    assert refused.code == "revoked"


def test_a_repeat_is_fine_and_changes_nothing(desk: Desk, house: House) -> None:
    approval_id = desk.approved()
    revoke(desk, house.rae, approval_id)
    before = desk.actions(approval_id)
    again = revoke(desk, house.rae, approval_id)
    assert (again.applied, again.refusal) == (False, None)
    assert desk.actions(approval_id) == before


def test_only_who_may_decide_takes_it_back(desk: Desk, house: House) -> None:
    approval_id = desk.approved(house.deploy_bot)
    assert code_of(revoke(desk, house.bo, approval_id)) == "self_approval"
    assert code_of(revoke(desk, house.vi, approval_id)) == "missing_grant"
    assert desk.status(approval_id) == "approved"
    with pytest.raises(NotFoundError):
        desk.store.write(
            lambda tx: revoking.revoke(
                tx, reviewer_of(house.zoe), house.other_org_id, approval_id, ""
            )
        )


def test_nothing_but_an_unused_yes_is_taken_back(
    desk: Desk, house: House, clock: TestClock
) -> None:
    waiting = desk.submit(arguments={"n": 1}).approval.id
    assert code_of(revoke(desk, house.rae, waiting)) == "not_approved"
    denied = desk.submit(arguments={"n": 2}).approval.id
    desk.decide(house.rae, denied, Verdict.DENY)
    assert code_of(revoke(desk, house.rae, denied)) == "not_approved"
    running = desk.approved(arguments={"n": 3})
    desk.use(running)
    assert code_of(revoke(desk, house.rae, running)) == "already_consumed"
    old = desk.approved(arguments={"n": 4})
    clock.advance(900_000)
    assert code_of(revoke(desk, house.rae, old)) == "expired"
    assert [desk.status(each) for each in (waiting, denied, old)] == [
        "pending",
        "denied",
        "expired",
    ]


def test_a_reason_is_given_where_one_is_required(desk: Desk, house: House) -> None:
    approval_id = desk.approved()
    desk.demand(approval_id, require_reason=True)
    with pytest.raises(InvalidError) as caught:
        revoke(desk, house.rae, approval_id, " ")
    assert caught.value.code == "reason_required"
    with pytest.raises(InvalidError):
        revoke(desk, house.rae, approval_id, "x" * 4_001)
    assert revoke(desk, house.rae, approval_id, "why").applied


def test_taking_back_and_using_at_once_has_one_winner(desk: Desk, house: House) -> None:
    for n in range(10):
        approval_id = desk.approved(arguments={"n": n})
        print_of = desk.row(approval_id).fingerprint
        used, took = at_once(
            partial(desk.consume, approval_id, fingerprint=print_of),
            partial(revoke, desk, house.rae, approval_id),
        )
        ran = isinstance(used, Used)
        assert ran != (isinstance(took, Decided) and took.applied), (used, took)
        assert desk.status(approval_id) == ("executing" if ran else "revoked")

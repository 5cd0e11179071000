"""Claims and cascades: courtesies among people that decide nothing by themselves."""

from functools import partial

import pytest

from tests.plugins.desk import House, Member, TestClock
from tests.plugins.rules import Desk, at_once, reviewer_of
from webui.approvals.answering import claiming
from webui.approvals.answering.reviewing import Decided, seal_of
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.approvals.states import Verdict

LEASE = 300_000


def claim(desk: Desk, who: Member, approval_id: str, org_id: str | None = None) -> Decided:
    by, org = reviewer_of(who), org_id or desk.house.org_id
    return desk.store.write(
        lambda tx: claiming.claim(tx, by, org, approval_id, lease=LEASE)
    )


def release(desk: Desk, who: Member, approval_id: str) -> Decided:
    by = reviewer_of(who)
    return desk.store.write(
        lambda tx: claiming.release(tx, by, desk.house.org_id, approval_id)
    )


def holder(desk: Desk, approval_id: str) -> str | None:
    return claiming.holder_of(desk.row(approval_id), desk.clock.now())


def test_a_claim_says_who_looks_and_changes_neither_version_nor_seal(
    desk: Desk, house: House
) -> None:
    approval = desk.submit().approval
    seal = seal_of(approval, 1)
    assert claim(desk, house.rae, approval.id).applied
    row = desk.row(approval.id)
    assert (holder(desk, approval.id), row.version) == (house.rae.id, 1)
    assert seal_of(row, 1) == seal
    told = desk.told(approval.id)
    assert desk.actions(approval.id)[-1] == "approval.claimed"
    assert (told["who"], told["taken_from"]) == ("Rae", None)


def test_a_claim_ends_by_itself_and_lasts_longer_when_renewed(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = desk.submit().approval.id
    claim(desk, house.rae, approval_id)
    clock.advance(LEASE - 1_000)
    claim(desk, house.rae, approval_id)
    assert desk.told(approval_id)["taken_from"] is None
    clock.advance(LEASE - 1_000)
    assert holder(desk, approval_id) == house.rae.id
    clock.advance(1_000)
    assert holder(desk, approval_id) is None


def test_whoever_may_decide_may_take_it_over_and_the_log_says_from_whom(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    claim(desk, house.rae, approval_id)
    claim(desk, house.ana, approval_id)
    assert holder(desk, approval_id) == house.ana.id
    assert desk.told(approval_id)["taken_from"] == house.rae.id


def test_a_claim_keeps_nobody_from_deciding(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    claim(desk, house.rae, approval_id)
    assert desk.decide(house.ana, approval_id).applied
    assert holder(desk, approval_id) is None


def test_who_may_not_decide_may_not_claim_and_is_told_why(desk: Desk, house: House) -> None:
    owned = desk.submit(house.deploy_bot).approval.id
    waiting = desk.submit().approval.id
    desk.demand(waiting, approvals_required=2)
    desk.decide(house.rae, waiting)
    cases = (
        (house.bo, owned, "self_approval"),
        (house.vi, waiting, "missing_grant"),
        (house.rae, waiting, "already_decided_by_you"),
    )
    for who, approval_id, code in cases:
        done = claim(desk, who, approval_id)
        assert isinstance(done.refusal, NotAllowedError)
        assert (done.applied, done.refusal.code) == (False, code)
        assert holder(desk, approval_id) is None
        assert desk.told(approval_id)["code"] == code
    with pytest.raises(NotFoundError):
        claim(desk, house.zoe, owned, house.other_org_id)


def test_a_settled_one_is_not_claimed(desk: Desk, house: House, clock: TestClock) -> None:
    denied = desk.submit().approval.id
    desk.decide(house.rae, denied, Verdict.DENY)
    expired = desk.submit(arguments={"n": 2}).approval.id
    clock.advance(900_000)
    for approval_id in (denied, expired):
        refusal = claim(desk, house.ana, approval_id).refusal
        assert refusal is not None
        assert refusal.code == "already_settled"


def test_only_ones_own_claim_is_let_go(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    assert release(desk, house.rae, approval_id).refusal is None
    claim(desk, house.rae, approval_id)
    refusal = release(desk, house.ana, approval_id).refusal
    assert refusal is not None
    assert refusal.code == "claimed_by_another"
    assert release(desk, house.rae, approval_id).applied
    assert holder(desk, approval_id) is None
    assert desk.actions(approval_id)[-1] == "approval.released"


def test_a_claim_and_a_verdict_at_once_never_spoil_each_other(
    desk: Desk, house: House
) -> None:
    for n in range(10):
        approval_id = desk.submit(arguments={"n": n}).approval.id
        at_once(
            partial(claim, desk, house.rae, approval_id),
            partial(desk.decide, house.ana, approval_id),
        )
        row = desk.row(approval_id)
        assert (row.status, row.version, row.decided_by) == ("approved", 2, house.ana.id)
        assert holder(desk, approval_id) is None

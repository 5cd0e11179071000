"""One person's verdict: who may, when, how often, and what the log says of it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from tests.plugins.desk import House, Member, TestClock
from tests.plugins.rules import UNSEEN, Desk, reviewer_of
from webui.approvals.answering import deciding, reviewing
from webui.approvals.answering.barring import verdicts_open_to
from webui.approvals.answering.reviewing import Look, seal_of
from webui.approvals.answering.said import why_not
from webui.approvals.desk import load, move
from webui.approvals.errors import (
    ConflictError,
    DeskError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.grants.granting import GrantWish
from webui.approvals.people import accounts
from webui.approvals.states import Status, Verdict
from webui.store.models import Approval, Decision, Membership
from webui.store.queries import calls
from webui.store.transaction import Transaction

DENY = Verdict.DENY


def decisions(desk: Desk) -> int:
    with desk.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Decision)) or 0


def break_glass(
    desk: Desk,
    who: Member,
    approval_id: str,
    verdict: Verdict = Verdict.APPROVE,
    grant: GrantWish | None = None,
) -> reviewing.Decided:
    return desk.store.write(
        lambda tx: deciding.decide(
            tx,
            reviewer_of(who),
            desk.house.org_id,
            approval_id,
            verdict,
            "the site is down",
            UNSEEN,
            grant=grant,
            break_glass=True,
        )
    )


def test_a_yes_settles_once_and_is_written_with_its_event(desk: Desk, house: House) -> None:
    approval = desk.submit().approval
    look = Look(seal_of(approval, 7), 7, opened_full=True, seconds=12)
    decided = desk.decide(
        house.rae,
        approval.id,
        reason="fine",
        look=look,
        session_id="ses",
        address="127.0.0.1",
        user_agent="a test",
    )
    row = desk.row(approval.id)
    assert (decided.applied, decided.refusal) == (True, None)
    assert (row.status, row.version, row.resolution) == ("approved", 2, "reviewer")
    assert row.decided_by == house.rae.id
    assert row.decided_at == row.settled_at
    assert row.usable_until == row.expires_at
    assert desk.actions(approval.id)[-1] == "approval.decided"
    told = desk.told(approval.id)
    expected = {
        "verdict": "approve",
        "reason": "fine",
        "who": "Rae",
        "channel": "page",
        "session": "ses",
        "address": "127.0.0.1",
        "user_agent": "a test",
        "seal": look.seal,
        "opened_full": True,
        "seconds": 12,
        "old_status": "pending",
        "status": "approved",
        "version": 2,
        "resolution": "reviewer",
        "fingerprint": approval.fingerprint,
    }
    assert {name: told[name] for name in expected} == expected
    assert desk.events(approval.id)[-1].actor == f"user:{house.rae.id}"
    with desk.store.reading() as session:
        (vote,) = calls.votes(session, [approval.id])[approval.id]
    assert (vote.display, vote.decision.seal, vote.decision.reason) == (
        "Rae",
        look.seal,
        "fine",
    )


def test_a_no_settles_and_can_never_be_used(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, DENY, "too risky")
    row = desk.row(approval_id)
    assert (row.status, row.usable_until) == ("denied", None)
    refused = desk.consume(approval_id)
    assert isinstance(refused, ConflictError)
    assert (refused.code, desk.status(approval_id)) == ("not_approved", "denied")


def test_a_yes_given_late_can_be_used_for_five_minutes(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = desk.submit().approval.id
    clock.advance(890_000)
    desk.decide(house.rae, approval_id)
    row = desk.row(approval_id)
    assert row.usable_until == (row.decided_at or 0) + 300_000 > row.expires_at


def test_an_identical_repeat_is_a_success_and_changes_nothing(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id)
    before = desk.actions(approval_id)
    again = desk.decide(house.rae, approval_id)
    assert (again.applied, again.refusal) == (False, None)
    assert (desk.actions(approval_id), desk.row(approval_id).version) == (before, 2)
    desk.use(approval_id)
    assert desk.decide(house.rae, approval_id).refusal is None


@pytest.mark.parametrize("first", [Verdict.APPROVE, DENY])
def test_another_verdict_comes_late_is_recorded_and_not_applied(
    desk: Desk, house: House, first: Verdict
) -> None:
    second = DENY if first is Verdict.APPROVE else Verdict.APPROVE
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, first)
    before = desk.row(approval_id)
    for who, verdict in ((house.rae, second), (house.ana, second), (house.ana, first)):
        late = desk.decide(who, approval_id, verdict)
        assert late.refusal is not None
        assert not late.applied
        assert late.refusal.code == "already_settled"
        assert "Rae " in late.refusal.detail
        assert desk.told(approval_id) | {"who": who.name, "verdict": verdict} == desk.told(
            approval_id
        )
    after = desk.row(approval_id)
    assert (after.status, after.version) == (before.status, before.version)
    assert decisions(desk) == 1
    assert desk.actions(approval_id).count("approval.late") == 3


def test_a_stale_seal_decides_nothing(desk: Desk, house: House) -> None:
    approval = desk.submit().approval
    for look in (Look("0" * 64, 1), Look(seal_of(approval, 1), 2)):
        with pytest.raises(ConflictError) as caught:
            desk.decide(house.rae, approval.id, look=look)
        assert caught.value.code == "stale_seal"
    assert (desk.status(approval.id), decisions(desk)) == ("pending", 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("arguments_hash", "sha256:0"),
        ("fingerprint", "sha256:0"),
        ("rule_hash", "other"),
        ("edits", 1),
        ("change_requests", 1),
        ("id", "apr_other"),
        ("own_domains", "northwind.example"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_seal_breaks_with_whatever_was_shown(
    desk: Desk, column: str, value: object
) -> None:
    approval = desk.submit().approval
    seal = seal_of(approval, 1)
    setattr(approval, column, value)
    assert seal_of(approval, 1) != seal


def test_a_vote_of_somebody_else_does_not_break_a_seal(desk: Desk, house: House) -> None:
    approval = desk.submit().approval
    desk.demand(approval.id, approvals_required=2)
    look = Look(seal_of(approval, 1), 1)
    desk.decide(house.rae, approval.id, look=look)
    desk.submit()
    assert desk.decide(house.bo, approval.id, look=look).approval.status == "approved"


def test_the_owner_of_the_agent_and_whom_it_acts_for_never_decide(
    desk: Desk, house: House
) -> None:
    owned = desk.submit(house.deploy_bot).approval.id
    acting = desk.submit(on_behalf_of=house.rae.email).approval.id
    for who, approval_id in ((house.bo, owned), (house.rae, acting)):
        for verdict in (Verdict.APPROVE, DENY):
            with pytest.raises(NotAllowedError) as caught:
                desk.decide(who, approval_id, verdict)
            assert caught.value.code == "self_approval"
    assert desk.decide(house.rae, owned).applied
    assert desk.decide(house.bo, acting).applied


def test_an_owner_who_lost_the_agent_since_still_may_not_decide(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit(house.deploy_bot).approval.id
    assert desk.row(approval_id).agent_owner == house.bo.id
    with pytest.raises(NotAllowedError):
        desk.decide(house.bo, approval_id)


def test_one_person_alone_may_opt_out_of_separation_and_the_row_says_so(
    desk: Desk, house: House
) -> None:
    before = desk.submit(house.deploy_bot, arguments={"n": 1}).approval.id
    desk.set_org(solo_operator=True)
    after = desk.submit(house.deploy_bot, on_behalf_of=house.bo.id).approval
    assert after.solo
    assert desk.decide(house.bo, after.id).applied
    with pytest.raises(NotAllowedError):
        desk.decide(house.bo, before)


def test_the_database_itself_refuses_a_decision_by_the_principal(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit(on_behalf_of=house.rae.id).approval.id
    with pytest.raises(IntegrityError):
        desk.demand(approval_id, status="denied", decided_by=house.rae.id)
    with pytest.raises(IntegrityError):
        desk.demand(approval_id, status="approved")
    late = desk.row(approval_id).expires_at
    with pytest.raises(IntegrityError):
        desk.demand(approval_id, status="denied", decided_by="x", decided_at=late)
    with pytest.raises(IntegrityError):
        desk.demand(approval_id, status="approvd")
    assert desk.status(approval_id) == "pending"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("vi", "missing_grant"),
        ("ed", "missing_grant"),
        ("max", "missing_grant"),
        ("cy", "account_suspended"),
        ("zoe", "missing_membership"),
    ],
)
def test_who_may_not_decide_is_told_why(
    desk: Desk, house: House, name: str, code: str
) -> None:
    approval_id = desk.submit().approval.id
    who: Member = getattr(house, name)
    with pytest.raises(NotAllowedError) as caught:
        desk.decide(who, approval_id)
    assert caught.value.code == code
    assert desk.status(approval_id) == "pending"


def test_another_orgs_approval_is_one_that_does_not_exist(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    with pytest.raises(NotFoundError) as theirs:
        desk.decide(house.zoe, approval_id, org_id=house.other_org_id)
    with pytest.raises(NotFoundError) as nobodys:
        desk.decide(house.zoe, "apr_nothing", org_id=house.other_org_id)
    assert theirs.value.detail == nobodys.value.detail
    assert desk.status(approval_id) == "pending"


def test_an_agent_with_a_persons_identity_never_decides(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    with pytest.raises(NotAllowedError) as caught:
        desk.decide(house.ana, approval_id, agent_context=True)
    assert caught.value.code == "agent_context"


def _suspend(tx: Transaction, house: House) -> None:
    accounts.suspend_user(tx, house.org_id, house.rae.email, actor="system")


def _demote(tx: Transaction, house: House) -> None:
    accounts.set_role(tx, house.org_id, house.rae.email, "viewer", actor="system")


def _leave(tx: Transaction, house: House) -> None:
    tx.execute(
        update(Membership)
        .where(Membership.user_id == house.rae.id)
        .values(status="suspended")
    )


REVOCATIONS = [_suspend, _demote, _leave]


@pytest.mark.parametrize("revoke", REVOCATIONS)
def test_a_revoked_reviewer_decides_nothing_from_a_stale_page(
    desk: Desk, house: House, revoke: Callable[[Transaction, House], None]
) -> None:
    approval_id = desk.submit().approval.id
    desk.store.write(lambda tx: revoke(tx, house))
    with pytest.raises(NotAllowedError):
        desk.decide(house.rae, approval_id)
    assert (desk.status(approval_id), decisions(desk)) == ("pending", 0)


@pytest.mark.parametrize("undo_seconds", [0, 10])
@pytest.mark.parametrize("revoke", [_demote, _leave])
def test_the_deciding_statement_itself_looks_at_the_membership(
    desk: Desk,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    revoke: Callable[[Transaction, House], None],
    undo_seconds: int,
) -> None:
    desk.set_org(undo_seconds=undo_seconds)
    approval_id = desk.submit().approval.id
    looked = reviewing.access_of

    def look_and_lose(*args: object, **more: object) -> object:
        access = looked(*args, **more)  # type: ignore[arg-type]
        revoke(args[0], house)  # type: ignore[arg-type]
        return access

    monkeypatch.setattr(deciding, "access_of", look_and_lose)
    with pytest.raises(ConflictError):
        desk.decide(house.rae, approval_id)
    assert (desk.status(approval_id), decisions(desk)) == ("pending", 0)
    assert desk.row(approval_id).settles_at is None


def test_a_deadline_is_judged_without_any_sweep(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = desk.submit().approval.id
    clock.advance(900_000)
    late = desk.decide(house.rae, approval_id)
    assert late.refusal is not None
    assert late.refusal.detail.endswith("It is settled: expired.")
    assert desk.status(approval_id) == "expired"
    assert desk.actions(approval_id)[-2:] == ["approval.expired", "approval.late"]
    assert decisions(desk) == 0


def test_the_deciding_statement_itself_looks_at_the_deadline(
    desk: Desk, house: House, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = desk.submit().approval.id
    monkeypatch.setattr(deciding, "expire_if_over", lambda _tx, approval: approval)
    clock.advance(900_000)
    with pytest.raises(ConflictError) as caught:
        desk.decide(house.rae, approval_id)
    assert (caught.value.code, desk.status(approval_id)) == ("wrong_status", "pending")


def test_reasons_are_kept_short_and_required_where_a_rule_says_so(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    with pytest.raises(InvalidError, match="longer than 4000"):
        desk.decide(house.rae, approval_id, reason="x" * 4_001)
    desk.demand(approval_id, require_reason=True)
    with pytest.raises(InvalidError) as caught:
        desk.decide(house.rae, approval_id, DENY, " \n ")
    assert caught.value.code == "reason_required"
    assert desk.decide(house.rae, approval_id, DENY, "x" * 4_000).applied


def test_a_verdict_that_the_approval_does_not_take_is_refused(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit(allowed_decisions=("deny",)).approval.id
    with pytest.raises(InvalidError):
        desk.decide(house.rae, approval_id)
    assert desk.decide(house.rae, approval_id, DENY).applied


def test_who_was_refused_a_verdict_stays_in_the_log(desk: Desk, house: House) -> None:
    approval_id = desk.submit(on_behalf_of=house.rae.id).approval.id
    for who, look in ((house.rae, UNSEEN), (house.vi, UNSEEN), (house.bo, Look("0", 1))):
        with pytest.raises(DeskError) as caught:
            desk.decide(who, approval_id, DENY, look=look)
        event, told = desk.events(approval_id)[-1], desk.told(approval_id)
        assert (event.action, event.actor) == ("access.refused", f"user:{who.id}")
        assert (told["code"], told["verdict"]) == (caught.value.code, "deny")
    assert desk.status(approval_id) == "pending"


def test_no_is_taken_whatever_the_approval_offers(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, allowed_decisions="approve")
    assert desk.decide(house.rae, approval_id, DENY).approval.status == "denied"


def test_two_of_three_take_two_people(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, approvals_required=2)
    first = desk.decide(house.rae, approval_id)
    assert (first.applied, first.approval.status, first.approval.version) == (
        True,
        "pending",
        2,
    )
    assert desk.row(approval_id).version == 2
    again = desk.decide(house.rae, approval_id)
    assert (again.applied, again.refusal) == (False, None)
    other = desk.decide(house.rae, approval_id, DENY)
    assert other.refusal is not None
    assert other.refusal.code == "already_decided_by_you"
    assert (desk.status(approval_id), decisions(desk)) == ("pending", 1)
    desk.decide(house.bo, approval_id)
    row = desk.row(approval_id)
    assert (row.status, row.resolution, row.version) == ("approved", "quorum", 3)
    assert desk.actions(approval_id)[-2:] == ["approval.vote", "approval.decided"]
    repeat = desk.decide(house.rae, approval_id)
    assert (repeat.applied, repeat.refusal) == (False, None)


def test_a_voter_who_lost_is_told_so(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, approvals_required=2)
    desk.decide(house.rae, approval_id)
    desk.decide(house.bo, approval_id, DENY)
    late = desk.decide(house.rae, approval_id)
    assert late.refusal is not None
    assert "Bo denied it." in late.refusal.detail


def test_one_person_never_counts_twice_whatever_the_rules_do(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, approvals_required=2)
    desk.decide(house.rae, approval_id)
    monkeypatch.setattr(deciding, "votes_on", lambda _tx, _approval_id: [])
    with pytest.raises(Exception, match=r"UNIQUE|busy"):
        desk.decide(house.rae, approval_id)
    assert (desk.status(approval_id), decisions(desk)) == ("pending", 1)


def test_the_last_two_votes_cannot_miss_each_other(desk: Desk, house: House) -> None:
    ids = [desk.submit(arguments={"n": n}).approval.id for n in range(6)]
    for approval_id in ids:
        desk.demand(approval_id, approvals_required=3)
        desk.decide(house.ana, approval_id)
    for approval_id in ids:
        ready = threading.Barrier(2)

        def vote(who: Member, each: str = approval_id, gate: object = ready) -> None:
            assert isinstance(gate, threading.Barrier)
            gate.wait()
            desk.decide(who, each)

        voters = [
            threading.Thread(target=vote, args=(who,)) for who in (house.rae, house.bo)
        ]
        for voter in voters:
            voter.start()
        for voter in voters:
            voter.join()
    assert {desk.status(approval_id) for approval_id in ids} == {"approved"}
    assert {desk.row(approval_id).version for approval_id in ids} == {4}


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_a_revocation_and_a_decision_wait_for_each_other(desk: Desk, house: House) -> None:
    """T13: nobody decides after the commit that took the right away."""
    for n in range(10):
        approval_id = desk.submit(arguments={"n": n}).approval.id
        ready = threading.Barrier(2)

        def suspend(gate: threading.Barrier = ready) -> None:
            gate.wait()
            desk.store.write(lambda tx: _leave(tx, house))

        def decide(gate: threading.Barrier = ready, each: str = approval_id) -> None:
            gate.wait()
            try:
                desk.decide(house.rae, each)
            except (NotAllowedError, ConflictError):
                assert desk.status(each) == "pending"
            else:
                assert desk.status(each) == "approved"

        both = [threading.Thread(target=suspend), threading.Thread(target=decide)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        with pytest.raises(NotAllowedError):
            desk.decide(house.rae, desk.submit(arguments={"m": n}).approval.id)
        desk.store.write(
            lambda tx: (
                tx.execute(
                    update(Membership)
                    .where(Membership.user_id == house.rae.id)
                    .values(status="active")
                )
                and None
            )
        )


def test_a_call_that_waits_for_changes_takes_no_yes(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, status="needs_revision")
    with pytest.raises(ConflictError) as caught:
        desk.decide(house.rae, approval_id)
    assert caught.value.code == "needs_revision"
    assert "asked for changes" in caught.value.detail
    assert (desk.status(approval_id), decisions(desk)) == ("needs_revision", 0)


SETTLED = [
    "denied",
    "answered",
    "expired",
    "cancelled",
    "superseded",
    "revoked",
    "consumed",
    "failed",
    "unknown",
]


def test_no_status_is_written_that_the_table_of_moves_does_not_know(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, DENY)

    def approve(tx: Transaction) -> None:
        row = load(tx, house.org_id, approval_id)
        move(tx, row, Status.APPROVED, actor="system", action="approval.decided")

    with pytest.raises(ConflictError, match="cannot become approved"):
        desk.store.write(approve)
    assert (desk.status(approval_id), decisions(desk)) == ("denied", 1)


def test_an_approval_that_is_nowhere_is_decided_by_nobody(desk: Desk, house: House) -> None:
    with pytest.raises(NotFoundError):
        desk.decide(house.rae, "apr_nowhere")


@pytest.mark.parametrize("approve", [True, False])
def test_who_is_asked_for_a_veto_alone_is_offered_no_yes(desk: Desk, approve: bool) -> None:
    row = desk.submit().approval
    offered = verdicts_open_to(row, None, Status.PENDING, approve=approve, edit=True)
    assert "deny" in offered
    assert ("approve" in offered, "edit" in offered) == (approve, approve)


def test_an_answer_in_place_of_a_run_is_why_it_must_not_run(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, Verdict.RESPOND, answer="Use the staging host.")
    with desk.store.reading() as session:
        votes = calls.votes_on(session.connection(), approval_id)
    told = why_not(desk.row(approval_id), votes, desk.store.now())
    assert told.endswith("instead of running it: Use the staging host.")


def test_break_glass_only_approves(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    for verdict, grant in ((DENY, None), (Verdict.APPROVE, GrantWish(uses=1))):
        with pytest.raises(InvalidError, match="only this one call"):
            break_glass(desk, house.ana, approval_id, verdict, grant)
    assert (desk.status(approval_id), decisions(desk)) == ("pending", 0)


def test_who_has_voted_breaks_the_glass_with_the_voice_they_gave(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, approvals_required=2)
    desk.decide(house.ana, approval_id)
    assert break_glass(desk, house.ana, approval_id).applied
    row = desk.row(approval_id)
    assert (row.status, row.resolution, decisions(desk)) == ("approved", "break_glass", 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("status", SETTLED)
def test_nothing_arms_a_settled_approval_again(
    desk: Desk, house: House, clock: TestClock, status: str
) -> None:
    approval_id = desk.approved()
    token = desk.use(approval_id).lease_token
    decided_by = None if status in {"cancelled", "superseded"} else house.rae.id
    desk.demand(approval_id, status=status, decided_by=decided_by)
    before = desk.row(approval_id)
    for verdict in (Verdict.APPROVE, DENY):
        assert not desk.decide(house.bo, approval_id, verdict).applied
    assert isinstance(desk.consume(approval_id), ConflictError)
    verbs: list[Callable[[], object]] = [
        lambda: desk.roll_back(approval_id, token),
        lambda: desk.heartbeat(approval_id, token),
    ]
    if status != "cancelled":  # withdrawing twice is fine
        verbs.append(lambda: desk.cancel(approval_id))
    for verb in verbs:
        with pytest.raises(ConflictError):
            verb()
    clock.advance(10**9)
    assert desk.sweep() == 0
    after = desk.row(approval_id)
    assert (after.status, after.version) == (status, before.version)
    assert isinstance(after, Approval)

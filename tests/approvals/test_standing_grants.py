"""Standing grants: the same call again, within its bounds, for a while, and no further."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update

from tests.plugins.desk import House, Member, TestClock
from tests.plugins.rules import UNSEEN, Desk, reviewer_of
from webui.approvals.answering import deciding
from webui.approvals.answering.reviewing import Decided
from webui.approvals.ending import end_session
from webui.approvals.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.grants import granting
from webui.approvals.grants.covering import revoke_grant
from webui.approvals.grants.granting import HOUR, GrantWish
from webui.approvals.people import accounts
from webui.approvals.states import Verdict
from webui.approvals.use.leases import report, roll_back
from webui.approvals.use.using import Used
from webui.audit.agreement import findings
from webui.store.models import Approval, Event, Org, StandingGrant
from webui.store.transaction import Transaction

MAIL = {"to": "team@example.org", "subject": "Weekly", "body": "As agreed."}
SOME = GrantWish(uses=3)
OTHER_SUBJECT = {"path": "args.subject", "op": "starts_with", "value": "Week"}
Give = Callable[..., StandingGrant]


def given(
    desk: Desk,
    who: Member,
    wish: GrantWish,
    verdict: Verdict = Verdict.APPROVE,
    **call: Any,
) -> Decided:
    asked = desk.submit(tool="mail.send", **{"arguments": MAIL, **call})
    decided = desk.store.write(
        lambda tx: deciding.decide(
            tx,
            reviewer_of(who),
            desk.house.org_id,
            asked.approval.id,
            verdict,
            "",
            UNSEEN,
            grant=wish,
        )
    )
    if decided.refusal is not None:
        raise decided.refusal
    return decided


@pytest.fixture
def give(desk: Desk, house: House) -> Give:
    """Approve a mail with a grant, use that yes up, and return the grant."""

    def give(who: Member = house.rae, wish: GrantWish = SOME, **call: Any) -> StandingGrant:
        approval = given(desk, who, wish, **call).approval
        used = desk.consume(approval.id)
        assert isinstance(used, Used)
        agent = call.get("agent", house.ci)
        desk.store.write(
            lambda tx: report(tx, agent.filer, approval.id, used.lease_token, "ok", "").id
        )
        with desk.store.reading() as session:
            return session.scalars(
                select(StandingGrant).where(StandingGrant.approval_id == approval.id)
            ).one()

    return give


def asks(desk: Desk, arguments: dict[str, Any] = MAIL, **call: Any) -> str:
    """File the mail anew; return the status of its approval, withdrawn if it waits."""
    filed = desk.submit(tool="mail.send", arguments=arguments, **call)
    return str(filed.approval.status)


def grant_now(desk: Desk, grant: StandingGrant) -> StandingGrant:
    with desk.store.reading() as session:
        return session.get_one(StandingGrant, grant.id)


def test_the_same_call_is_approved_as_often_as_was_granted(desk: Desk, give: Give) -> None:
    grant = give()
    first = desk.submit(tool="mail.send", arguments=MAIL).approval
    row = desk.row(first.id)
    assert (row.status, row.resolution, row.decided_by) == (
        "approved",
        "grant",
        f"grant:{grant.id}",
    )
    assert (row.by_person, row.grant_id) == (False, grant.id)
    assert asks(desk) == "approved"
    assert asks(desk) == "approved"
    assert asks(desk) == "pending"  # the fourth
    assert grant_now(desk, grant).used == 3
    assert grant_now(desk, grant).ended_at is not None


def test_each_use_is_told_and_the_log_agrees_with_the_tables(
    desk: Desk, house: House, give: Give
) -> None:
    grant = give()
    approval = desk.submit(tool="mail.send", arguments=MAIL).approval
    assert "approval.created" in desk.actions(approval.id)
    with desk.store.reading() as session:
        told = session.scalars(
            select(Event.action)
            .where(Event.subject == f"standing_grant:{grant.id}")
            .order_by(Event.seq)
        ).all()
        assert told == ["standing_grant.created", "standing_grant.used"]
        assert findings(session.connection(), house.org_id, pruned=False) == []


def test_a_gate_goes_through_at_once(desk: Desk, give: Give) -> None:
    give()
    used = desk.gate(tool="mail.send", arguments=MAIL)
    assert isinstance(used, Used)
    assert used.approval.status == "executing"


@pytest.mark.parametrize(
    "call",
    [
        {"arguments": MAIL | {"body": "Something else."}},
        {"arguments": MAIL | {"bcc": "eve@example.org"}},
        {"arguments": {"to": MAIL["to"], "subject": MAIL["subject"]}},
        {"arguments": MAIL, "scope": "C123"},
        {"arguments": MAIL, "ctx": {"cwd": "/srv"}},
        {"arguments": MAIL, "tool_def": "sha256:" + "0" * 64},
        {"arguments": MAIL, "risk": "high"},
        {"arguments": MAIL, "on_behalf_of": "max@example.org"},
    ],
)
def test_a_call_that_differs_waits_for_a_person(
    desk: Desk, give: Give, call: dict[str, Any]
) -> None:
    grant = give()
    assert asks(desk, **call) == "pending"
    assert grant_now(desk, grant).used == 0


def test_another_agent_and_another_tool_wait(desk: Desk, house: House, give: Give) -> None:
    give()
    assert asks(desk, agent=house.helper) == "pending"
    assert desk.submit(tool="mail.sent", arguments=MAIL).approval.status == "pending"


def test_a_condition_frees_one_argument_and_no_other(desk: Desk, give: Give) -> None:
    give(wish=GrantWish(uses=10, conditions=(OTHER_SUBJECT,)))
    assert asks(desk, MAIL | {"subject": "Week 12"}) == "approved"
    assert asks(desk, MAIL | {"subject": "Monthly"}) == "pending"
    assert asks(desk, MAIL | {"subject": 12}) == "pending"  # it cannot be told
    assert asks(desk, {name: MAIL[name] for name in ("to", "body")}) == "pending"
    assert asks(desk, MAIL | {"subject": "Week 12", "body": "x"}) == "pending"


def test_a_grant_for_a_session_is_for_that_session(desk: Desk, give: Give) -> None:
    give(wish=GrantWish(session=True), session="ses_1")
    assert asks(desk, session="ses_1") == "approved"
    assert asks(desk, session="ses_2") == "pending"


def test_a_grant_ends_at_its_time_without_any_sweep(
    desk: Desk, clock: TestClock, give: Give
) -> None:
    give(wish=GrantWish(until=desk.store.now() + HOUR))
    assert asks(desk) == "approved"
    clock.advance(HOUR)
    assert asks(desk) == "pending"


@pytest.mark.parametrize(
    ("wish", "call", "code"),
    [
        (GrantWish(uses=0), {}, "grant_too_wide"),
        (GrantWish(uses=1_001), {}, "grant_too_wide"),
        (GrantWish(until=1), {}, "grant_too_wide"),
        (GrantWish(until=2**52), {}, "grant_too_wide"),
        (GrantWish(session=True), {}, "grant_too_wide"),
        (SOME, {"risk": "high"}, "grant_not_offered"),
        (SOME, {"risk": "critical"}, "grant_not_offered"),
        (
            GrantWish(conditions=({"path": "state.x.y", "op": "lt", "value": 1},)),
            {},
            "grant_conditions",
        ),
        (
            GrantWish(conditions=({"path": "args.to", "op": "is", "value": 1},)),
            {},
            "grant_conditions",
        ),
        (
            GrantWish(conditions=({"path": "args.to", "op": "eq", "value": "x"},)),
            {},
            "grant_conditions",
        ),
    ],
)
def test_a_grant_that_may_not_be_given_is_refused_and_nothing_is_decided(
    desk: Desk, house: House, wish: GrantWish, call: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        given(desk, house.rae, wish, **call)
    assert refused.value.code == code
    with desk.store.reading() as session:
        assert session.scalars(select(Approval.status)).all() == ["pending"]


def test_an_org_may_give_none(desk: Desk, house: House) -> None:
    desk.store.write(
        lambda tx: tx.execute(
            update(Org).where(Org.id == house.org_id).values(grant_hours=0)
        ).close()
    )
    with pytest.raises(InvalidError, match="gives no standing grants"):
        given(desk, house.rae, SOME)


def test_what_needs_several_people_is_granted_by_none_of_them(
    desk: Desk, house: House
) -> None:
    asked = desk.submit(tool="mail.send", arguments=MAIL).approval
    desk.store.write(
        lambda tx: tx.execute(
            update(Approval).where(Approval.id == asked.id).values(approvals_required=2)
        ).close()
    )
    desk.decide(house.bo, asked.id)
    with pytest.raises(InvalidError, match="needs several people"):
        given(desk, house.rae, SOME)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"tool": "tasks:assign"}, "is answered once"),
        ({"max_grant": 0}, "The policy allows no standing grant"),
        ({"max_grant": 90 * 60_000}, "90 minutes"),
    ],
)
def test_what_a_rule_or_a_tool_limits_is_granted_no_further(
    desk: Desk, house: House, terms: dict[str, Any], said: str
) -> None:
    desk.demand(desk.submit(tool="mail.send", arguments=MAIL).approval.id, **terms)
    wish = GrantWish(until=desk.store.now() + 2 * HOUR)
    with desk.store.reading() as session:
        one = session.scalars(select(Approval.id)).one()
    with pytest.raises(InvalidError, match=said):
        desk.decide(house.rae, one, grant=wish)
    assert desk.status(one) == "pending"


def test_an_agent_holds_so_many_grants_for_a_tool_and_no_more(
    desk: Desk, house: House, give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(granting, "MOST_LIVE", 1)
    give()
    with pytest.raises(InvalidError, match="revoke one first"):
        given(desk, house.rae, SOME, arguments={"another": 1})


def test_a_grant_with_an_edit_that_needs_several_people_is_refused_and_not_dropped(
    desk: Desk, house: House
) -> None:
    desk.set_policy(
        """
version: "1"
tools:
  mail.send:
    rules:
      - name: outside
        action: require_approval
        approvals_required: 2
        conditions: [{path: args.to, op: eq, value: "them@example.com"}]
      - {name: inside, action: require_approval}
"""
    )
    approval_id = desk.submit(tool="mail.send", arguments=MAIL).approval.id
    edited = MAIL | {"to": "them@example.com"}
    with pytest.raises(InvalidError, match="one alone grants nothing more"):
        desk.edit(house.rae, approval_id, edited, grant=SOME)
    assert (desk.row(approval_id).edits, desk.status(approval_id)) == (0, "pending")
    desk.edit(house.rae, approval_id, edited)
    assert (desk.row(approval_id).edits, desk.status(approval_id)) == (1, "pending")


@pytest.mark.parametrize("verdict", [Verdict.DENY])
def test_a_no_grants_nothing(desk: Desk, house: House, verdict: Verdict) -> None:
    with pytest.raises(InvalidError, match="comes with a yes"):
        given(desk, house.rae, SOME, verdict)


def test_who_may_not_decide_grants_nothing(desk: Desk, house: House) -> None:
    with pytest.raises(NotAllowedError):
        given(desk, house.vi, SOME)
    with pytest.raises(NotAllowedError):  # the agent's owner
        given(desk, house.bo, SOME, agent=house.deploy_bot)


def test_a_grant_covers_only_what_its_maker_could_approve_now(
    desk: Desk, house: House, give: Give
) -> None:
    grant = give()
    assert asks(desk) == "approved"
    # T8: on behalf of its own maker, their grant would be their own yes
    assert asks(desk, triggered_by=house.rae.email) == "pending"
    desk.store.write(
        lambda tx: accounts.suspend_user(
            tx, house.org_id, house.rae.email, actor=f"user:{house.ana.id}"
        )
    )
    assert asks(desk, MAIL) == "pending"
    assert grant_now(desk, grant).used == 1


def test_revoked_it_covers_nothing_and_unused_yeses_are_taken_back(
    desk: Desk, house: House, give: Give
) -> None:
    grant = give()
    used = desk.gate(tool="mail.send", arguments=MAIL)
    unused = desk.submit(tool="mail.send", arguments=MAIL).approval

    def revoke(who: Member) -> None:
        refusal = desk.store.write(
            lambda tx: revoke_grant(tx, reviewer_of(who), house.org_id, grant.id)
        )
        if refusal is not None:
            raise refusal

    with pytest.raises(NotAllowedError):
        revoke(house.vi)
    assert desk.actions(grant.approval_id)[-1] == "access.refused"
    revoke(house.ana)
    revoke(house.ana)  # asking twice is fine
    assert isinstance(used, Used)
    assert desk.row(used.approval.id).status == "executing"
    assert desk.row(unused.id).status == "revoked"
    assert asks(desk) == "pending"
    assert grant_now(desk, grant).revoked_by == house.ana.id


def test_what_is_over_is_not_revoked_and_another_orgs_is_not_there(
    desk: Desk, house: House, clock: TestClock, give: Give
) -> None:
    grant = give(wish=GrantWish(until=desk.store.now() + HOUR))
    clock.advance(2 * HOUR)
    with pytest.raises(ConflictError):
        desk.store.write(
            lambda tx: revoke_grant(tx, reviewer_of(house.rae), house.org_id, grant.id)
        )
    with pytest.raises(NotFoundError):
        desk.store.write(
            lambda tx: revoke_grant(
                tx, reviewer_of(house.zoe), house.other_org_id, grant.id
            )
        )


def test_the_last_use_of_a_grant_is_taken_back_while_nobody_has_used_it(
    desk: Desk, house: House, give: Give
) -> None:
    grant = give(wish=GrantWish(uses=1))
    unused = desk.submit(tool="mail.send", arguments=MAIL).approval
    assert grant_now(desk, grant).ended_at is not None
    desk.store.write(
        lambda tx: revoke_grant(tx, reviewer_of(house.rae), house.org_id, grant.id)
    )
    assert desk.status(unused.id) == "revoked"
    assert grant_now(desk, grant).revoked_by == house.rae.id


def test_a_remembered_denial_outranks_a_grant(desk: Desk, house: House, give: Give) -> None:
    give(wish=GrantWish(uses=10, conditions=(OTHER_SUBJECT,)))
    # a call of a higher risk waits, and is denied; the same call is not let in below it
    waiting = desk.submit(
        tool="mail.send", arguments=MAIL | {"subject": "Week 7"}, risk="high"
    ).approval
    desk.decide(house.rae, waiting.id, Verdict.DENY)
    assert asks(desk, MAIL | {"subject": "Week 7"}) == "denied"


def test_a_condition_on_a_place_inside_an_argument_is_refused(
    desk: Desk, house: House
) -> None:
    payment = {"payment": {"to": "acme", "amount": 10}}
    inside = {"path": "args.payment.to", "op": "eq", "value": "acme"}
    with pytest.raises(InvalidError) as refused:
        given(desk, house.rae, GrantWish(conditions=(inside,)), arguments=payment)
    assert [fault.pointer for fault in refused.value.faults] == ["/grant/conditions/0/path"]


def test_a_covered_call_is_over_with_its_grant_and_with_its_makers_standing(
    desk: Desk, house: House, clock: TestClock, give: Give
) -> None:
    give(wish=GrantWish(until=desk.store.now() + 60_000))
    first = desk.submit(tool="mail.send", arguments=MAIL, expires_in=86_400_000).approval
    second = desk.submit(tool="mail.send", arguments=MAIL, expires_in=86_400_000).approval
    assert (desk.row(first.id).usable_until or 0) <= desk.store.now() + 60_000
    desk.store.write(
        lambda tx: accounts.suspend_user(
            tx, house.org_id, house.rae.email, actor=f"user:{house.ana.id}"
        )
    )
    refused = desk.consume(first.id)
    assert isinstance(refused, ConflictError)
    assert refused.code == "revoked"
    clock.advance(60_001)
    late = desk.consume(second.id)
    assert isinstance(late, ConflictError)


def test_a_use_that_is_given_back_after_the_revocation_stays_used_up(
    desk: Desk, house: House, give: Give
) -> None:
    grant = give()
    used = desk.gate(tool="mail.send", arguments=MAIL)
    assert isinstance(used, Used)
    desk.store.write(
        lambda tx: revoke_grant(tx, reviewer_of(house.rae), house.org_id, grant.id)
    )
    desk.store.write(
        lambda tx: (
            roll_back(tx, house.ci.filer, used.approval.id, used.lease_token, "refused").id
        )
    )
    assert desk.row(used.approval.id).status == "failed"


def test_the_end_of_a_session_ends_its_grants_and_no_other(desk: Desk, give: Give) -> None:
    grant = give(wish=GrantWish(session=True), session="ses_1")
    unused = desk.submit(tool="mail.send", arguments=MAIL, session="ses_1").approval
    house = desk.house
    desk.store.write(
        lambda tx: [
            ended.id for ended in end_session(tx, house.org_id, house.ci.id, "ses_1")
        ]
    )
    assert desk.row(unused.id).status == "revoked"
    assert grant_now(desk, grant).ended_at is not None
    assert asks(desk, session="ses_1") == "pending"


def test_a_grant_that_ended_before_its_session_ends_once(
    desk: Desk, house: House, give: Give
) -> None:
    grant = give(wish=GrantWish(session=True), session="ses_1")
    desk.store.write(
        lambda tx: revoke_grant(tx, reviewer_of(house.rae), house.org_id, grant.id)
    )
    before = grant_now(desk, grant).ended_at
    desk.store.write(
        lambda tx: end_session(tx, house.org_id, house.ci.id, "ses_1") and None
    )
    assert grant_now(desk, grant).ended_at == before
    assert grant_now(desk, grant).revoked_by == house.rae.id


def test_what_would_mislead_a_person_is_not_covered(desk: Desk, give: Give) -> None:
    give(wish=GrantWish(uses=10, conditions=(OTHER_SUBJECT,)))
    asked: dict[str, Any] = {
        "arguments": MAIL | {"subject": "Week \u202e7"},
        "misleads": lambda _tx, _row, some: bool(some),
    }
    assert desk.submit(tool="mail.send", **asked).approval.status == "pending"


def test_a_shorter_maximum_reaches_grants_that_stand(desk: Desk, give: Give) -> None:
    give()
    desk.set_org(grant_hours=0)
    assert asks(desk) == "pending"


def test_a_call_that_offers_no_yes_is_not_covered(desk: Desk, give: Give) -> None:
    give()
    assert asks(desk, allowed_decisions=("deny",)) == "pending"


def test_a_grant_with_a_repeated_yes_is_not_dropped_in_silence(
    desk: Desk, house: House
) -> None:
    asked = desk.submit(tool="mail.send", arguments=MAIL).approval
    desk.decide(house.rae, asked.id)
    with pytest.raises(ConflictError):
        given(desk, house.rae, SOME)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"uses": 500}, "another uses"),
        ({"expires_at": 2**52}, "another expires_at"),
        ({"session": "theirs"}, "another session"),
        ({"tool": "shell.run"}, "another tool"),
        ({"created_by": "usr_eve"}, "another maker"),
        ({"used": 0}, "was used 1 times by the log"),
        ({"ended_at": None, "revoked_by": None}, "is open, though the log has its end"),
        ({"revoked_by": "usr_eve"}, "a revoker whose revocation is not in the log"),
    ],
)
def test_a_grant_changed_past_the_program_shows_against_the_log(
    desk: Desk, house: House, give: Give, changed: dict[str, Any], word: str
) -> None:
    grant = give()
    assert asks(desk) == "approved"
    desk.store.write(
        lambda tx: revoke_grant(tx, reviewer_of(house.rae), house.org_id, grant.id)
    )

    def found() -> list[str]:
        with desk.store.reading() as session:
            told = findings(session.connection(), house.org_id, pruned=False)
        return [each.message for each in told]

    assert found() == []
    desk.store.write(
        lambda tx: (
            tx.execute(
                update(StandingGrant).where(StandingGrant.id == grant.id).values(**changed)
            )
            and None
        )
    )
    assert any(word in message for message in found()), found()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("junk", [b"5", b"{", b"null"])
def test_a_grant_whose_event_cannot_be_read_does_not_stop_the_search(
    desk: Desk, house: House, give: Give, junk: bytes
) -> None:
    give()

    def tamper(tx: Transaction) -> None:
        triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for name in tx.session.scalars(triggers).all():
            tx.execute(text(f"DROP TRIGGER {name}"))
        event = update(Event).where(Event.action == "standing_grant.created")
        tx.execute(event.values(payload=junk))

    desk.store.write(tamper)
    with desk.store.reading() as session:
        assert findings(session.connection(), house.org_id, pruned=False) == []


def test_a_grant_that_no_event_made_shows_against_the_log(
    desk: Desk, house: House, give: Give
) -> None:
    grant = give()
    desk.store.write(
        lambda tx: (
            tx.execute(
                update(StandingGrant)
                .where(StandingGrant.id == grant.id)
                .values(id="grt_forged")
            )
            and None
        )
    )
    with desk.store.reading() as session:
        told = findings(session.connection(), house.org_id, pruned=False)
        assert findings(session.connection(), house.org_id, pruned=True) == []
    assert "grt_forged has no event of its creation" in told[0].message

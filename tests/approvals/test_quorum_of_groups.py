"""Who has to say yes under a rule: groups, distinct groups, vetoes, and what an edit changes."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.plugins.desk import House, Member
from tests.plugins.rules import Desk, at_once
from webui.approvals.answering import escalating
from webui.approvals.errors import ConflictError, InvalidError, NotAllowedError
from webui.approvals.people import delegations, groups
from webui.approvals.people.standing import By
from webui.approvals.ruling.terms import why_asked
from webui.approvals.states import Verdict
from webui.approvals.use.using import Used
from webui.audit.agreement import findings
from webui.store.models import Decision

POLICY = """
version: "1"
tools:
  pay:
    rules:
      - name: at most 500
        conditions: [{path: args.amount, op: lte, value: 500}]
        on_deny: Pay at most 500.
      - name: by finance
        action: require_approval
        approvers: [finance]
        veto_group: legal
        denials_required: 2
        conditions: [{path: args.amount, op: gte, value: 10}]
      - name: large
        action: require_approval
        require_reason: true
        approvals_required: 2
        risk: high
        conditions: [{path: args.amount, op: gt, value: 100}]
      - name: tiny
        action: require_approval
        conditions: [{path: args.amount, op: lt, value: 10}]
  ship:
    rules:
      - {name: two sides, action: require_approval, approvers: [finance, legal],
         approvals_required: 2, distinct_groups: true}
  wipe:
    rules:
      - {name: later others, action: require_approval, approvers: [finance],
         escalate_after: 5m, escalate_to: legal, approval_timeout: 30m}
      - {name: hourly, rate_limit: 3/hour}
"""
Join = Callable[[str, Member], None]


@pytest.fixture
def join(desk: Desk, house: House) -> Join:
    """Put somebody into a group."""

    def joining(name: str, who: Member) -> None:
        desk.store.write(
            lambda tx: groups.add_to_group(
                tx,
                house.org_id,
                By(),
                groups.find_group(tx, house.org_id, name),
                who.email,
            )
        )

    return joining


def make(desk: Desk, name: str) -> None:
    desk.store.write(lambda tx: groups.create_group(tx, desk.house.org_id, By(), name))


def leave(desk: Desk, name: str, who: Member) -> None:
    desk.store.write(
        lambda tx: groups.take_from_group(
            tx,
            desk.house.org_id,
            By(),
            groups.find_group(tx, desk.house.org_id, name),
            who.id,
        )
    )


@pytest.fixture
def ruled(desk: Desk, house: House, join: Join) -> Desk:
    """Rae is in finance, Bo in legal, Ana in none."""
    make(desk, "finance")
    make(desk, "legal")
    join("finance", house.rae)
    join("legal", house.bo)
    desk.set_policy(POLICY)
    return desk


def pay(desk: Desk, amount: int) -> str:
    return desk.submit(tool="pay", arguments={"amount": amount}).approval.id


def test_an_approval_comes_of_the_groups_that_the_rule_names(
    ruled: Desk, house: House
) -> None:
    approval_id = pay(ruled, 50)
    for stranger in (house.ana, house.bo):
        with pytest.raises(NotAllowedError, match="in none of the groups"):
            ruled.decide(stranger, approval_id)
    assert ruled.decide(house.rae, approval_id).approval.status == "approved"
    with ruled.store.reading() as session:
        kept = session.scalars(
            select(Decision.groups).where(Decision.approval_id == approval_id)
        ).one()
        assert kept == ruled.row(approval_id).approvers
        assert findings(session.connection(), house.org_id, pruned=False) == []


def test_one_denial_of_a_veto_group_denies(ruled: Desk, house: House, join: Join) -> None:
    approval_id = pay(ruled, 50)
    ruled.decide(house.rae, approval_id, Verdict.DENY)
    assert ruled.status(approval_id) == "pending"
    ruled.decide(house.bo, approval_id, Verdict.DENY, "No.")
    assert ruled.status(approval_id) == "denied"


def test_distinct_groups_are_one_voice_each(ruled: Desk, house: House, join: Join) -> None:
    join("finance", house.ana)
    approval_id = ruled.submit(tool="ship").approval.id
    ruled.decide(house.rae, approval_id)
    ruled.decide(house.ana, approval_id)
    assert ruled.status(approval_id) == "pending"
    ruled.decide(house.bo, approval_id)
    assert ruled.status(approval_id) == "approved"


def test_a_delegate_speaks_for_the_groups_of_the_delegator(
    ruled: Desk, house: House
) -> None:
    approval_id = pay(ruled, 50)
    ruled.store.write(
        lambda tx: delegations.delegate(
            tx, house.org_id, house.rae.id, house.ana.email, until=tx.now + 86_400_000
        )
    )
    decided = ruled.decide(house.ana, approval_id)
    assert decided.approval.status == "approved"


def test_t13_who_left_the_group_a_moment_ago_does_not_decide(
    ruled: Desk, house: House
) -> None:
    approval_id = pay(ruled, 50)
    leave(ruled, "finance", house.rae)
    with pytest.raises(NotAllowedError):
        ruled.decide(house.rae, approval_id)
    assert ruled.status(approval_id) == "pending"


def test_t13_leaving_and_deciding_at_once_never_leaves_a_later_yes(
    ruled: Desk, house: House
) -> None:
    approval_id = pay(ruled, 50)
    at_once(
        lambda: ruled.decide(house.rae, approval_id),
        lambda: leave(ruled, "finance", house.rae),
    )
    row = ruled.row(approval_id)
    assert row.status in {"pending", "approved"}
    with pytest.raises(NotAllowedError):
        ruled.decide(house.rae, pay(ruled, 51))


def test_doubt_denies_where_a_group_is_gone(ruled: Desk, house: House) -> None:
    ruled.store.write(
        lambda tx: groups.delete_group(
            tx,
            house.org_id,
            By(),
            groups.find_group(tx, house.org_id, "legal"),
            grants=0,
        )
    )
    row = ruled.submit(tool="pay", arguments={"amount": 50}).approval
    assert 'the group "legal", which is not there any more' in why_asked(row)
    for who in (house.rae, house.ana, house.bo):
        with pytest.raises(NotAllowedError):
            ruled.decide(who, row.id)


def test_t10_a_policy_that_names_others_does_not_open_what_waits(
    ruled: Desk, house: House
) -> None:
    approval_id = pay(ruled, 50)
    ruled.set_policy('version: "1"\ndefault: allow\n')
    with pytest.raises(NotAllowedError):
        ruled.decide(house.ana, approval_id)
    ruled.decide(house.rae, approval_id)
    refusal = ruled.consume(approval_id)
    assert isinstance(refusal, ConflictError)
    assert refusal.code == "policy_changed"


def test_an_edit_that_the_policy_refuses_is_none(ruled: Desk, house: House) -> None:
    approval_id = pay(ruled, 5)
    with pytest.raises(ConflictError, match="Pay at most 500") as refused:
        ruled.edit(house.rae, approval_id, {"amount": 501})
    assert refused.value.code == "policy_denies"
    row = ruled.row(approval_id)
    assert (row.status, row.edits, row.sealed_edit) == ("pending", 0, None)


def test_an_edit_takes_on_the_terms_of_its_own_rule(ruled: Desk, house: House) -> None:
    approval_id = pay(ruled, 5)
    with pytest.raises(InvalidError, match="reason"):
        ruled.edit(house.ana, approval_id, {"amount": 200})
    ruled.edit(house.ana, approval_id, {"amount": 200}, reason="As agreed.")
    row = ruled.row(approval_id)
    assert (row.status, row.approvals_required, row.risk) == ("pending", 2, "high")
    assert row.approvers != ""
    ruled.decide(house.rae, approval_id, reason="Yes.")
    assert ruled.status(approval_id) == "pending", "Ana is not in finance"
    with pytest.raises(NotAllowedError):
        ruled.decide(house.bo, approval_id, reason="Yes.")


def test_an_edited_call_is_used_under_both_rules(ruled: Desk, house: House) -> None:
    approval_id = pay(ruled, 5)
    ruled.edit(house.rae, approval_id, {"amount": 50})
    assert ruled.status(approval_id) == "approved"
    ruled.set_policy(POLICY.replace("denials_required: 2", "denials_required: 1"))
    refusal = ruled.consume(approval_id)
    assert isinstance(refusal, ConflictError)
    assert refusal.code == "policy_changed"
    ruled.set_policy(POLICY)
    used = ruled.gate(tool="pay", arguments={"amount": 5})
    assert isinstance(used, Used)
    assert used.approval.id == approval_id


def test_an_edited_call_counts_for_what_it_became(desk: Desk, house: House) -> None:
    desk.set_policy(
        """
version: "1"
tools:
  charge:
    rules:
      - name: 100 a day
        conditions: [{path: state.charge.spent, op: lte, value: 100}]
        state: {counter: spent, window: day, increment_from: args.amount}
      - {name: charging, action: require_approval}
"""
    )
    first = desk.submit(tool="charge", arguments={"amount": 90}).approval.id
    second = desk.submit(tool="charge", arguments={"amount": 80}).approval.id
    desk.edit(house.rae, first, {"amount": 30})
    desk.edit(house.rae, second, {"amount": 70})
    desk.use(first)
    assert '"amount": 30' in (desk.row(first).reserved or "")
    desk.use(second)
    third = desk.submit(tool="charge", arguments={"amount": 1})
    assert third.approval.status == "denied"


def test_after_the_rules_time_another_group_is_asked_as_well(
    ruled: Desk, house: House
) -> None:
    approval_id = ruled.submit(tool="wipe").approval.id
    with pytest.raises(NotAllowedError):
        ruled.decide(house.bo, approval_id)
    assert ruled.store.write(escalating.escalate_due) == 0
    ruled.clock.advance(300_000)
    with ruled.store.reading() as session:
        assert escalating.anything_due(session, ruled.store.now())
    assert ruled.store.write(escalating.escalate_due) == 1
    assert ruled.store.write(escalating.escalate_due) == 0
    assert ruled.actions(approval_id)[-1] == "approval.escalated"
    assert ruled.told(approval_id)["to"].startswith("group:grp_")
    ruled.decide(house.bo, approval_id)
    assert ruled.status(approval_id) == "approved"
    ruled.use(approval_id)
    with ruled.store.reading() as session:
        assert findings(session.connection(), house.org_id, pruned=False) == []


@pytest.mark.parametrize("how", ["settled", "over"])
def test_what_waits_no_longer_is_not_escalated(ruled: Desk, house: House, how: str) -> None:
    approval_id = ruled.submit(tool="wipe").approval.id
    if how == "settled":
        ruled.decide(house.rae, approval_id)
    ruled.clock.advance(300_000 if how == "settled" else 1_800_000)
    assert ruled.store.write(escalating.escalate_due) == 1
    assert "approval.escalated" not in ruled.actions(approval_id)


def test_escalating_names_no_group_where_anybody_may_decide(
    desk: Desk, house: House
) -> None:
    rule = "{name: r, action: require_approval, escalate_after: 1m, escalate_to: legal}"
    make(desk, "legal")
    desk.set_policy(f'version: "1"\ntools:\n  go:\n    rules: [{rule}]\n')
    approval_id = desk.submit(tool="go").approval.id
    desk.clock.advance(60_000)
    desk.store.write(escalating.escalate_due)
    assert desk.row(approval_id).approvers == ""
    assert desk.actions(approval_id)[-1] == "approval.escalated"
    assert desk.decide(house.rae, approval_id).approval.status == "approved"

"""The policy at the desk: as a call is asked, and again before it runs."""

from typing import Any

import pytest
from sqlalchemy import select, update

from tests.plugins.desk import NO_LIMITS, House, ask_for
from tests.plugins.meeting import Meet, Unit
from tests.plugins.rules import LEASE, UNSEEN, Desk, at_once, reviewer_of
from webui.approvals.answering import deciding
from webui.approvals.asking import idempotency, intake
from webui.approvals.asking.ask import Filed, Limits
from webui.approvals.errors import (
    ConflictError,
    DeniedByRuleError,
    InvalidError,
    TooManyError,
)
from webui.approvals.grants.granting import GrantWish
from webui.approvals.policy import Reservation, Window, read_policy
from webui.approvals.ruling import rulebooks, terms
from webui.approvals.ruling.bench import Trial, try_call
from webui.approvals.ruling.counting import KEPT, forget_old, reserve_all
from webui.approvals.ruling.terms import refused_because, ruling_of, ruling_shown, why_asked
from webui.approvals.states import Verdict
from webui.approvals.use import using
from webui.approvals.use.using import Used
from webui.audit.agreement import findings
from webui.store.errors import StoreBrokenError
from webui.store.models import Approval, Policy, PolicyCount, StandingGrant

POLICY = """
version: "1"
hide: ["secret_*"]
tools:
  look:
    rules:
      - {name: looking is free, action: allow}
  pay:
    rules:
      - name: at most 500
        conditions: [{path: args.amount, op: lte, value: 500}]
        on_deny: Pay at most 500.
      - name: above 50
        action: require_approval
        conditions: [{path: args.amount, op: gt, value: 50}]
        require_reason: true
        approvals_required: 2
        denials_required: 2
        risk: high
        approval_timeout: 4h
      - name: small
        action: allow
        conditions: [{path: args.amount, op: lte, value: 50}]
  wipe:
    irreversible: true
    rules:
      - {name: wiping, action: require_approval, risk: low}
  ping:
    idempotent: true
    rules:
      - {name: pinging, action: require_approval, risk: low}
  post:
    rules:
      - {name: two an hour, rate_limit: 2/hour}
      - {name: posting, action: allow}
  charge:
    rules:
      - name: 100 a day
        conditions: [{path: state.charge.spent, op: lte, value: 100}]
        state: {counter: spent, window: day, increment_from: args.amount}
        on_deny: The budget is used up.
      - {name: charging, action: require_approval}
"""


@pytest.fixture
def ruled(desk: Desk) -> Desk:
    """A desk with `POLICY` in force."""
    desk.set_policy(POLICY)
    return desk


def count(desk: Desk, counter: str) -> int:
    with desk.store.reading() as session:
        return sum(
            session.scalars(select(PolicyCount.value).where(PolicyCount.counter == counter))
        )


def agrees(desk: Desk) -> None:
    with desk.store.reading() as session:
        assert findings(session.connection(), desk.house.org_id, pruned=False) == []


def charged(desk: Desk, amount: int) -> str:
    return desk.approved(tool="charge", arguments={"amount": amount})


def test_without_a_policy_all_is_as_before(desk: Desk) -> None:
    row = desk.submit().approval
    before = row.fingerprint
    assert (row.rule_hash, row.ruling, row.policy_revision) == (None, None, None)
    assert why_asked(row) == "There is no policy yet, so every call waits for a person."
    desk.cancel(row.id)
    desk.set_policy(POLICY)
    assert desk.submit().approval.fingerprint != before
    desk.set_org(policy_number=None)
    assert desk.submit().approval.fingerprint == before


def test_an_allowed_call_passes_at_the_gate_and_leaves_a_row(ruled: Desk) -> None:
    used = ruled.gate(tool="look")
    assert isinstance(used, Used)
    row = ruled.row(used.approval.id)
    assert (row.status, row.resolution, row.by_person) == ("executing", "policy", False)
    assert (row.decided_by, row.rule_name, row.rule_line) == (
        "policy:looking is free",
        "looking is free",
        7,
    )
    assert ruled.actions(row.id) == [
        "tool_call",
        "approval.created",
        "approval.consumed",
        "tool_call",
    ]
    assert isinstance(ruled.gate(tool="look"), Used), "each is a row of its own"
    agrees(ruled)


def test_an_allowed_call_that_was_filed_is_used_like_an_approved_one(ruled: Desk) -> None:
    approval = ruled.submit(tool="look").approval
    assert (approval.status, approval.resolution) == ("approved", "policy")
    ruled.use(approval.id)
    again = ruled.submit(tool="look").approval
    assert again.id != approval.id


def test_a_denied_call_is_a_row_of_its_own_and_is_not_remembered(ruled: Desk) -> None:
    first, second = (ruled.submit(tool="pay", arguments={"amount": 501}) for _ in range(2))
    assert (first.reused, second.reused) == (False, False)
    row = ruled.row(first.approval.id)
    assert row.id != second.approval.id
    assert (row.status, row.resolution, row.decided_by) == (
        "denied",
        "policy",
        "policy:at most 500",
    )
    assert (row.by_person, row.usable_until) == (False, None)
    assert row.settled_at == row.decided_at == row.created_at
    assert refused_because(row) == "Pay at most 500."
    assert "args.amount lte 500 does not hold" in why_asked(row)
    filed = ruled.gate(tool="pay", arguments={"amount": 501})
    assert isinstance(filed, Filed)
    assert filed.approval.status == "denied"
    agrees(ruled)


@pytest.mark.parametrize("arguments", [{}, {"amount": "12"}, {"amount": None}])
def test_doubt_denies(ruled: Desk, arguments: dict[str, Any]) -> None:
    row = ruled.submit(tool="pay", arguments=arguments).approval
    assert (row.status, row.rule_name) == ("denied", "at most 500")


def test_a_hidden_tool_is_denied_before_any_rule(ruled: Desk) -> None:
    row = ruled.submit(tool="secret_read").approval
    assert (row.status, row.rule_name) == ("denied", "(hidden)")
    assert refused_because(row) == 'The tool "secret_read" is hidden by policy.'


@pytest.mark.parametrize(
    ("default", "status", "rule"),
    [
        ("", "pending", "(default)"),
        ("default: require_approval", "pending", "(default)"),
        ("default: allow", "approved", "(default)"),
        ("default: deny", "denied", "(not listed)"),
    ],
)
def test_the_default_settles_what_no_rule_does(
    desk: Desk, default: str, status: str, rule: str
) -> None:
    desk.set_policy(f'version: "1"\n{default}\ntools: {{}}\n')
    row = desk.submit().approval
    assert (row.status, row.rule_name) == (status, rule)


def test_the_terms_of_the_rule_stand_on_the_approval(ruled: Desk) -> None:
    row = ruled.submit(tool="pay", arguments={"amount": 60}).approval
    assert (row.status, row.rule_name, row.risk) == ("pending", "above 50", "high")
    assert (row.approvals_required, row.denials_required) == (2, 2)
    assert row.require_reason is True
    assert row.expires_at - row.created_at == 4 * 3_600_000
    assert "asks for an approval" in why_asked(row)
    policy = read_policy(POLICY)
    assert row.policy_revision == policy.revision
    ping = ruled.submit(tool="ping").approval
    assert (ping.risk, ping.idempotent, ping.irreversible) == ("low", True, False)
    wipe = ruled.submit(tool="wipe").approval
    assert (wipe.risk, wipe.irreversible, wipe.max_grant) == ("critical", True, 0)


@pytest.mark.parametrize(
    ("hint", "risk"), [(None, "low"), ("low", "low"), ("high", "high")]
)
def test_t4_an_agent_can_only_raise_the_risk(
    ruled: Desk, hint: str | None, risk: str
) -> None:
    assert ruled.submit(tool="ping", risk=hint).approval.risk == risk


@pytest.mark.parametrize("name", ["Pay", "pay ", "PAY", "рay", "pay\u200b"])
def test_t4_another_spelling_of_a_tool_is_another_tool(ruled: Desk, name: str) -> None:
    row = ruled.submit(tool=name, arguments={"amount": 1}).approval
    assert (row.status, row.rule_name) == ("pending", "(default)")


def test_t4_a_low_hint_does_not_pass_a_rule_on_risk(desk: Desk) -> None:
    desk.set_policy(
        """
version: "1"
tools:
  go:
    rules:
      - name: low is free
        action: allow
        conditions: [{path: call.risk, op: eq, value: low}]
"""
    )
    for hint in (None, "low", "medium", "critical"):
        assert desk.submit(tool="go", risk=hint).approval.status != "approved"


@pytest.mark.parametrize("near", [51, 50.5, 500, 50.0000001])
def test_t7_an_allow_rule_covers_no_near_miss(ruled: Desk, near: float) -> None:
    assert ruled.submit(tool="pay", arguments={"amount": near}).approval.status == "pending"


def test_what_was_seen_in_arguments_is_not_kept_in_the_clear(ruled: Desk) -> None:
    row = ruled.submit(tool="pay", arguments={"amount": 498.25}).approval
    kept = ruling_of(ruled.row(row.id))
    assert kept is not None
    assert [each["seen"] for each in kept["conditions"]] == [None]
    assert "498.25" not in (ruled.row(row.id).ruling or "")


def test_settled_calls_have_a_rate_of_their_own(ruled: Desk) -> None:
    limits = Limits(rate=1, settled_rate=2, max_pending=1)
    ruled.submit(tool="ping", limits=limits)
    for _ in range(4):  # the burst is twice the rate
        ruled.submit(tool="look", limits=limits)
    with pytest.raises(TooManyError):
        ruled.submit(tool="look", limits=limits)


def test_a_changed_rule_invalidates_an_old_yes_at_consume_and_gate(ruled: Desk) -> None:
    approval_id = ruled.approved(tool="ping")
    ruled.set_policy(
        POLICY.replace("name: pinging,", "name: pinging, require_reason: true,")
    )
    refusal = ruled.consume(approval_id)
    assert isinstance(refusal, ConflictError)
    assert refusal.code == "policy_changed"
    assert ruled.status(approval_id) == "approved"
    assert ruled.actions(approval_id)[-1] == "approval.use_refused"
    filed = ruled.gate(tool="ping")
    assert isinstance(filed, Filed)
    assert (filed.approval.status, filed.reused) == ("pending", False)
    ruled.set_policy(POLICY)
    ruled.use(approval_id)
    agrees(ruled)


@pytest.mark.parametrize("way", ["first policy", "no policy"])
def test_a_policy_that_comes_or_goes_invalidates_an_old_yes(desk: Desk, way: str) -> None:
    if way == "no policy":
        desk.set_policy(POLICY)
    approval_id = desk.approved(tool="ping")
    if way == "first policy":
        desk.set_policy(POLICY)
    else:
        desk.set_org(policy_number=None)
    refusal = desk.consume(approval_id)
    assert isinstance(refusal, ConflictError)
    assert refusal.code == "policy_changed"


def test_an_unchanged_rule_in_a_changed_file_keeps_its_yes(ruled: Desk) -> None:
    by_gate, by_consume = ruled.approved(tool="ping"), charged(ruled, 5)
    ruled.set_policy(
        f"# looked through\n{POLICY}  new:\n    rules: [{{name: n, action: deny}}]\n"
    )
    used = ruled.gate(tool="ping")
    assert isinstance(used, Used)
    assert used.approval.id == by_gate
    ruled.use(by_consume)


def test_asking_counts_nothing_and_a_use_counts(ruled: Desk) -> None:
    approval_id = charged(ruled, 60)
    assert count(ruled, "charge.spent") == 0
    used = ruled.use(approval_id)
    assert count(ruled, "charge.spent") == 60
    row = ruled.roll_back(approval_id, used.lease_token)
    assert (count(ruled, "charge.spent"), row.reserved) == (0, None)
    ruled.use(approval_id)
    assert count(ruled, "charge.spent") == 60


def test_what_a_counter_refuses_stays_approved_and_unused(ruled: Desk) -> None:
    first, second = charged(ruled, 60), charged(ruled, 50)
    used = ruled.use(first)
    refusal = ruled.consume(second)
    assert isinstance(refusal, DeniedByRuleError)
    assert (refusal.code, refusal.detail) == ("denied", "The budget is used up.")
    assert refusal.rule["name"] == "100 a day"
    assert (ruled.status(second), count(ruled, "charge.spent")) == ("approved", 60)
    denied = ruled.gate(tool="charge", arguments={"amount": 50})
    assert isinstance(denied, Filed)
    assert (denied.approval.status, denied.approval.rule_name) == ("denied", "100 a day")
    ruled.roll_back(first, used.lease_token)
    ruled.use(second)
    assert count(ruled, "charge.spent") == 50
    agrees(ruled)


def test_nothing_is_given_back_to_a_window_that_is_over(ruled: Desk) -> None:
    ruled.clock.advance(86_400_000 - ruled.clock.now() % 86_400_000 + 1_000)
    approval_id = charged(ruled, 60)
    used = ruled.use(approval_id)
    ruled.clock.advance(1_000)
    reserved = ruled.row(approval_id).reserved
    assert reserved is not None
    past = reserved.replace('"end": ', '"end": -')
    ruled.demand(approval_id, reserved=past)
    ruled.roll_back(approval_id, used.lease_token)
    assert count(ruled, "charge.spent") == 60


def test_an_allowed_call_counts_once_from_filing_to_use(ruled: Desk) -> None:
    first, second = (ruled.submit(tool="post").approval for _ in range(2))
    assert count(ruled, "post._rate_hour") == 2
    third = ruled.submit(tool="post").approval
    assert (third.status, third.rule_name) == ("denied", "two an hour")
    ruled.use(first.id)
    ruled.use(second.id)
    assert count(ruled, "post._rate_hour") == 2
    agrees(ruled)


@pytest.mark.parametrize("verb", ["gate", "submit", "consume"])
def test_of_calls_for_the_last_unit_exactly_one_passes(ruled: Desk, verb: str) -> None:
    if verb == "consume":
        ids = [charged(ruled, 60), charged(ruled, 61)]
        answers = at_once(*(lambda each=each: ruled.consume(each) for each in ids))
        passed = sum(isinstance(each, Used) for each in answers)
        refused = sum(isinstance(each, DeniedByRuleError) for each in answers)
        assert count(ruled, "charge.spent") in {60, 61}
    else:
        call = getattr(ruled, verb)
        call(tool="post")
        answers = at_once(*[lambda: call(tool="post")] * 3)
        rows = [ruled.row(each.approval.id) for each in answers]  # type: ignore[attr-defined] # of either verb
        passed = sum(row.decided_by == "policy:posting" for row in rows)
        refused = sum(row.decided_by == "policy:two an hour" for row in rows)
        assert count(ruled, "post._rate_hour") == 2
    assert (passed, passed + refused) == (1, len(answers))
    agrees(ruled)


def test_the_same_key_gets_the_same_answer_and_counts_once(ruled: Desk) -> None:
    key = idempotency.Key("k1", b"same body")
    first = ruled.gate(tool="post", key=key)
    again = ruled.gate(tool="post", key=key)
    assert isinstance(first, Used)
    assert isinstance(again, Used)
    assert again.lease_token == first.lease_token
    assert count(ruled, "post._rate_hour") == 1
    no = idempotency.Key("k2", b"other body")
    denied = [ruled.gate(tool="secret_x", key=no).approval.id for _ in range(2)]
    assert denied[0] == denied[1]


def test_one_call_that_alone_passes_a_limit_counts_nothing(desk: Desk) -> None:
    many = Reservation("pay.spent", Window.DAY, 6, 5, "daily", None)
    few = Reservation("pay.calls", Window.DAY, 1, 5, "daily", None)
    reserved = desk.store.write(lambda tx: reserve_all(tx, desk.house.org_id, [few, many]))
    assert reserved == (None, many)
    with desk.store.reading() as session:
        assert [row.value for row in session.scalars(select(PolicyCount))] == [0]


LIMITED = """
version: "1"
tools:
  free: {rules: [{name: once a day, rate_limit: 1/day}, {name: free, action: allow}]}
  asked:
    rules: [{name: once a day, rate_limit: 1/day}, {name: ask, action: require_approval}]
"""


def test_of_two_calls_for_the_last_unit_at_the_same_moment_one_is_allowed(
    desk: Desk, house: House, meet: Meet
) -> None:
    desk.set_policy(LIMITED)

    def filing(n: int) -> Unit:
        asked = ask_for(house.ci, "free", {"n": n})
        agent = house.ci.filer
        return lambda tx: str(intake.submit(tx, agent, asked, NO_LIMITS).approval.status)

    assert meet(filing(1), filing(2)) == ("approved", "denied")


def test_of_two_uses_for_the_last_unit_at_the_same_moment_one_is_refused(
    desk: Desk, house: House, meet: Meet
) -> None:
    desk.set_policy(LIMITED)
    both = [desk.approved(tool="asked", arguments={"n": n}) for n in range(2)]

    def using_up(approval_id: str) -> Unit:
        agent, print_of = house.ci.filer, desk.row(approval_id).fingerprint
        return lambda tx: using.consume(tx, agent, approval_id, print_of, LEASE)

    first, second = meet(*map(using_up, both))
    assert isinstance(first, Used)
    assert isinstance(second, DeniedByRuleError)
    assert [desk.status(each) for each in both] == ["executing", "approved"]


def test_without_a_policy_a_call_is_tried_on_none(desk: Desk) -> None:
    with desk.store.reading() as session:
        trial = Trial("pay", {})
        tried = try_call(session, desk.house.org_id, None, trial, desk.store.now())
    assert tried is None


def test_old_windows_are_forgotten(ruled: Desk) -> None:
    ruled.gate(tool="post")
    assert ruled.store.write(forget_old) == 0
    ruled.clock.advance(KEPT + 3_600_000)
    assert ruled.store.write(forget_old) == 1


def test_policies_of_many_orgs_are_read_again_rather_than_kept_without_end(
    ruled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebooks, "MOST_KEPT", 1)
    ruled.set_policy('version: "1"\ndefault: deny\n')
    assert ruled.submit(tool="look").approval.status == "denied"
    ruled.set_policy(POLICY)
    assert ruled.submit(tool="look").approval.status == "approved"
    assert len(rulebooks._kept) == 1  # noqa: SLF001 - that is what it is about


def test_what_is_kept_of_a_long_rule_is_bounded(desk: Desk) -> None:
    conditions = ", ".join(
        f"{{path: args.a{n}, op: neq, value: {'x' * 900}}}" for n in range(64)
    )
    rule = f"{{name: to whom, action: require_approval, conditions: [{conditions}]}}"
    desk.set_policy(f'version: "1"\ntools: {{pay: {{rules: [{rule}]}}}}\n')
    arguments = {f"a{n}": "y" for n in range(64)}
    kept = desk.submit(tool="pay", arguments=arguments).approval
    assert len(kept.ruling or "") <= terms.LONGEST
    assert "to whom" in (kept.ruling or "")
    assert 0 < len((ruling_of(kept) or {})["conditions"]) < 64


def test_an_edited_yes_is_not_used_once_a_rule_refuses_what_it_became(
    desk: Desk, house: House
) -> None:
    before = (
        'version: "1"\ntools: {pay: {rules: [%s{name: ask, action: require_approval}]}}\n'
    )
    much = "{path: args.amount, op: gt, value: 50}"
    desk.set_policy(before % "")
    pay: dict[str, Any] = {"tool": "pay", "arguments": {"amount": 100}}
    approval_id = desk.submit(**pay).approval.id
    desk.edit(house.rae, approval_id, {"amount": 10})
    desk.set_policy(before % f"{{name: at least 50, conditions: [{much}]}}, ")
    with pytest.raises(ConflictError, match="Another rule holds"):
        desk.gate(**pay)
    assert desk.status(approval_id) == "approved"


def test_what_is_no_argument_is_shown_as_the_rule_saw_it(desk: Desk) -> None:
    desk.set_policy(
        """
version: "1"
tools:
  pay:
    rules:
      - name: by day
        action: require_approval
        conditions:
          - {path: call.session, op: eq, value: s}
          - {path: args.to, op: eq, value: x}
"""
    )
    row = desk.submit(tool="pay", arguments={"to": "x"}, session="s").approval
    shown = ruling_shown(row, {"to": "⟦masked⟧"})
    assert shown is not None
    assert [each["seen"] for each in shown["conditions"]] == ["s", "⟦masked⟧"]


def test_a_call_edited_into_what_a_rule_allows_still_takes_whom_it_took(
    ruled: Desk, house: House
) -> None:
    approval_id = ruled.submit(tool="pay", arguments={"amount": 100}).approval.id
    ruled.edit(house.rae, approval_id, {"amount": 10}, reason="less")
    row = ruled.row(approval_id)
    assert (row.status, row.approvals_required, row.edits) == ("pending", 2, 1)
    ruled.decide(house.ana, approval_id, reason="fine")
    assert ruled.status(approval_id) == "approved"


def test_a_policy_that_cannot_be_read_lets_nothing_pass(ruled: Desk) -> None:
    rulebooks._kept.clear()  # noqa: SLF001 - as in a process that starts
    ruled.store.write(
        lambda tx: tx.execute(update(Policy).values(text="version: 2")) and None
    )
    for verb in (ruled.gate, ruled.submit):
        with pytest.raises(StoreBrokenError, match="nothing passes"):
            verb(tool="look")
    rulebooks._kept.clear()  # noqa: SLF001 - what could not be read is kept nowhere
    ruled.store.write(
        lambda tx: tx.execute(update(Policy).values(text='version: "1"\n')) and None
    )
    with pytest.raises(StoreBrokenError, match="past the desk"):
        ruled.gate(tool="look")


def test_orgs_do_not_share_policies_or_counters(ruled: Desk, house: House) -> None:
    ruled.gate(tool="post")
    row = ruled.submit(house.stranger, tool="post").approval
    assert (row.status, row.rule_hash) == ("pending", None)


def granted_once(desk: Desk, tool: str) -> Approval:
    """Approve a call of a tool with a standing grant, and use that yes up."""
    asked = desk.submit(tool=tool).approval
    decided = desk.store.write(
        lambda tx: deciding.decide(
            tx,
            reviewer_of(desk.house.rae),
            desk.house.org_id,
            asked.id,
            Verdict.APPROVE,
            "",
            UNSEEN,
            grant=GrantWish(),
        )
    )
    used = desk.use(decided.approval.id)
    return desk.report(decided.approval.id, used.lease_token, "ok")


def test_t7_a_standing_grant_ends_with_its_rule(ruled: Desk) -> None:
    granted_once(ruled, "ping")
    assert ruled.submit(tool="ping").approval.resolution == "grant"
    ruled.set_policy(
        POLICY.replace("name: pinging,", "name: pinging, require_reason: true,")
    )
    assert ruled.submit(tool="ping").approval.status == "pending"


def test_t7_nothing_irreversible_is_granted(ruled: Desk) -> None:
    with pytest.raises(InvalidError, match="decided one by one"):
        granted_once(ruled, "wipe")


def test_t7_a_rule_bounds_the_grants_that_are_made_under_it(desk: Desk) -> None:
    rule = "{name: r, action: require_approval, max_grant: 30m}"
    desk.set_policy(f'version: "1"\ntools:\n  ping:\n    rules: [{rule}]\n')
    row = granted_once(desk, "ping")
    with desk.store.reading() as session:
        grant = session.scalars(
            select(StandingGrant).where(StandingGrant.approval_id == row.id)
        ).one()
    assert grant.expires_at - grant.created_at == 30 * 60_000


def test_history_counts_what_people_said_of_the_same_call(desk: Desk, house: House) -> None:
    desk.set_policy(
        """
version: "1"
tools:
  go:
    rules:
      - name: known by now
        action: allow
        conditions: [{path: history.approved_same, op: gte, value: 2}]
      - name: refused before
        conditions: [{path: history.denied_same, op: lt, value: 1}]
"""
    )
    for _ in range(2):
        approval_id = desk.approved(tool="go")
        desk.report(approval_id, desk.use(approval_id).lease_token, "ok")
    assert desk.submit(tool="go").approval.status == "approved"
    assert desk.submit(tool="go", arguments={"other": 1}).approval.status == "pending"
    assert desk.submit(house.helper, tool="go").approval.status == "pending"
    desk.clock.advance(31 * 86_400_000)
    waits = desk.submit(tool="go").approval
    assert waits.status == "pending"
    desk.decide(house.rae, waits.id, Verdict.DENY)
    assert desk.submit(tool="go").approval.rule_name == "refused before"


def test_a_permission_is_given_by_a_person_whatever_the_policy_allows(desk: Desk) -> None:
    desk.set_policy('version: "1"\ndefault: allow\n')
    row = desk.submit(tool="tasks:assign").approval
    assert (row.status, row.by_person) == ("pending", True)
    assert "Only a person gives a permission" in why_asked(row)


def test_the_fingerprint_of_an_approval_names_the_rule(ruled: Desk) -> None:
    one = ruled.submit(tool="ping").approval
    assert isinstance(one, Approval)
    ruled.set_policy(POLICY.replace("risk: low}", "risk: medium}"))
    two = ruled.submit(tool="ping").approval
    assert one.fingerprint != two.fingerprint
    assert one.arguments_hash == two.arguments_hash


def test_a_call_asked_again_under_a_changed_rule_takes_the_old_ones_place(
    ruled: Desk,
) -> None:
    old, other = ruled.submit(tool="ping").approval.id, ruled.submit(tool="buy").approval.id
    scoped = ruled.submit(tool="ping", scope="elsewhere").approval.id
    ruled.set_policy(
        POLICY.replace("name: pinging,", "name: pinging, require_reason: true,")
    )
    new = ruled.submit(tool="ping").approval
    assert (new.status, new.require_reason) == ("pending", True)
    assert ruled.status(old) == "superseded"
    assert ruled.row(old).superseded_by == new.id
    assert ruled.status(other) == "pending", "another call"
    assert ruled.status(scoped) == "pending", "the same call, but elsewhere"
    assert ruled.submit(tool="ping").approval.id == new.id
    asks = "action: require_approval, risk: low"
    ruled.set_policy(
        POLICY.replace(f"name: pinging, {asks}", "name: pinging, action: allow")
    )
    assert ruled.submit(tool="ping").approval.status == "approved"
    assert ruled.status(new.id) == "superseded", "what passes now need not wait"
    agrees(ruled)


def test_a_budget_that_is_full_for_now_takes_no_waiting_call_out_of_the_queue(
    ruled: Desk,
) -> None:
    waits = ruled.submit(tool="charge", arguments={"amount": 60}).approval.id
    ruled.use(charged(ruled, 50))
    refused = ruled.submit(tool="charge", arguments={"amount": 60}).approval
    assert (refused.status, refused.rule_name) == ("denied", "100 a day")
    assert ruled.status(waits) == "pending"

"""What a policy says of a call: who wins, what doubt does, and what a ruling tells."""

import json
from typing import Any

import pytest

from webui.approvals.policy import (
    Call,
    Facts,
    History,
    Rulebook,
    Ruling,
    evaluate,
    read_policy,
    verdict_of,
)
from webui.approvals.states import Risk

NOON = 1_767_614_400_000
"""Monday, 5 January 2026, 12:00 UTC."""
RULES: dict[str, str] = {
    "evaluate": "{name: evaluate, conditions: [{path: args.n, op: lt, value: 5}]}",
    "deny": "{name: deny, action: deny}",
    "ask": (
        "{name: ask, action: require_approval,"
        " conditions: [{path: args.n, op: gt, value: 2}]}"
    ),
    "allow": "{name: allow, action: allow, conditions: [{path: args.n, op: lt, value: 4}]}",
}


def policy_of(*rules: str, default: str | None = None, more: str = "") -> str:
    written = "".join(f"      - {RULES.get(rule, rule)}\n" for rule in rules)
    head = f"version: 1\n{more}" + (f"default: {default}\n" if default else "")
    return f"{head}tools:\n  t:\n    rules:\n{written}" if rules else head


def ruled(text: str, tool: str = "t", /, **arguments: Any) -> Ruling:
    book = Rulebook(read_policy(text))
    facts = Facts(Call(tool, arguments), NOON)
    ruling = evaluate(book, facts)
    assert verdict_of(book, facts) == (ruling.verdict, ruling.rule.name)
    json.dumps(ruling.as_document(), allow_nan=False)
    return ruling


@pytest.mark.parametrize(
    ("rules", "default", "number", "verdict", "name"),
    [
        # one rule, its answer yes, no and cannot tell
        (["evaluate"], None, 1, "require_approval", "(default)"),
        (["evaluate"], "allow", 1, "allow", "(default)"),
        (["evaluate"], "deny", 1, "allow", "(default)"),
        (["evaluate"], "allow", 9, "deny", "evaluate"),
        (["evaluate"], "allow", "1", "deny", "evaluate"),
        (["ask"], "allow", 3, "require_approval", "ask"),
        (["ask"], "allow", 1, "allow", "(default)"),
        (["ask"], "allow", "1", "require_approval", "ask"),
        (["allow"], None, 1, "allow", "allow"),
        (["allow"], None, 9, "require_approval", "(default)"),
        (["allow"], None, "1", "require_approval", "(default)"),
        (["allow"], "deny", "1", "allow", "(default)"),
        (["deny"], "allow", 1, "deny", "deny"),
        # several: deny, then require_approval, then allow, in whatever order they stand
        (["allow", "ask"], "allow", 3, "require_approval", "ask"),
        (["ask", "allow"], "allow", 3, "require_approval", "ask"),
        (["allow", "ask"], None, 1, "allow", "allow"),
        (["allow", "evaluate"], None, 9, "deny", "evaluate"),
        (["ask", "evaluate"], None, 9, "deny", "evaluate"),
        (["ask", "evaluate", "allow"], None, 3, "require_approval", "ask"),
        (["ask", "evaluate", "allow"], None, 1, "allow", "allow"),
        (["allow", "ask", "deny"], "allow", 1, "deny", "deny"),
    ],
)
def test_the_strictest_that_applies_wins(
    rules: list[str], default: str | None, number: Any, verdict: str, name: str
) -> None:
    ruling = ruled(policy_of(*rules, default=default), n=number)
    assert (ruling.verdict, ruling.rule.name) == (verdict, name)


def test_the_string_500_never_slips_under_a_limit_of_100() -> None:
    text = "{name: limit, conditions: [{path: args.n, op: lte, value: 100}]}"
    for default in ("allow", "deny", None):
        for number in ("500", "1", None, [1], {"n": 1}, True):
            assert ruled(policy_of(text, default=default), n=number).verdict == "deny"
        assert ruled(policy_of(text, default=default)).verdict == "deny"


def test_what_is_hidden_is_denied_before_everything() -> None:
    text = policy_of("{name: yes, action: allow}", more='hide: [t, "admin_*"]\n')
    assert ruled(text).rule.name == "(hidden)"
    assert ruled(text).trace == ()
    assert ruled(text, "admin_x").sentence == 'The tool "admin_x" is hidden by policy.'
    assert ruled(text, "Admin_x").verdict == "require_approval"
    assert ruled('version: 1\nhide: ["*"]\n', "whatever").rule.name == "(hidden)"


def test_default_deny_refuses_the_unlisted_before_any_rule() -> None:
    text = """
version: 1
default: deny
tools:
  read_file: {rules: []}
  list_*: {}
  "*":
    rules:
      - {name: all, action: allow}
"""
    assert ruled(text, "read_file").rule.name == "all"
    assert ruled(text, "list_files").verdict == "allow"
    assert ruled(text, "write_file").rule.name == "(not listed)"
    assert ruled(text, "*").rule.name == "(not listed)"
    assert ruled(text, "READ_FILE").verdict == "deny"


def test_the_specific_comes_first_then_globs_then_all() -> None:
    text = """
version: 1
default: allow
tools:
  "*": {rules: [{name: all, action: require_approval}]}
  get_*: {rules: [{name: glob, action: require_approval}]}
  get_x: {rules: [{name: exact, action: require_approval}]}
"""
    ruling = ruled(text, "get_x")
    assert [look.rule.name for look in ruling.trace] == ["exact", "glob", "all"]
    assert ruling.rule.name == "exact"
    assert ruled(text, "get_y").rule.name == "glob"
    assert ruled(text, "put").rule.name == "all"


def test_marks_of_a_tool_reach_the_ruling() -> None:
    text = """
version: 1
tools:
  get_*: {idempotent: true}
  get_x: {}
  get_y: {idempotent: true}
  drop_*: {irreversible: true, rules: [{name: a, action: require_approval, risk: low, max_grant: 1h}]}
  drop_y: {idempotent: true}
"""
    assert ruled(text, "get_a").idempotent
    assert not ruled(text, "get_x").idempotent  # its own entry knows best
    assert ruled(text, "get_y").idempotent
    dropped = ruled(text, "drop_y")
    assert (dropped.irreversible, dropped.risk) == (True, Risk.CRITICAL)
    assert dropped.idempotent
    assert dropped.asking is not None
    assert dropped.asking.max_grant == 0
    assert not ruled(text, "other").idempotent


def test_rules_that_ask_together_ask_as_strictly_as_each() -> None:
    text = """
version: 1
approvals: {timeout: 2h}
tools:
  t:
    rules:
      - {name: a, action: require_approval, approvers: [x, y], approvals_required: 2,
         denials_required: 3, escalate_after: 50m, escalate_to: e, max_grant: 2h, risk: low}
      - {name: b, action: require_approval, approvers: [y, z], approval_timeout: 1h,
         veto_group: v, denials_required: 2, escalate_after: 30m, max_grant: 1h, risk: high}
      - {name: c, action: require_approval, require_reason: true, distinct_groups: true}
"""
    ruling = ruled(text)
    asking = ruling.asking
    assert asking is not None
    assert asking.asked_by == ("a", "b", "c")
    assert (asking.approvers, asking.veto_groups) == (("y",), ("v",))
    assert (asking.approvals_required, asking.denials_required) == (2, 1)
    assert (asking.timeout, asking.deadline) == (3_600_000, NOON + 3_600_000)
    assert (asking.escalate_after, asking.escalate_to) == (1_800_000, None)
    assert (asking.max_grant, asking.require_reason) == (3_600_000, True)
    assert asking.distinct_groups
    assert ruling.risk is Risk.HIGH
    alone = ruled(
        text.replace("name: b", "name: b, conditions: [{path: args.b, op: eq, value: 1}]"),
        b=2,
    )
    assert alone.rule.hash != ruling.rule.hash


def test_groups_that_share_nobody_must_each_approve() -> None:
    text = policy_of(
        "{name: a, action: require_approval, approvers: [security]}",
        "{name: b, action: require_approval, approvers: [finance]}",
    )
    asking = ruled(text).asking
    assert asking is not None
    assert asking.approvers == ("security", "finance")
    assert (asking.approvals_required, asking.distinct_groups) == (2, True)


@pytest.mark.parametrize(
    ("risks", "risk"),
    [
        ([""], Risk.MEDIUM),
        ([", risk: low"], Risk.LOW),
        ([", risk: low", ""], Risk.MEDIUM),  # a rule that does not say means medium
        ([", risk: high", ", risk: low"], Risk.HIGH),
    ],
)
def test_the_risk_is_the_highest_of_the_rules_that_ask(
    risks: list[str], risk: Risk
) -> None:
    rules = [
        f"{{name: r{n}, action: require_approval{said}}}" for n, said in enumerate(risks)
    ]
    assert ruled(policy_of(*rules)).risk is risk


def test_the_default_asks_with_the_defaults() -> None:
    ruling = ruled("version: 1\napprovals: {timeout: 30m}\n", "anything")
    assert ruling.asking is not None
    assert ruling.asking.deadline == NOON + 1_800_000
    assert (ruling.risk, ruling.rule.name) == (Risk.MEDIUM, "(default)")
    plain = ruled("version: 1\n").asking
    assert plain is not None
    assert plain.deadline is None


def test_a_ruling_shows_what_each_condition_saw_and_no_more_than_it_may() -> None:
    text = policy_of(
        "{name: a, action: require_approval, conditions: [{path: args.long, op: contains, value: x},"
        " {path: args.none, op: exists, value: false}, {path: args.deep, op: exists, value: true},"
        " {path: args.flag, op: eq, value: true}]}"
    )
    ruling = ruled(text, long="x" * 5_000, deep={"a": ["b" * 9_000, {"c": 1}]}, flag=True)
    long, none, deep, flag = ruling.conditions
    assert (long.seen, long.cut, long.kind) == ("x" * 200, True, "text")
    assert (none.seen, none.kind, none.answer) == (None, "nothing", "yes")
    assert deep.seen.startswith('{"a":["bbb')
    assert (len(deep.seen), deep.cut) == (200, True)
    assert (flag.seen, flag.cut, flag.path) == (True, False, "args.flag")
    assert len(json.dumps(ruling.as_document())) < 5_000


def test_the_sentence_names_the_reason_and_no_value_of_the_call() -> None:
    limit = (
        "{name: cap, conditions: [{path: args.n, op: lte, value: 100}], on_deny: Too much.}"
    )
    ruling = ruled(policy_of(limit), n=4242)
    assert ruling.sentence == (
        'The rule "cap" (line 5) refuses the call: args.n lte 100 does not hold.'
    )
    assert ruling.message == "Too much."
    doubt = ruled(policy_of(limit), n="4242")
    assert doubt.sentence.endswith("args.n lte 100 cannot be told, as there is text.")
    assert "4242" not in ruling.sentence + doubt.sentence
    asked = ruled(policy_of("ask"), n=3)
    assert asked.sentence.endswith("asks for an approval: args.n gt 2 holds.")
    assert asked.message == 'Refused by the rule "ask".'
    assert ruled(policy_of("deny")).sentence.endswith("(line 5) refuses the call.")
    assert ruled(policy_of("{name: a, action: allow}")).message is None


COUNTED = """
version: 1
default: allow
tools:
  pay:
    rules:
      - name: sum
        conditions: [{path: state.pay.sum, op: lte, value: 100}]
        state: {counter: sum, window: day, increment_from: args.amount}
        on_deny: No money left.
  look: {rules: [{name: pays first, conditions: [{path: state.pay.sum, op: gt, value: 0}]}]}
  ask: {rules: [{name: a, action: require_approval}, {name: r, rate_limit: 1/hour}]}
  "*": {rules: [{name: all, rate_limit: 9/minute}]}
"""


def counted(tool: str, arguments: dict[str, Any], **counters: int) -> Ruling:
    named = {name.replace("__", "."): value for name, value in counters.items()}
    return evaluate(read_policy(COUNTED), Facts(Call(tool, arguments), NOON, named))


def test_a_ruling_says_what_must_be_reserved() -> None:
    ruling = counted("pay", {"amount": 60})
    assert [(each.counter, each.amount, each.limit) for each in ruling.reservations] == [
        ("pay.sum", 60, 100),
        ("_global._rate_minute", 1, 9),
    ]
    assert [each.rule for each in counted("ask", {}).reservations] == ["r", "all"]
    assert counted("ask", {}, ask___rate_hour=1).verdict == "deny"
    assert counted("pay", {"amount": 60}, pay__sum=40).verdict == "allow"
    over = counted("pay", {"amount": 60}, pay__sum=41)
    assert (over.verdict, over.message, over.reservations) == ("deny", "No money left.", ())
    assert over.sentence.endswith("pay.sum would pass its limit of 100 this day.")
    assert counted("look", {}).verdict == "deny"
    assert counted("look", {}, pay__sum=1).verdict == "allow"
    names = [each.name for each in Rulebook(read_policy(COUNTED)).counters_for("look")]
    assert names == ["pay.sum", "_global._rate_minute"]
    assert Rulebook(read_policy(policy_of("ask"))).counters_for("t") == ()


@pytest.mark.parametrize("amount", ["5", None, True, [5], -1, -0.5, float("nan"), 1e300])
def test_an_amount_of_the_wrong_kind_denies(amount: Any) -> None:
    ruling = counted("pay", {"amount": amount})
    assert ruling.verdict == "deny"
    assert "args.amount holds no amount to count" in ruling.sentence
    assert counted("pay", {}).verdict == "deny"


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("{path: time.hour, op: eq, value: 12}", "allow"),
        ("{path: time.weekday, op: eq, value: 1}", "allow"),
        ("{path: time.weekday, op: in, value: [6, 7]}", "require_approval"),
        ("{path: agent.id, op: eq, value: agt_1}", "allow"),
        ("{path: agent.project, op: eq, value: web}", "allow"),
        ("{path: agent.owner, op: neq, value: bob}", "require_approval"),
        ("{path: call.risk, op: in, value: [low, medium]}", "allow"),
        ("{path: call.session, op: exists, value: true}", "allow"),
        ("{path: call.scope, op: exists, value: false}", "allow"),
        ("{path: history.approved_same, op: gte, value: 3}", "allow"),
        ("{path: history.denied_same, op: eq, value: 0}", "allow"),
        ("{path: args.items.1.id, op: eq, value: b}", "allow"),
        ("{path: args.items.01.id, op: eq, value: b}", "require_approval"),
        ("{path: args.items.-1.id, op: eq, value: b}", "require_approval"),
        ("{path: args.items.2.id, op: exists, value: false}", "allow"),
        ("{path: args.items.100000.id, op: exists, value: false}", "allow"),
        ("{path: args.named.0, op: eq, value: zero}", "allow"),
    ],
)
def test_every_kind_of_path_is_looked_up(condition: str, verdict: str) -> None:
    text = policy_of(f"{{name: a, action: allow, conditions: [{condition}]}}")
    call = Call(
        "t",
        {"items": [{"id": "a"}, {"id": "b"}], "named": {"0": "zero"}},
        agent="agt_1",
        project="web",
        risk="low",
        session="s",
    )
    facts = Facts(call, NOON, history=History(3, 0))
    assert evaluate(read_policy(text), facts).verdict == verdict


def test_history_that_is_not_known_cannot_be_told() -> None:
    for path in ("approved_same", "denied_same"):
        condition = f"{{path: history.{path}, op: gte, value: 0}}"
        text = policy_of(f"{{name: a, action: allow, conditions: [{condition}]}}")
        assert ruled(text).conditions == ()
        assert ruled(text).verdict == "require_approval"


def test_tools_named_by_agents_do_not_pile_up() -> None:
    book = Rulebook(read_policy("version: 1\n"))
    for number in range(10_000):
        book.entry(f"tool_{number}")
    assert len(book._entries) <= 4_096  # noqa: SLF001 - it has no other face

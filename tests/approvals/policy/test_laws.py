"""What holds for whatever policy and call: properties over generated ones."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webui.approvals.policy import (
    Answer,
    Call,
    Facts,
    Policy,
    Rulebook,
    Verdict,
    check_policy,
    evaluate,
    import_policy,
    read_conditions,
    read_policy,
    verdict_of,
)
from webui.approvals.policy.operators import OPERATORS

often = settings(
    max_examples=60,
    deadline=None,  # the machine may be busy with something else
    suppress_health_check=[HealthCheck.too_slow],
)
TOOLS = ("t", "get_t", "get_*", "*")
values = st.sampled_from([0, 1, 2, 3, "1", "2", "", None, True, [1], {"b": 1}])
calls = st.builds(
    Call,
    tool=st.sampled_from(["t", "get_t", "other"]),
    arguments=st.dictionaries(st.sampled_from("abc"), values, max_size=3),
)
conditions = st.fixed_dictionaries(
    {
        "path": st.sampled_from(["args.a", "args.b", "args.c", "args.a.b"]),
        "op": st.sampled_from(["eq", "neq", "lt", "gte"]),
        "value": st.sampled_from([0, 1, 2]),
    }
)
actions = st.sampled_from(["evaluate", "allow", "require_approval", "deny"])


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    action = draw(actions)
    rule: dict[str, Any] = {"name": draw(st.sampled_from("xyz")), "action": action}
    if action == "require_approval":
        rule["approvals_required"] = draw(st.integers(1, 3))
    if action != "deny":
        least = 1 if action == "evaluate" else 0
        rule["conditions"] = draw(st.lists(conditions, min_size=least, max_size=2))
    return rule


documents = st.fixed_dictionaries(
    {
        "version": st.just("1"),
        "tools": st.dictionaries(
            st.sampled_from(TOOLS),
            st.fixed_dictionaries({"rules": st.lists(rules(), max_size=3)}),
            max_size=4,
        ),
    },
    optional={
        "default": st.sampled_from(["allow", "deny", "require_approval"]),
        "hide": st.lists(st.sampled_from(["t", "other", "get_*"]), unique=True, max_size=1),
    },
)


def policy_of(document: dict[str, Any]) -> Policy:
    return read_policy(json.dumps(document))  # JSON is YAML


def verdict(document: dict[str, Any], call: Call) -> Verdict:
    return verdict_of(Rulebook(policy_of(document)), Facts(call, 0))[0]


def with_rule(document: dict[str, Any], tool: str, rule: dict[str, Any]) -> dict[str, Any]:
    entry = document["tools"].get(tool, {"rules": []})
    changed = {**document["tools"], tool: {"rules": [*entry["rules"], rule]}}
    return {**document, "tools": changed}


@often
@given(documents, calls)
def test_the_short_answer_is_the_long_one(document: dict[str, Any], call: Call) -> None:
    policy = policy_of(document)
    ruling = evaluate(policy, Facts(call, 0))
    assert verdict_of(Rulebook(policy), Facts(call, 0)) == (
        ruling.verdict,
        ruling.rule.name,
    )
    assert json.loads(json.dumps(ruling.as_document()))["verdict"] == ruling.verdict


@often
@given(documents, calls, st.sampled_from(TOOLS))
def test_one_more_deny_never_loosens(
    document: dict[str, Any], call: Call, tool: str
) -> None:
    stricter = with_rule(document, tool, {"name": "no", "action": "deny"})
    assert verdict(stricter, call).strictness >= verdict(document, call).strictness


@often
@given(documents, calls, rules())
def test_one_more_rule_for_all_tools_loosens_only_by_allow(
    document: dict[str, Any], call: Call, rule: dict[str, Any]
) -> None:
    changed = with_rule(document, "*", rule)
    if rule["action"] != "allow":
        assert verdict(changed, call).strictness >= verdict(document, call).strictness
    elif verdict(document, call) is Verdict.DENY:
        assert verdict(changed, call) is Verdict.DENY


@often
@given(documents, calls, st.data())
def test_doubt_never_loosens(
    document: dict[str, Any], call: Call, data: st.DataObject
) -> None:
    policy = policy_of(document)
    facts = Facts(call, 0)
    doubtful = data.draw(st.sets(st.integers(0, 40), max_size=8))
    numbers = iter(range(1_000))

    def doubted(tests: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            replace(each, test=lambda _seen: Answer.CANNOT_TELL)
            if next(numbers) in doubtful
            else each
            for each in tests
        )

    tools = tuple(
        replace(
            tool,
            rules=tuple(
                replace(rule, conditions=doubted(rule.conditions)) for rule in tool.rules
            ),
        )
        for tool in policy.tools
    )
    before = evaluate(policy, facts).verdict
    after = evaluate(replace(policy, tools=tools), facts).verdict
    assert after.strictness >= before.strictness


@often
@given(documents, calls, st.randoms(use_true_random=False))
def test_the_order_of_rules_never_changes_the_verdict(
    document: dict[str, Any], call: Call, random: Any
) -> None:
    tools = list(document["tools"].items())
    random.shuffle(tools)
    shuffled = {
        name: {"rules": random.sample(each["rules"], len(each["rules"]))}
        for name, each in tools
    }
    assert verdict({**document, "tools": shuffled}, call) is verdict(document, call)


@often
@given(documents, calls)
def test_taking_an_argument_away_never_lets_a_call_through(
    document: dict[str, Any], call: Call
) -> None:
    """An `allow` needs its arguments, a limit as well; so less is never more."""
    empty = replace(call, arguments={})
    told = [each for rule in policy_of(document).rules for each in rule.conditions]
    if all(each.answer(Facts(call, 0)) is Answer.YES for each in told):
        assert verdict(document, empty).strictness >= verdict(document, call).strictness


@often
@given(documents, calls)
def test_bringing_in_changes_nothing_but_the_default(
    document: dict[str, Any], call: Call
) -> None:
    document = {
        **document,
        "tools": {k: v for k, v in document["tools"].items() if k != "get_*"},
    }
    document.pop("hide", None)
    imported = import_policy(json.dumps(document))
    explicit = {**document, "default": document.get("default", "allow")}
    assert verdict_of(Rulebook(imported.policy), Facts(call, 0))[0] is verdict(
        explicit, call
    )
    assert import_policy(imported.text).text == imported.text


parts = st.sampled_from(
    ["path", "op", "value", "args.a", "any", "regex", "cidr", "in", "(", "x"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | parts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(parts, inner, max_size=3),
    max_leaves=8,
)


@often
@given(
    json_values
    | st.lists(
        st.fixed_dictionaries(
            {
                "path": st.just("args.a"),
                "op": st.sampled_from(sorted(OPERATORS)) | json_values,
                "value": json_values,
            }
        ),
        max_size=2,
    ),
    json_values,
)
def test_any_value_is_conditions_that_answer_or_says_why_not(
    document: Any, seen: Any
) -> None:
    conditions, faults = read_conditions(document)
    for condition in conditions:
        assert condition.answer(Facts(Call("t", {"a": seen}), 0)) in Answer
    if isinstance(document, list) and not faults:
        assert len(conditions) == len(document)


@often
@given(st.text(max_size=60) | st.text("{}[]:,-?&*!|>'\"#%@ \nab1", max_size=60))
def test_any_text_is_a_policy_or_says_why_not(text: str) -> None:
    policy, faults = check_policy(text)
    assert (policy is None) == bool(faults)

"""The tests in a policy, the comparison of two, what only looks wrong, and the shelf."""

import json
from importlib.resources import files

import pytest

from webui.approvals.policy import (
    Call,
    Facts,
    Rulebook,
    compare,
    evaluate,
    import_policy,
    read_policy,
    run_tests,
    warnings_of,
)
from webui.approvals.policy.shelf import ShelfPolicy, shelf

SHELF = shelf()
TESTED = """
version: 1
tools:
  t: {rules: [{name: small, action: allow, conditions: [{path: args.n, op: lt, value: 5}]}]}
tests:
  - {name: fits, tool: t, args: {n: 1}, expect: allow, rule: small}
  - {tool: t, args: {n: 9}, expect: allow}
  - {name: other rule, tool: t, args: {n: 9}, expect: require_approval, rule: small}
"""


def test_the_tests_of_a_policy_say_what_came_of_them() -> None:
    fits, wrong, other = run_tests(read_policy(TESTED))
    assert fits.passed
    assert fits.sentence() == '"fits" (line 6): allow, as expected.'
    assert not wrong.passed
    assert wrong.sentence().startswith(
        '"test 2" (line 7): expected allow, got require_approval by "(default)".'
    )
    assert 'expected require_approval by "small", got' in other.sentence()
    assert json.loads(json.dumps(wrong.as_document()))["passed"] is False


def test_two_policies_are_compared_over_calls() -> None:
    old = read_policy(TESTED)
    new = read_policy(TESTED.replace("value: 5", "value: 7").partition("tests")[0])
    calls = [Facts(Call("t", {"n": number}), 0) for number in range(10)]
    found = list(compare(old, new, calls))
    assert [each.index for each in found] == [5, 6]
    assert (found[0].old, found[0].new, found[0].new_rule) == (
        "require_approval",
        "allow",
        "small",
    )
    assert found[0].looser
    assert not next(compare(new, old, calls)).looser
    assert list(compare(old, old, calls)) == []


@pytest.mark.parametrize(
    ("text", "line", "path", "says"),
    [
        (
            "hide: [a]\ntools: {a: {rules: [{name: b, action: deny}]}}",
            3,
            "tools.a",
            "hidden",
        ),
        (
            "hide: ['a*']\ntools: {ab: {rules: [{name: b, action: deny}]}}",
            3,
            "tools.ab",
            '"a*"',
        ),
        ("hide: ['*']", 1, "hide", "every tool is hidden"),
        ("default: deny", 2, "default", "every call is denied"),
        ("tools: {'*': {rules: [{name: b, action: deny}]}}", 2, "tools.*", "every call"),
        (
            "tools: {a: {rules: [{name: b, action: deny}, {name: c, action: allow}]}}",
            2,
            "tools.a",
            'the rule "c" never matters, because "b" denies',
        ),
        (
            "tools: {a: {rules: [{name: b, rate_limit: 1/day}, {name: b, action: allow}]}}",
            2,
            "tools.a",
            "stands twice",
        ),
        ("tools: {'**': {}}", 2, "tools.**", "matches every tool"),
        ("tools: {'*': {rules: [{name: b, action: allow}]}}", 2, "tools.*", "every tool"),
    ],
)
def test_what_looks_wrong_is_warned_of(text: str, line: int, path: str, says: str) -> None:
    found = warnings_of(read_policy(f"version: 1\n{text}"))
    assert any(
        (each.line, each.path) == (line, path) and says in each.sentence for each in found
    )


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            "action: allow, conditions: [{path: call.risk, op: lt, value: 5}]",
            "never be told",
        ),
        (
            "action: allow, conditions: [{path: time.hour, op: glob, value: a}]",
            "never be told",
        ),
        ("action: allow, conditions: [{path: args.a, op: regex, value: ^a}]", "anywhere"),
        (
            "action: allow, conditions: [{path: args.a, op: starts_with, value: 'https://a'}]",
            "Use url_host",
        ),
        (
            "action: allow, conditions: [{path: args.a, op: starts_with, value: a/}]",
            "Use glob",
        ),
        ("action: require_approval, approvers: [x], approvals_required: 2", "ever approve"),
        (
            "action: require_approval, approvers: [x], approvals_required: 2, distinct_groups: true",
            "than it names groups",
        ),
        ("action: require_approval, approvers: [z]", 'the group "z" is not among'),
        (
            "action: require_approval, approval_timeout: 5m, escalate_after: 5m",
            "expires before it escalates",
        ),
    ],
)
def test_a_rule_that_looks_wrong_is_warned_of(rule: str, says: str) -> None:
    text = (
        f"version: 1\ngroups: {{x: [ada]}}\ntools: {{t: {{rules: [{{name: a, {rule}}}]}}}}"
    )
    found = warnings_of(read_policy(text))
    assert any(says in each.sentence for each in found), found


def test_nothing_is_warned_of_without_cause() -> None:
    text = """
version: 1
groups: {x: [ada, bob]}
hide: [gone]
tools:
  t:
    rules:
      - {name: a, action: allow, conditions: [{path: args.a, op: regex, value: '^a$'},
         {path: args.b, op: starts_with, value: b}, {path: time.hour, op: lt, value: 9}]}
      - {name: b, action: require_approval, approvers: [x], approvals_required: 2,
         approval_timeout: 1h, escalate_after: 5m}
"""
    assert warnings_of(read_policy(text)) == ()


def test_the_shelf_covers_what_was_promised() -> None:
    names = {each.name for each in SHELF}
    assert names >= {"organization", "filesystem", "git", "github", "slack", "postgres"}
    assert names >= {"stripe", "kubernetes", "aws", "browser"}
    kept = files("webui.approvals.policy.shelf").iterdir()
    assert names == {each.name[:-5] for each in kept if each.name.endswith(".yaml")}
    organization = next(each for each in SHELF if each.name == "organization")
    policy = read_policy(organization.text)
    for tool in ("delete_workspace", "deprovision", "secret_write", "org_token_mint"):
        assert any(each.name == tool for each in policy.tools)


@pytest.mark.parametrize("ready", SHELF, ids=lambda ready: ready.name)
def test_a_policy_of_the_shelf_passes_its_own_tests_without_a_warning(
    ready: ShelfPolicy,
) -> None:
    policy = read_policy(ready.text)
    assert ready.text.startswith(f"# {ready.title}\n")
    assert policy.description
    assert len(policy.tests) >= 8
    assert [each.sentence() for each in run_tests(policy) if not each.passed] == []
    assert warnings_of(policy) == ()
    assert policy.default == "require_approval"
    unknown = Facts(Call("some_new_tool", {"force": True}), 0)
    assert evaluate(Rulebook(policy), unknown).verdict == "require_approval"


def test_an_imported_policy_can_be_compared_with_one_of_ours() -> None:
    theirs = import_policy('version: "1"\ntools: {t: {rules: []}}').policy
    ours = read_policy("version: 1\n")
    [found] = compare(theirs, ours, [Facts(Call("t"), 0)])
    assert (found.old, found.new, found.looser) == ("allow", "require_approval", False)

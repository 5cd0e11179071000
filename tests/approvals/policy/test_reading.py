"""Every error of a policy's text: its line, its place, and how to mend it; all of them at once."""

from textwrap import dedent

import pytest

from webui.approvals.policy import (
    Action,
    PolicyError,
    Verdict,
    Window,
    check_policy,
    read_policy,
)
from webui.approvals.policy.yaml_text import MOST_BYTES
from webui.approvals.states import Risk


def rule(text: str) -> str:
    """Return a policy whose only rule is `text`; it begins on line 5."""
    return "version: '1'\ntools:\n  t:\n    rules:\n" + "".join(
        f"    {line}\n" for line in dedent(text).strip().splitlines()
    )


def told(text: str) -> list[tuple[int, str, str]]:
    policy, faults = check_policy(text)
    assert policy is None
    assert list(faults) == sorted(faults)
    return [(fault.line, fault.path, fault.sentence) for fault in faults]


WHOLE = """\
version: "1"
description: All there is.
default: deny
hide: [old_tool, "admin_*"]
approvals:
  timeout: 1h30m
  dedupe_window: 10m
  notify: {webhook: {url: "https://hooks.example.com/x", secret: s3cret}}
groups:
  security: [ada@example.com, bob@example.com]
redact: ["*_pin", iban]
tools:
  pay:
    idempotent: true
    irreversible: true
    rules:
      - name: daily
        conditions:
          - {path: state.pay.spent, op: lt, value: 100}
        state: {counter: spent, window: day, increment_from: args.amount}
        on_deny: No money left.
      - name: asked
        action: require_approval
        conditions:
          - {path: args.amount, op: gt, value: 5}
        approval_timeout: 90s
        approvers: security
        approvals_required: 2
        denials_required: 2
        distinct_groups: true
        veto_group: security
        require_reason: true
        risk: high
        escalate_after: 30s
        escalate_to: security
        max_grant: 1h
        expires_to: denied
      - {name: small, action: allow, conditions: [{path: args.amount, op: lte, value: 5}]}
  "*":
    rules:
      - {name: rate, rate_limit: 60/minute}
tests:
  - {name: one, tool: pay, args: {amount: 5}, agent: agt_1, project: p, owner: o, risk: low,
     session: s, scope: c, at: 2026-01-05T12:00:00Z, counters: {pay.spent: 3},
     history: {approved_same: 1, denied_same: 0}, expect: deny, rule: daily}
"""


def test_all_of_the_format_is_read_into_types() -> None:
    policy = read_policy(WHOLE)
    assert policy.description == "All there is."
    assert (policy.default, policy.default_written, policy.default_line) == (
        "deny",
        True,
        3,
    )
    assert policy.hide == ("old_tool", "admin_*")
    assert policy.approvals.timeout == 5_400_000
    assert policy.approvals.dedupe_window == 600_000
    assert policy.approvals.webhook is not None
    assert policy.approvals.webhook.url == "https://hooks.example.com/x"
    assert policy.approvals.webhook.secret == "s3cret"
    assert "s3cret" not in repr(policy)
    assert policy.groups["security"] == ("ada@example.com", "bob@example.com")
    assert policy.redact == ("*_pin", "iban")
    assert policy.group_names() == {"security"}
    pay, every = policy.tools
    assert (pay.idempotent, pay.irreversible, pay.line) == (True, True, 13)
    daily, asked, small = pay.rules
    assert daily.action is Action.EVALUATE
    assert daily.on_deny == "No money left."
    assert daily.counter is not None
    assert (daily.counter.name, daily.counter.limit) == ("pay.spent", 99)
    assert daily.counter.increment_from == "args.amount"
    terms = asked.terms
    assert (terms.timeout, terms.escalate_after, terms.max_grant) == (
        90_000,
        30_000,
        3_600_000,
    )
    assert (terms.approvers, terms.veto_group, terms.escalate_to) == (
        ("security",),
        "security",
        "security",
    )
    assert (terms.approvals_required, terms.denials_required) == (2, 2)
    assert (terms.distinct_groups, terms.require_reason) == (True, True)
    assert terms.risk is Risk.HIGH
    assert (small.action, small.line) == (Action.ALLOW, 38)
    rate = every.rules[0].counter
    assert rate is not None
    assert (rate.name, rate.window, rate.limit) == (
        "_global._rate_minute",
        Window.MINUTE,
        60,
    )
    example = policy.tests[0]
    assert (example.expect, example.rule, example.line) == (Verdict.DENY, "daily", 43)
    assert example.facts.now == 1_767_614_400_000
    assert example.facts.call.agent == "agt_1"
    assert example.facts.counters == {"pay.spent": 3}


@pytest.mark.parametrize(
    ("text", "line", "path", "says"),
    [
        ("", 1, "", 'needs version: "1"'),
        ("- a", 1, "", "must be a mapping, not a list"),
        ("tools: {}", 1, "", "needs version"),
        ("version: 2", 1, "version", 'must be "1", not "2"'),
        ("version: 1.0", 1, "version", 'not "1.0"'),
        ("version: [1]", 1, "version", "must be text, not a list"),
        ("version: 1\ndefault: alow", 2, "default", 'did you mean "allow"'),
        ("version: 1\ndefalt: allow", 2, "defalt", 'did you mean "default"'),
        ("version: 1\nzzz: 1", 2, "zzz", "It has version, description"),
        ("version: 1\nhide: {a: 1}", 2, "hide", "must be a list of names"),
        ("version: 1\nhide: ['']", 2, "hide[0]", "not blank"),
        ("version: 1\nhide: [a,\n  a]", 3, "hide[1]", "twice"),
        ("version: 1\nhide: [[a]]", 2, "hide[0]", "not a list"),
        ("version: 1\nhide: ' '", 2, "hide", "not blank"),
        ("version: 1\ntools: [a]", 2, "tools", "must be a mapping"),
        ("version: 1\ntools: {' ': {}}", 2, "tools. ", "not blank"),
        ("version: 1\ntools: {a: 5}", 2, "tools.a", "must be a mapping"),
        ("version: 1\ntools: {a: {rule: []}}", 2, "tools.a.rule", 'did you mean "rules"'),
        ("version: 1\ntools: {a: {rules: {}}}", 2, "tools.a.rules", "must be a list"),
        (
            "version: 1\ntools: {a: {rules: [x]}}",
            2,
            "tools.a.rules[0]",
            "must be a mapping",
        ),
        ("version: 1\ntools: {a: {irreversible: yes}}", 2, "tools.a.irreversible", "true?"),
        ("version: 1\ntools: {a: {idempotent: 1}}", 2, "tools.a.idempotent", "a number"),
        ("version: 1\napprovals: {timeout: 0s}", 2, "approvals.timeout", "is zero"),
        (
            "version: 1\napprovals: {timeout: -5m}",
            2,
            "approvals.timeout",
            "Write it as 90s",
        ),
        (
            "version: 1\napprovals: {timeout: 30}",
            2,
            "approvals.timeout",
            "did you mean 30m",
        ),
        ("version: 1\napprovals: {timeout: 1m1h}", 2, "approvals.timeout", "1h30m"),
        ("version: 1\napprovals: {timeout: 400d}", 2, "approvals.timeout", "366 days"),
        ("version: 1\napprovals: {timeout: [1h]}", 2, "approvals.timeout", "must be text"),
        ("version: 1\napprovals: {timout: 1h}", 2, "approvals.timout", '"timeout"'),
        ("version: 1\napprovals: {notify: {hook: 1}}", 2, "approvals.notify.hook", "no"),
        (
            "version: 1\napprovals:\n  notify: {webhook: {url: 'https://a.example'}}",
            3,
            "approvals.notify.webhook",
            "needs secret as well",
        ),
        (
            "version: 1\napprovals:\n  notify: {webhook: {secret: a}}",
            3,
            "approvals.notify.webhook",
            "needs url as well",
        ),
        (
            "version: 1\napprovals:\n  notify: {webhook: {url: 'ftp://a', secret: b}}",
            3,
            "approvals.notify.webhook.url",
            "http:// or https://",
        ),
        (
            "version: 1\napprovals:\n  notify: {webhook: {url: 'http://[', secret: b}}",
            3,
            "approvals.notify.webhook.url",
            "name a host",
        ),
        ("version: 1\ngroups: [a]", 2, "groups", "must be a mapping"),
        ("version: 1\ngroups: {a: 5}", 2, "groups.a", "list of names"),
        ("version: 1\nredact: {a: b}", 2, "redact", "list of names"),
        (f"version: 1\ndescription: {'a' * 2001}", 2, "description", "2000 characters"),
    ],
)
def test_an_error_of_the_file_is_told_with_its_place(
    text: str, line: int, path: str, says: str
) -> None:
    found = told(text)
    assert (found[0][0], found[0][1]) == (line, path), found
    assert says in found[0][2]


@pytest.mark.parametrize(
    ("text", "line", "path", "says"),
    [
        ("- action: deny", 5, "", "must have a name"),
        ("- {name: '', action: deny}", 5, ".name", "not blank"),
        ('- {name: "a\\nb", action: deny}', 5, ".name", "on one line"),
        (
            "- {name: a, action: refuse}",
            5,
            ".action",
            "must be evaluate, deny, require_app",
        ),
        ("- {name: a, action: denied}", 5, ".action", 'did you mean "deny"'),
        ("- name: a", 5, "", "at least one condition"),
        ("- {name: a, conditions: []}", 5, "", "at least one condition"),
        ("- {name: a, conditions: {}}", 5, ".conditions", "must be a list of conditions"),
        (
            "- name: a\n  action: deny\n  conditions:\n    - {path: args.a, op: eq, value: 1}",
            7,
            ".conditions",
            "must not have conditions",
        ),
        (
            "- name: a\n  conditions:\n    - path: argh.a\n      op: eq\n      value: 1",
            7,
            ".conditions[0].path",
            'must start with "args."',
        ),
        (
            "- name: a\n  conditions:\n    - path: args.a\n      op: equals\n      value: 1",
            8,
            ".conditions[0].op",
            'there is no operator "equals"',
        ),
        (
            "- name: a\n  conditions:\n    - path: args.a\n      op: in\n      value: x",
            9,
            ".conditions[0].value",
            "must be a list",
        ),
        (
            "- name: a\n  conditions:\n    - {path: args.a, op: lte, value: '5'}",
            7,
            ".conditions[0].value",
            "must be a number, not text",
        ),
        (
            "- name: a\n  conditions:\n    - {path: args.a, op: exists, value: 'true'}",
            7,
            ".conditions[0].value",
            "must be true or false, not text",
        ),
        (
            "- name: a\n  conditions:\n    - {path: args.a, op: regex, value: 5}",
            7,
            ".conditions[0].value",
            "must be text, not a number",
        ),
        (
            "- name: a\n  conditions:\n    - {path: args.a, op: regex, value: '[a'}",
            7,
            ".conditions[0].value",
            "missing ]",
        ),
        (
            "- name: a\n  conditions:\n    - {path: 5, op: exists, value: true}",
            7,
            ".conditions[0].path",
            "must be text such as args.amount",
        ),
        ("- {name: a, rate_limit: 5}", 5, ".rate_limit", "must be written as 5/hour"),
        ("- {name: a, rate_limit: 0/hour}", 5, ".rate_limit", "whole number above 0"),
        ("- {name: a, rate_limit: -1/hour}", 5, ".rate_limit", 'not "-1"'),
        ("- {name: a, rate_limit: 5.5/hour}", 5, ".rate_limit", 'not "5.5"'),
        ("- {name: a, rate_limit: ٥/hour}", 5, ".rate_limit", "whole number above 0"),
        ("- {name: a, rate_limit: 5/hours}", 5, ".rate_limit", 'did you mean "hour"'),
        ("- {name: a, rate_limit: 5/week}", 5, ".rate_limit", "minute, hour or day"),
        ("- {name: a, rate_limit: 9999999999/day}", 5, ".rate_limit", "at most 999999999"),
        ("- {name: a, rate_limit: [5]}", 5, ".rate_limit", "must be text"),
        ("- {name: a, action: deny, rate_limit: 5/day}", 5, ".rate_limit", "action: deny"),
        (
            "- name: a\n  rate_limit: 5/day\n  conditions: [{path: args.a, op: eq, value: 1}]",
            6,
            ".rate_limit",
            "cannot be combined with conditions or state",
        ),
        (
            "- {name: a, rate_limit: 5/day, state: {counter: a, window: day}}",
            5,
            ".rate_limit",
            "cannot be combined with conditions or state",
        ),
        (
            "- {name: a, action: require_approval, rate_limit: 5/day}",
            5,
            ".rate_limit",
            "Move rate_limit to an evaluate rule",
        ),
        (
            "- {name: a, action: require_approval, state: {counter: a, window: day}}",
            5,
            ".state",
            "Move state to an evaluate rule",
        ),
        ("- {name: a, action: allow, rate_limit: 5/day}", 5, ".rate_limit", "allow cannot"),
        ("- {name: a, action: deny, state: {window: day}}", 5, ".state", "needs a counter"),
        ("- {name: a, action: deny, state: {counter: b}}", 5, ".state", "needs a window"),
        ("- {name: a, action: deny, state: 5}", 5, ".state", "must be a mapping"),
        (
            "- {name: a, action: deny, state: {counter: '', window: day}}",
            5,
            ".state.counter",
            "not blank",
        ),
        (
            "- {name: a, action: deny, state: {counter: b, window: week}}",
            5,
            ".state.window",
            "minute, hour or day",
        ),
        (
            "- {name: a, action: deny, state: {counter: b, window: day, step: 1}}",
            5,
            ".state.step",
            "no",
        ),
        (
            "- {name: a, action: deny, state: {counter: b, window: day, increment: -1}}",
            5,
            ".state.increment",
            "whole number from 1",
        ),
        (
            "- {name: a, action: deny, state: {counter: b, window: day, increment: 1.5}}",
            5,
            ".state.increment",
            "not a number",
        ),
        (
            "- {name: a, action: deny, state: {counter: b, window: day, increment_from: x.y}}",
            5,
            ".state.increment_from",
            'must start with "args."',
        ),
        (
            """
            - name: a
              action: deny
              state: {counter: b, window: day, increment: 2, increment_from: args.a}
            """,
            7,
            ".state.increment",
            "exclude each other",
        ),
        (
            """
            - name: a
              conditions:
                - {path: state.t.hourly, op: lt, value: 5}
              state: {counter: hourli, window: hour}
            """,
            7,
            ".conditions[0].path",
            'did you mean "state.t.hourli"',
        ),
        ("- {name: a, action: allow, risk: high}", 5, ".risk", "only means something with"),
        ("- {name: a, action: require_approval, risk: hihg}", 5, ".risk", '"high"'),
        (
            "- {name: a, action: require_approval, approval_timeout: soon}",
            5,
            ".approval_timeout",
            "is no length of time",
        ),
        (
            "- {name: a, action: require_approval, approvals_required: 0}",
            5,
            ".approvals_required",
            "from 1 to 100",
        ),
        (
            "- {name: a, action: require_approval, denials_required: two}",
            5,
            ".denials_required",
            "not text",
        ),
        (
            "- {name: a, action: require_approval, approvers: {a: b}}",
            5,
            ".approvers",
            "list of names",
        ),
        (
            "- {name: a, action: require_approval, approvers: [null]}",
            5,
            ".approvers[0]",
            "not nothing",
        ),
        (
            "- {name: a, action: require_approval, expires_to: approved}",
            5,
            ".expires_to",
            "nothing is approved by silence",
        ),
        (
            "- {name: a, action: require_approval, escalate_to: ops}",
            5,
            ".escalate_to",
            "needs escalate_after",
        ),
        (
            "- {name: a, action: deny, on_denny: x}",
            5,
            ".on_denny",
            'did you mean "on_deny"',
        ),
    ],
)
def test_an_error_of_a_rule_is_told_with_its_place(
    text: str, line: int, path: str, says: str
) -> None:
    found = told(rule(text))
    where = [(found_line, found_path) for found_line, found_path, _ in found]
    assert (line, f"tools.t.rules[0]{path}") in where, found
    assert any(says in sentence for _, _, sentence in found), found


def test_a_secret_that_cannot_be_taken_out_of_its_text_is_not_kept_in_it() -> None:
    text = (
        'version: "1"\napprovals:\n'
        "  notify: {webhook: {url: 'https://a.example', secret: b}}\n#"
    )
    longest = text + "x" * (MOST_BYTES - len(text) - 1) + "\n"
    policy, (fault,) = check_policy(longest)  # without its secret it would be too long
    assert policy is None
    assert "the secret must stand on one line" in str(fault)


def test_a_counter_is_kept_by_one_rule_only() -> None:
    rules = "- {name: a, rate_limit: 5/hour}\n- {name: b, rate_limit: 9/hour}"
    [(line, path, sentence)] = told(rule(rules))
    assert (line, path) == (6, "tools.t.rules[1]")
    assert 'the counter "_rate_hour" is kept by rules[0] of this tool already' in sentence
    assert check_policy(rule(rules.replace("9/hour", "9/day")))[0] is not None


def test_a_fault_in_a_rule_does_not_make_its_counter_unknown() -> None:
    text = rule(
        """
        - name: a
          conditions: [{path: state.t.n, op: lt, value: 5}]
          state: {counter: n, window: fortnight}
        """
    )
    assert [path for _, path, _ in told(text)] == ["tools.t.rules[0].state.window"]


def test_everything_wrong_is_told_at_once_and_as_one_error() -> None:
    text = "version: 3\ndefault: x\nhide: [a, a]\nzz: 1\n" + rule("- {rate_limit: x}")[13:]
    with pytest.raises(PolicyError) as caught:
        read_policy(text)
    assert len(caught.value.faults) == 6
    assert str(caught.value).count("\n") == 5
    first = caught.value.faults[0]
    assert str(first) == 'line 1, column 1: version: version must be "1", not "3".'
    assert first.as_document()["path"] == "version"


def test_there_is_an_end_to_the_errors() -> None:
    _, faults = check_policy("version: 1\nhide: [" + "'', " * 500 + "]")
    assert len(faults) == 100


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("version: 1\nhide: &a [x]", 2, "anchor &a is not allowed"),
        ("version: 1\nhide: [*a]", 2, "*a"),
        ("version: 1\nhide: !!set {a}", 2, "tag"),
        ("version: 1\nhide: !python/object:os.system x", 2, "tag"),
        ("version: 1\n!!str hide: [a]", 2, "tag"),
        ("version: 1\n<<: {hide: [a]}", 2, "merge keys"),
        (
            "version: 1\ntools:\n  a: {}\n  b: {}\n  a: {}",
            5,
            "stands twice, first on line 3",
        ),
        ("version: 1\nversion: 1", 2, "stands twice"),
        ("version: 1\n? [a]\n: b", 2, "a key must be text"),
        ("version: 1\n'': b", 2, "a key must be text"),
        ("version: 1\n---\nversion: 1", 2, "a second document"),
        ("version: 1\ntools: {a: [}", 2, "this is no YAML"),
        ("version: 1\n\ttools: {}", 2, "this is no YAML"),
        ("version: 1\ntools: {a: b: c}", 2, "this is no YAML"),
        ("version: 1\nhide: [a\x07]", 2, "U+0007"),
        ("version: 1\nhide: [a\u202eb]", 2, "U+202E"),
        ("version: 1\nhide: [\ud800]", 2, "U+D800"),
        ("version: 1\nhide: [0x1f]", 2, "more than one way"),
        ("version: 1\nhide: [0755]", 2, "more than one way"),
        ("version: 1\nhide: [1_000]", 2, "more than one way"),
        ("version: 1\nhide: [.inf]", 2, "more than one way"),
        ("version: 1\nhide: [1e999]", 2, "more than one way"),
        ("version: 1\nhide: " + "[" * 40 + "]" * 40, 2, "24 levels"),
        ("version: 1\nhide: [" + "a," * 60_000 + "]", 2, "50000 values"),
        ("#" * (512 * 1024 + 1), 1, "512 KiB"),
        ("# " + "é" * (300 * 1024), 1, "512 KiB"),
    ],
)
def test_yaml_that_could_hide_something_is_refused(text: str, line: int, says: str) -> None:
    found = told(text)
    assert any(at == line and says in sentence for at, _, sentence in found), found[:3]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("'5'", "5"),
        ("2026-01-05", "2026-01-05"),
        ("12:30", "12:30"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("true", True),
        ("FALSE", False),
        ("-5", -5),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("~x", "~x"),
    ],
)
def test_values_are_read_as_yaml_1_2_reads_them(written: str, read: object) -> None:
    text = rule(f"- {{name: a, conditions: [{{path: args.a, op: eq, value: {written}}}]}}")
    value = read_policy(text).rules[0].conditions[0].value
    assert (value, type(value)) == (read, type(read))


def test_names_are_taken_as_they_are_spelt() -> None:
    policy = read_policy(
        "version: 1\nhide: [404, true]\ntools: {1: {rules: null}, ~: null}"
    )
    assert policy.hide == ("404", "true")
    assert [tool.name for tool in policy.tools] == ["1", "~"]


def test_an_unset_default_asks() -> None:
    policy = read_policy("version: 1\ndefault:\n")
    assert (policy.default, policy.default_written) == (Verdict.REQUIRE_APPROVAL, False)


@pytest.mark.parametrize(
    ("test", "path", "says"),
    [
        ("{expect: deny}", "", "needs tool"),
        ("{tool: a}", "", "needs expect"),
        ("{tool: a, expect: ask}", ".expect", "must be allow, deny or require_approval"),
        ("{tool: a, expect: deny, rule: smal}", ".rule", 'did you mean "small"'),
        ("{tool: a, expect: deny, args: [1]}", ".args", "must be a mapping"),
        ("{tool: a, expect: deny, args: {b: 1e300}}", ".args.b", "no call can carry this"),
        ("{tool: a, expect: deny, at: noon}", ".at", "a time with its zone"),
        ("{tool: a, expect: deny, at: '2026-01-05T12:00:00'}", ".at", "with its zone"),
        ("{tool: a, expect: deny, counters: {t.m: 1}}", ".counters.t.m", '"t.n"'),
        ("{tool: a, expect: deny, counters: {t.n: -1}}", ".counters.t.n", "from 0"),
        ("{tool: a, expect: deny, history: {approved: 1}}", ".history.approved", "no"),
        ("{tool: a, expect: deny, arg: {}}", ".arg", 'did you mean "args"'),
        ("x", "", "must be a mapping"),
    ],
)
def test_an_error_of_a_test_is_told_with_its_place(test: str, path: str, says: str) -> None:
    text = rule(
        """
        - {name: small, action: allow}
        - name: n
          conditions: [{path: state.t.n, op: lt, value: 5}]
          state: {counter: n, window: day}
        """
    )
    found = told(f"{text}tests:\n  - {test}")
    assert any(at == f"tests[0]{path}" and says in said for _, at, said in found), found


def test_the_hash_of_a_rule_is_of_what_it_says() -> None:
    block = rule("- name: a\n  conditions:\n    - {path: args.a, op: lte, value: 100}")
    same = rule(
        "- conditions: [{value: 1e2, op: 'lte', path: \"args.a\"}]\n  name: a # same"
    )
    hashes = [read_policy(text).rules[0].hash for text in (block, same)]
    assert hashes[0] == hashes[1]
    assert hashes[0].startswith("sha256:")
    for other in (
        block.replace("100", "101"),
        block.replace("lte", "lt"),
        block.replace("args.a", "args.b"),
        block.replace("name: a", "name: b"),
        block.replace("  t:", "  u:"),
        block + "      on_deny: x\n",
        block.replace("name: a", "name: a\n      action: require_approval"),
    ):
        assert read_policy(other).rules[0].hash != hashes[0]
    assert read_policy(block).revision != read_policy(same).revision


def test_the_hash_of_a_rule_is_of_its_terms_and_its_counter_too() -> None:
    asked = "- {name: a, action: require_approval, approvers: [x], approvals_required: 2}"
    counted = (
        "- {name: a, conditions: [{path: state.t.n, op: lt, value: 5}],"
        " state: {counter: n, window: hour}}"
    )
    texts = [
        asked,
        asked.replace("2", "3"),
        asked.replace("x", "y"),
        asked.replace("2}", "2, require_reason: true}"),
        counted,
        counted.replace("hour", "day"),
        counted.replace("hour", "hour, increment: 2"),
        counted.replace("hour", "hour, increment_from: args.n"),
    ]
    hashes = {read_policy(rule(text)).rules[0].hash for text in texts}
    assert len(hashes) == len(texts)

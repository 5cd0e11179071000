"""Patterns, values and texts made to stall or to confuse: each is answered or refused.

No times are asserted; a test that stalled would never end.
"""

import subprocess
import sys
from random import Random

import pytest

from webui.approvals.policy import (
    Answer,
    Call,
    Facts,
    Rulebook,
    check_policy,
    read_conditions,
    warnings_of,
)

A_LOT = 64 * 1024
RANDOM = Random(7)  # noqa: S311 - no secret
INPUTS = [
    "a" * A_LOT,
    "a" * (A_LOT - 1) + "!",
    "".join(RANDOM.choice("ab") for _ in range(A_LOT)),
    "".join(RANDOM.choice("abcxyz0123456789/. ") for _ in range(A_LOT)),
    "é漢"[:1] * (A_LOT // 2),
    "\n" * A_LOT,
]
PATTERNS = [
    "(a+)+$",
    "(a|aa)+$",
    "(a|a?)+$",
    "(.*)*x$",
    "(a*)*b",
    "(x+x+)+y",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(a|b)*a(a|b){900}c",
    "((a{0,30}){0,30})c",
    "(a?){500}a{500}$",
    "(.*.*.*.*.*=.*)x",
    "(\\w{0,60} ){0,6}$",
    "(?i)(k|K|K)*$",
    "(?:a{0,9}b{0,9}c{0,9}){0,20}$",
    "\\pL{1,1}$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_and_no_argument_stalls(pattern: str) -> None:
    document = {"path": "args.x", "op": "regex", "value": pattern}
    [condition], faults = read_conditions([document])
    assert not faults
    for text in INPUTS:
        answer = condition.answer(Facts(Call("t", {"x": text}), 0))
        assert answer in {Answer.YES, Answer.NO}


@pytest.mark.parametrize(
    "pattern",
    ["(a{1000}){1000}", "a{1001}", "(((a{100}){100}){100})", "\\pL{900}", "(" * 1001, "[" * 900,
     "(?P<n>a)(?P=n)", "(?<!a)b", "a(?!b)", "\\1", "(?#", "*a", "a**", "\\", "(?i"],
)  # fmt: skip
def test_what_is_too_costly_or_no_pattern_is_refused(pattern: str) -> None:
    document = {"path": "args.x", "op": "regex", "value": pattern}
    conditions, [fault] = read_conditions([document])
    assert not conditions
    assert fault.pointer == "/0/value"
    assert fault.detail.endswith(".")


def test_what_is_longer_than_64_kib_cannot_be_told() -> None:
    for op, value in (("regex", "a"), ("glob", "a*")):
        [condition], _ = read_conditions([{"path": "args.x", "op": op, "value": value}])

        def ask(text: str) -> Answer:
            return condition.answer(Facts(Call("t", {"x": text}), 0))  # noqa: B023 - at once

        assert ask("a" * A_LOT) is Answer.YES
        assert ask("a" * (A_LOT + 1)) is Answer.CANNOT_TELL
        assert ask("a" + "é" * (A_LOT // 2)) is Answer.CANNOT_TELL


def test_a_glob_has_no_hidden_power() -> None:
    for glob, fits, not_this in (
        ("a.b", "a.b", "axb"),
        ("a+", "a+", "aa"),
        ("(a|b)", "(a|b)", "a"),
        ("[ab]", "[ab]", "a"),
        ("a{2}", "a{2}", "aa"),
        ("^a$", "^a$", "a"),
        ("\\d", "\\d", "5"),
        ("a?c", "abc", "a/c"),
        ("***", "a/b", None),
    ):
        [condition], _ = read_conditions([{"path": "args.x", "op": "glob", "value": glob}])
        assert condition.answer(Facts(Call("t", {"x": fits}), 0)) is Answer.YES
        assert condition.answer(Facts(Call("t", {"x": not_this}), 0)) is not Answer.YES


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nhide: " + "[" * 100_000,
        "version: 1\nhide: " + "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "version: 1\n" + "".join(f"k{number}: {number}\n" for number in range(40_000)),
        "a: &a [x]\n" + "".join(f"b{n}: [*a, *a, *a]\n" for n in range(1_000)),
        "version: 1\nhide: [" + ", ".join(["9" * 400] * 1_000) + "]",
        '"' + "\\" * 300_001,
        "version: 1\ntools: {'" + "*a" * 5_000 + "b': {}}",
        "'" * 300_001,
        "#" * 500_000,
        "\u2028" * 100_000,
        "version: 1\nhide: [" + ", ".join(f"a{n}" for n in range(40_000)) + "]",
        "version: 1\ntools:\n" + "".join(f"  a{n}: {{}}\n" for n in range(20_000)),
        "version: 1\ntools:\n" + "".join(f"  a{n}: {{rule: []}}\n" for n in range(1_500)),
        "version: 1\ntests: [" + "{tool: a, rule: b, expect: deny}, " * 7_000 + "]",
        "version: 1\ntools: {a: {rules: ["
        + "{conditions: [{path: state.a.b, op: eq, value: 1}]}, " * 5_000
        + "]}}",
        "%YAML 9.9\n---\n",
        "%TAG ! tag:x,2000:\n---\n!a b\n",
        "--- |\n" + "x\n" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_no_text_stalls_or_breaks_the_reader(text: str) -> None:
    policy, faults = check_policy(text)
    assert policy is None
    assert 1 <= len(faults) <= 100
    assert all(fault.line >= 1 and fault.sentence for fault in faults)


def test_a_large_policy_is_read_looked_over_and_asked() -> None:
    text = "version: 1\nhide:\n" + "".join(f"  - '*{n}*'\n" for n in range(1_500))
    text += "tools:\n" + "".join(
        f"  'a{n}*':\n    rules: [{{name: a, rate_limit: 5/hour}}]\n" for n in range(2_000)
    )
    policy, faults = check_policy(text)
    assert policy is not None, faults
    assert len(warnings_of(policy)) == 100
    book = Rulebook(policy)
    assert not any(book.entry(f"b{'x' * 500}").hidden for _ in range(1_000))


def test_a_byte_order_mark_is_welcome() -> None:
    policy, faults = check_policy("\ufeffversion: 1\n")
    assert policy is not None, faults


def test_importing_the_language_imports_neither_yaml_nor_re2() -> None:
    code = (
        "import sys; import webui.approvals.policy, webui.approvals.policy.shelf;"
        "sys.exit(bool({'yaml', 're2', 'difflib', 'sqlalchemy', 'flask'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""The sentence of a ruling, made anew of what is kept with it."""

import json
from typing import Any

import pytest

from webui.approvals.policy import Call, Facts, Ruling, evaluate, read_policy
from webui.approvals.policy.rulebook import Rulebook
from webui.approvals.policy.ruling import asked_anyway
from webui.approvals.policy.saying import nobody_in, said_again
from webui.languages import language
from webui.sentences import told

POLICY = """version: "1"
default: {default}
hide: [secret]
tools:
  run:
    rules:
      - name: large
        action: require_approval
        conditions: [{{path: args.size, op: gt, value: 100}}, {{path: args.who, op: eq, value: b}}]
      - {{name: "all", action: allow, conditions: [{{path: args.size, op: lt, value: 10}}]}}
      - {{name: small, conditions: [{{path: args.list, op: any, value: {{op: eq, value: x}}}}]}}
  plain: {{rules: [{{name: no, action: deny}}]}}
  ask: {{rules: [{{name: ask, action: require_approval}}]}}
  free: {{rules: [{{name: free, action: allow}}]}}
  idle: {{rules: [{{name: idle, action: allow, conditions: [{{path: args.n, op: eq, value: 1}}]}}]}}
"""
GERMAN = language("de")


def ruled(tool: str, arguments: dict[str, Any], default: str) -> Ruling:
    policy = read_policy(POLICY.format(default=default))
    return evaluate(Rulebook(policy), Facts(Call(tool, arguments), 0))


def again(ruling: Ruling, tool: str, more: str = "") -> str:
    """Return the sentence of a ruling that was kept as JSON and read back."""
    document = json.loads(json.dumps(ruling.as_document()))
    document["sentence"] += more
    return said_again(document, tool)


@pytest.mark.parametrize("default", ["allow", "deny", "require_approval"])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("secret", {}),
        ("unknown", {}),
        ("plain", {}),
        ("ask", {}),
        ("free", {}),
        ("idle", {"n": 2}),
        ("run", {"size": 200, "who": "b", "list": ["x"]}),
        ("run", {"size": True, "who": None, "list": ["x"]}),
        ("run", {"size": 1, "who": "b", "list": ["x"]}),
        ("run", {"size": 1, "list": 7}),
    ],
)
def test_a_kept_ruling_is_said_again_as_it_was_and_in_german(
    tool: str, arguments: dict[str, Any], default: str
) -> None:
    ruling = ruled(tool, arguments, default)
    said = again(ruling, tool)
    assert said == ruling.sentence
    german = str(told(said, GERMAN))
    assert german == told(ruling.sentence, GERMAN)
    assert "„" in german
    assert not {"The", "rule", "call", "there", "policy"} & set(german.split())


def test_what_follows_on_a_ruling_is_said_again_too() -> None:
    book = Rulebook(read_policy(POLICY.format(default="allow")))
    ruling = asked_anyway(book, ruled("free", {}, "allow"), 0)
    more = f" {nobody_in('a, b')} Somebody added this."
    said = again(ruling, "free", more)
    assert said == ruling.sentence + more
    german = str(told(said, GERMAN))
    assert german.endswith(" oder ändern Sie die Richtlinie. Somebody added this.")
    assert "lässt den Aufruf zu. Eine Berechtigung gibt nur eine Person" in german
    assert "die Gruppe „a, b“" in german


def test_what_is_not_ours_stays_as_it_was_kept() -> None:
    document = ruled("ask", {}, "allow").as_document() | {"sentence": "Because."}
    assert said_again(document, "ask") == "Because."
    assert type(said_again(document, "ask")) is str

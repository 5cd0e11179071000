"""Ruling on many calls in their order: what `evaluate` says, with counters of its own."""

from __future__ import annotations

import pytest

from webui.approvals.policy import Call, Replay, Rulebook, Verdict, read_policy, replaying

HOUR = 3_600_000
TEXT = """version: "1"
default: deny
tools:
  pay:
    rules:
      - {name: some, rate_limit: 1/hour}
  names:
    rules:
      - name: few
        action: allow
        conditions: [{path: call.argument_names, op: all, value: {op: in, value: [a, b]}}]
"""


def replay(text: str = TEXT) -> Replay:
    return Replay(Rulebook(read_policy(text)))


def said(
    replayed: Replay, tool: str, now: int = 0, *, used: bool = False
) -> tuple[str, str]:
    outcome = replayed.rule_on(Call(tool, {"a": 1}), now, None, used=used)
    return str(outcome.verdict), outcome.rule


def test_what_is_allowed_counts_in_the_windows_of_the_calendar() -> None:
    replayed = replay()
    assert said(replayed, "pay", 5) == ("allow", "(default)")
    assert said(replayed, "pay", HOUR - 1) == ("deny", "some")
    assert replayed.counts == {"pay._rate_hour": (0, 1)}
    assert said(replayed, "pay", HOUR)[0] == "allow"
    assert replayed.counts == {"pay._rate_hour": (HOUR, 1)}


def test_what_is_asked_counts_only_if_it_was_used() -> None:
    replayed = replay(TEXT.replace("default: deny", "default: require_approval"))
    assert said(replayed, "pay")[0] == "require_approval"
    assert replayed.counts == {}
    assert said(replayed, "pay", used=True)[0] == "require_approval"
    assert replayed.counts == {"pay._rate_hour": (0, 1)}
    assert said(replayed, "pay", used=True) == ("deny", "some")


def test_what_no_rule_lists_is_refused_and_names_can_be_asked_of() -> None:
    replayed = replay()
    assert said(replayed, "else") == ("deny", "(not listed)")
    assert said(replayed, "names") == ("allow", "few")
    other = replayed.rule_on(Call("names", {"a": 1, "c": 2}), 0, None, used=False)
    assert (other.verdict, other.rule) == (
        Verdict.ALLOW,
        "(default)",
    )  # being listed is enough
    assert replayed.needs("names").places == ((),)
    assert replayed.needs("else").places == ()


def test_what_tools_need_is_kept_in_bounded_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "_MOST_KEPT", 2)
    replayed = replay()
    for tool in ("a", "b", "c", "pay"):
        replayed.needs(tool)
    assert [each.name for each in replayed.needs("pay").counters] == ["pay._rate_hour"]

"""Ruling on many calls in the order in which they were made, with counters of their own.

What a policy counts is simulated from its own rulings: a call that it allows counts when it is
made, and one that it asks about counts then if it was used in fact. Windows are those of the
calendar, so that counters are right from the first call after midnight in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from webui.approvals.policy.conditions import holds
from webui.approvals.policy.counters import Reservation, window_at
from webui.approvals.policy.document import Counter, Rule, Verdict
from webui.approvals.policy.effects import Effect, effect_of
from webui.approvals.policy.facts import Call, Facts, History
from webui.approvals.policy.paths import NAMES, read_steps
from webui.approvals.policy.rulebook import Rulebook
from webui.approvals.policy.saying import DEFAULT, HIDDEN, NOT_LISTED

_ARGS: Final = "args."
_MOST_KEPT: Final = 4_096


class Outcome(NamedTuple):
    """What the policy says of one call, and which rule says so."""

    verdict: Verdict
    rule: str
    line: int
    """Of the rule; 0 where none settles."""


class Needs(NamedTuple):
    """Which facts a ruling on a tool asks for; what it does not ask for need not be read."""

    places: tuple[tuple[str, ...], ...]
    """Below the arguments; none: they need not be read."""
    history: bool
    counters: tuple[Counter, ...]


@dataclass(slots=True)
class Replay:
    """A policy that is asked about one call after the other."""

    book: Rulebook
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By the counter's name: the start of its latest window, and what was counted in it."""
    _needs: dict[str, Needs] = field(default_factory=dict)

    def needs(self, tool: str) -> Needs:
        """Return which facts a ruling on this tool asks for."""
        found = self._needs.get(tool)
        if found is None:
            if len(self._needs) >= _MOST_KEPT:  # tools are named by agents
                self._needs.clear()
            found = self._needs[tool] = self._gathered(tool)
        return found

    def _gathered(self, tool: str) -> Needs:
        rules = self.book.entry(tool).rules
        paths = {each.path for rule in rules for each in rule.conditions}
        paths |= {rule.counter.increment_from or "" for rule in rules if rule.counter}
        places = [read_steps(path)[1:] for path in sorted(paths) if path.startswith(_ARGS)]
        if NAMES in paths:
            places.append(())
        history = self.book.asks_history(tool)
        return Needs(tuple(places), history, self.book.counters_for(tool))

    def rule_on(
        self, call: Call, now: int, history: History | None, *, used: bool
    ) -> Outcome:
        """Return what the policy says of a call, and count what it counts.

        Args:
            call: which.
            now: when it was made, ms; not before the call before.
            history: how the same call was decided until then, where the tool's rules ask.
            used: whether it ran in fact.

        """
        counters = self.needs(call.tool).counters
        values = self._values(counters, now) if counters else {}
        outcome, counting = _settle(self.book, Facts(call, now, values, history))
        runs = outcome.verdict is Verdict.ALLOW or (
            used and outcome.verdict is Verdict.REQUIRE_APPROVAL
        )
        for each in counting if runs else ():
            self._count(each, now)
        return outcome

    def _values(self, counters: tuple[Counter, ...], now: int) -> Mapping[str, int]:
        values = {}
        for counter in counters:
            start, value = self.counts.get(counter.name, (-1, 0))
            if start == window_at(counter.window, now)[0]:
                values[counter.name] = value
        return values

    def _count(self, wanted: Reservation, now: int) -> None:
        """Count what fits: the ruling looked, and no two rules of a tool share a counter."""
        start, _ = window_at(wanted.window, now)
        before, value = self.counts.get(wanted.counter, (start, 0))
        counted = value if before == start else 0
        self.counts[wanted.counter] = (start, counted + wanted.amount)


def verdict_of(book: Rulebook, facts: Facts) -> tuple[Verdict, str]:
    """Return only the verdict and the name of the rule: what `evaluate` says, for many calls."""
    outcome, _ = _settle(book, facts)
    return outcome.verdict, outcome.rule


def _settle(book: Rulebook, facts: Facts) -> tuple[Outcome, list[Reservation]]:
    """Return what `evaluate` says, without the trace, and what would be reserved."""
    entry = book.entry(facts.call.tool)
    counting: list[Reservation] = []
    if entry.hidden:
        return Outcome(Verdict.DENY, HIDDEN, 0), counting
    if book.refuses_unlisted(entry):
        return Outcome(Verdict.DENY, NOT_LISTED, 0), counting
    asked: Rule | None = None
    allowed: Rule | None = None
    for rule in entry.rules:
        effect, counted, _ = effect_of(rule, facts, holds(rule.conditions, facts))
        if effect is Effect.DENY:
            return Outcome(Verdict.DENY, rule.name, rule.line), counting
        if counted is not None:
            counting.append(counted)
        if effect is Effect.ASK:
            asked = asked or rule
        elif effect is Effect.ALLOW:
            allowed = allowed or rule
    if asked is not None:
        return Outcome(Verdict.REQUIRE_APPROVAL, asked.name, asked.line), counting
    if allowed is not None:
        return Outcome(Verdict.ALLOW, allowed.name, allowed.line), counting
    asks = book.policy.default is Verdict.REQUIRE_APPROVAL
    return Outcome(
        Verdict.REQUIRE_APPROVAL if asks else Verdict.ALLOW, DEFAULT, 0
    ), counting

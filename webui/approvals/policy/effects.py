"""What comes of one rule when it is asked about one call.

Doubt is strict: what cannot be told denies under `evaluate`, asks under `require_approval`, and
does not apply under `allow`. So replacing an answer by doubt never makes a ruling looser.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from webui.approvals.policy.answers import NO, YES, Answer, every
from webui.approvals.policy.counters import Reservation, amount_of, reserve
from webui.approvals.policy.document import Action, Rule
from webui.approvals.policy.facts import Facts
from webui.approvals.policy.notation import THIS
from webui.approvals.policy.seeing import Seen, see
from webui.sentences import sentence


class Effect(StrEnum):
    """What came of one rule."""

    NOTHING = "nothing"
    ALLOW = "allow"
    ASK = "require_approval"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Look:
    """One rule that was looked at: its answer, its effect, and why it refused."""

    rule: Rule
    answer: Answer
    effect: Effect
    conditions: tuple[Seen, ...]
    reservation: Reservation | None
    refusal: str | None

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "rule": self.rule.name,
            "tool": self.rule.tool,
            "line": self.rule.line,
            "action": str(self.rule.action),
            "answer": str(self.answer),
            "effect": str(self.effect),
            "refusal": self.refusal,
            "conditions": [seen.as_document() for seen in self.conditions],
        }


def look_at(rule: Rule, facts: Facts) -> Look:
    """Return all there is to tell of a rule, for the trace."""
    answers = [condition.answer(facts) for condition in rule.conditions]
    answer = every(answers)
    effect, reservation, refusal = effect_of(rule, facts, answer)
    seen = tuple(
        see(condition, facts, each)
        for condition, each in zip(rule.conditions, answers, strict=True)
    )
    return Look(rule, answer, effect, seen, reservation, refusal)


def effect_of(
    rule: Rule, facts: Facts, answer: Answer
) -> tuple[Effect, Reservation | None, str | None]:
    """Return what a rule does when its conditions come to this answer."""
    if rule.action is Action.EVALUATE:
        if answer is not YES:
            return Effect.DENY, None, None
        return _counted(rule, facts)
    if rule.action is Action.REQUIRE_APPROVAL:
        return (Effect.NOTHING if answer is NO else Effect.ASK), None, None
    if rule.action is Action.ALLOW:
        return (Effect.ALLOW if answer is YES else Effect.NOTHING), None, None
    return Effect.DENY, None, None


def _counted(rule: Rule, facts: Facts) -> tuple[Effect, Reservation | None, str | None]:
    counter = rule.counter
    if counter is None:
        return Effect.NOTHING, None, None
    amount = amount_of(counter, facts.call)
    if amount is None:
        return (
            Effect.DENY,
            None,
            sentence("%(path)s holds no amount to count", path=counter.increment_from),
        )
    reservation = Reservation(
        counter.name, counter.window, amount, counter.limit, rule.name, rule.on_deny
    )
    value = facts.counters.get(counter.name, 0)
    if reserve(value, reservation) is None:
        return Effect.DENY, None, past_limit(reservation)
    return Effect.NOTHING, reservation, None


def past_limit(reservation: Reservation) -> str:
    """Say that a counter has no room for a call."""
    return sentence(
        "%(counter)s would pass its limit of %(limit)s %(window)s",
        counter=reservation.counter,
        limit=reservation.limit,
        window=THIS[reservation.window],
    )

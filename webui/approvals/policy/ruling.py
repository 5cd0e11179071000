"""From a policy and the facts of a call to a ruling; the strictest rule that applies wins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from webui.approvals.policy.answers import YES
from webui.approvals.policy.combining import Asking, combined, risk_of
from webui.approvals.policy.counters import Reservation
from webui.approvals.policy.document import Action, Policy, Verdict
from webui.approvals.policy.effects import Effect, Look, look_at, past_limit
from webui.approvals.policy.facts import Facts
from webui.approvals.policy.hashing import default_hash, joint_hash
from webui.approvals.policy.rulebook import Entry, Rulebook
from webui.approvals.policy.saying import (
    DEFAULT,
    HIDDEN,
    NOT_LISTED,
    ONLY_A_PERSON,
    told_of,
    why_ruled,
    why_unruled,
)
from webui.approvals.policy.seeing import Seen
from webui.approvals.states import Risk
from webui.sentences import joined


@dataclass(frozen=True, slots=True)
class RuleRef:
    """The rule that settled a call."""

    name: str
    line: int
    hash: str
    tool: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"name": self.name, "line": self.line, "hash": self.hash, "tool": self.tool}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What policy says of one call, and why."""

    verdict: Verdict
    rule: RuleRef
    sentence: str
    """Why, for a person. It names places and no values of the call."""
    message: str | None
    """What the agent is told if the call is refused."""
    conditions: tuple[Seen, ...]
    """Of the rule that settled it."""
    risk: Risk
    asking: Asking | None
    """How a person is asked; None unless the verdict is require_approval."""
    reservations: tuple[Reservation, ...]
    """What must be reserved, all or none, when the call is allowed or consumed."""
    idempotent: bool
    irreversible: bool
    policy_revision: str
    trace: tuple[Look, ...]

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "verdict": str(self.verdict),
            "rule": self.rule.as_document(),
            "sentence": self.sentence,
            "message": self.message,
            "conditions": [seen.as_document() for seen in self.conditions],
            "risk": str(self.risk),
            "asking": None if self.asking is None else self.asking.as_document(),
            "reservations": [each.as_document() for each in self.reservations],
            "idempotent": self.idempotent,
            "irreversible": self.irreversible,
            "policy_revision": self.policy_revision,
            "trace": [look.as_document() for look in self.trace],
        }


def evaluate(policy: Policy | Rulebook, facts: Facts) -> Ruling:
    """Return what the policy says of a call. A Rulebook spares the work of the second call."""
    book = policy if isinstance(policy, Rulebook) else Rulebook(policy)
    entry = book.entry(facts.call.tool)
    if entry.hidden:
        return _unruled(book, entry, facts, Verdict.DENY, HIDDEN)
    if book.refuses_unlisted(entry):
        return _unruled(book, entry, facts, Verdict.DENY, NOT_LISTED)
    trace = tuple(look_at(rule, facts) for rule in entry.rules)
    for effect, verdict in (
        (Effect.DENY, Verdict.DENY),
        (Effect.ASK, Verdict.REQUIRE_APPROVAL),
        (Effect.ALLOW, Verdict.ALLOW),
    ):
        settling = [look for look in trace if look.effect is effect]
        if settling:
            return _ruled(book, entry, facts, verdict, settling, trace)
    asks = book.policy.default is Verdict.REQUIRE_APPROVAL
    verdict = Verdict.REQUIRE_APPROVAL if asks else Verdict.ALLOW
    return _unruled(book, entry, facts, verdict, DEFAULT, trace)


def asked_anyway(book: Rulebook, ruling: Ruling, now: int) -> Ruling:
    """Return the ruling that asks a person about a call which the policy allows."""
    return replace(
        ruling,
        verdict=Verdict.REQUIRE_APPROVAL,
        sentence=joined(" ", (ruling.sentence, ONLY_A_PERSON)),
        message=ruling.sentence,
        asking=combined((), book.policy.approvals, now, irreversible=ruling.irreversible),
    )


def refused_by(ruling: Ruling, reservation: Reservation) -> Ruling:
    """Return the denial of a call that was let through when its counter still had room."""
    look = next(look for look in ruling.trace if look.reservation is reservation)
    rule, refusal = look.rule, past_limit(reservation)
    return replace(
        ruling,
        verdict=Verdict.DENY,
        rule=RuleRef(rule.name, rule.line, rule.hash, rule.tool),
        sentence=_why(replace(look, refusal=refusal), Verdict.DENY),
        message=rule.on_deny or f'Refused by the rule "{rule.name}".',
        conditions=look.conditions,
        asking=None,
        reservations=(),
    )


def refused_by_count(ruling: Ruling) -> bool:
    """Say whether it is for a counter that a call is refused: later it may not be."""
    look = next((look for look in ruling.trace if look.effect is Effect.DENY), None)
    return look is not None and (
        look.rule.counter is not None
        or any(condition.path.startswith("state.") for condition in look.rule.conditions)
    )


def _ruled(
    book: Rulebook,
    entry: Entry,
    facts: Facts,
    verdict: Verdict,
    settling: Sequence[Look],
    trace: tuple[Look, ...],
) -> Ruling:
    first, rules = settling[0], [look.rule for look in settling]
    asks = verdict is Verdict.REQUIRE_APPROVAL
    marks = {"irreversible": entry.irreversible}
    reference = RuleRef(
        first.rule.name,
        first.rule.line,
        joint_hash(rule.hash for rule in rules) if asks else first.rule.hash,
        first.rule.tool,
    )
    message = None
    if verdict is not Verdict.ALLOW:
        message = first.rule.on_deny or f'Refused by the rule "{first.rule.name}".'
    return Ruling(
        verdict=verdict,
        rule=reference,
        sentence=_why(first, verdict),
        message=message,
        conditions=first.conditions,
        risk=risk_of(rules if asks else (), **marks),
        asking=combined(rules, book.policy.approvals, facts.now, **marks) if asks else None,
        reservations=_reservations(verdict, trace),
        idempotent=entry.idempotent,
        policy_revision=book.policy.revision,
        trace=trace,
        **marks,
    )


def _unruled(
    book: Rulebook,
    entry: Entry,
    facts: Facts,
    verdict: Verdict,
    name: str,
    trace: tuple[Look, ...] = (),
) -> Ruling:
    said = why_unruled(name, facts.call.tool, verdict, listed=entry.listed)
    asks = verdict is Verdict.REQUIRE_APPROVAL
    marks = {"irreversible": entry.irreversible}
    return Ruling(
        verdict=verdict,
        rule=RuleRef(name, book.policy.default_line, default_hash(name + verdict)),
        sentence=said,
        message=None if verdict is Verdict.ALLOW else said,
        conditions=(),
        risk=risk_of((), **marks),
        asking=combined((), book.policy.approvals, facts.now, **marks) if asks else None,
        reservations=_reservations(verdict, trace),
        idempotent=entry.idempotent,
        policy_revision=book.policy.revision,
        trace=trace,
        **marks,
    )


def _reservations(verdict: Verdict, trace: Sequence[Look]) -> tuple[Reservation, ...]:
    """Return what the passed rules count; nothing of a call that is refused."""
    if verdict is Verdict.DENY:
        return ()
    return tuple(look.reservation for look in trace if look.reservation is not None)


def _why(look: Look, verdict: Verdict) -> str:
    if look.refusal is not None:
        return why_ruled(verdict, look.rule.name, look.rule.line, look.refusal)
    telling = look.conditions
    if look.rule.action is Action.EVALUATE:
        telling = tuple(seen for seen in telling if seen.answer is not YES)
    return why_ruled(verdict, look.rule.name, look.rule.line, told_of(telling))

"""A ruling in words: what each rule saw, what it did, and how a person would be asked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from webui.approvals.policy import Answer, Asking, Condition, Ruling, Seen, Verdict
from webui.approvals.policy.effects import Effect, Look
from webui.approvals.policy.seeing import MOST_SHOWN
from webui.approvals.ruling.bench import Count, Tried
from webui.preview import visible

_VERDICTS = {
    Verdict.ALLOW: ("check", "Allowed", "approved"),
    Verdict.REQUIRE_APPROVAL: ("clock", "Asked: a person must say yes", "pending"),
    Verdict.DENY: ("cross", "Denied", "denied"),
}
_ANSWERS = {
    Answer.YES: ("check", "holds"),
    Answer.NO: ("cross", "does not hold"),
    Answer.CANNOT_TELL: ("unknown", "cannot be told"),
}
_EFFECTS = {
    Effect.DENY: ("cross", "denies", "denied"),
    Effect.ASK: ("clock", "asks a person", "pending"),
    Effect.ALLOW: ("check", "allows", "approved"),
    Effect.NOTHING: ("info", "settles nothing", "quiet"),
}


@dataclass(frozen=True, slots=True)
class ConditionView:
    """One condition: what it asks, what it saw, and the answer."""

    asked: str
    saw: str
    glyph: str
    answer: str


@dataclass(frozen=True, slots=True)
class LookView:
    """One rule that was looked at."""

    rule: str
    tool: str
    line: int
    action: str
    glyph: str
    effect: str
    kind: str
    settles: bool
    refusal: str
    counts: str
    conditions: tuple[ConditionView, ...]


@dataclass(frozen=True, slots=True)
class TriedView:
    """What a policy says of a call."""

    glyph: str
    verdict: str
    kind: str
    sentence: str
    rule: str
    line: int
    message: str
    risk: str
    marks: tuple[str, ...]
    terms: tuple[tuple[str, str], ...]
    deadline: int | None
    counts: tuple[Count, ...]
    looks: tuple[LookView, ...]


def tried_view(tried: Tried, now: int, ttl: int) -> TriedView:
    """Return what came of a call that was tried out.

    Args:
        tried: it.
        now: ms.
        ttl: how long an approval waits where no rule says so, ms.

    """
    ruling = tried.ruling
    glyph, verdict, kind = _VERDICTS[ruling.verdict]
    asking = ruling.asking
    deadline = None if asking is None else asking.deadline or now + ttl
    return TriedView(
        glyph,
        verdict,
        kind,
        visible(ruling.sentence),
        visible(ruling.rule.name),
        ruling.rule.line,
        visible(ruling.message or "") if ruling.verdict is Verdict.DENY else "",
        str(ruling.risk),
        tuple(_marks(ruling)),
        () if asking is None else tuple(_terms(asking)),
        deadline,
        tried.counts,
        tuple(_look(look, ruling) for look in ruling.trace),
    )


def _marks(ruling: Ruling) -> Iterator[str]:
    if ruling.idempotent:
        yield "It may run twice without harm (idempotent)."
    if ruling.irreversible:
        yield "It cannot be undone (irreversible): no grant covers it, and never in bulk."


def _terms(asking: Asking) -> Iterator[tuple[str, str]]:
    groups = " or ".join(map(visible, asking.approvers))
    yield "Who may approve", groups or "Whoever may decide"
    approvals = asking.approvals_required
    apart = ", each from another group" if asking.distinct_groups else ""
    yield "Approvals needed", f"{approvals}{apart}"
    yield "Denials that deny", str(asking.denials_required)
    if asking.veto_groups:
        yield "One denial denies from", " or ".join(map(visible, asking.veto_groups))
    if asking.require_reason:
        yield "Reason", "No approval without one"
    if asking.escalate_after is not None:
        after = _minutes(asking.escalate_after)
        yield "Asked as well", f"{visible(asking.escalate_to or 'nobody')}, after {after}"
    if asking.max_grant is not None:
        grant = "None" if asking.max_grant == 0 else _minutes(asking.max_grant)
        yield "Longest grant made from it", grant
    if len(asking.asked_by) > 1:
        yield "Rules that ask", ", ".join(map(visible, asking.asked_by))


def _minutes(ms: int) -> str:
    hours, minutes = divmod(ms // 60_000, 60)
    seconds = ms // 1000 % 60
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _look(look: Look, ruling: Ruling) -> LookView:
    glyph, effect, kind = _EFFECTS[look.effect]
    rule, counted = look.rule, look.reservation
    settles = look.effect is not Effect.NOTHING and (rule.name, rule.line) == (
        ruling.rule.name,
        ruling.rule.line,
    )
    counts = "" if counted is None else f"{counted.amount} of {visible(counted.counter)}"
    return LookView(
        visible(rule.name),
        visible(rule.tool),
        rule.line,
        str(rule.action),
        glyph,
        effect,
        kind,
        settles,
        visible(look.refusal or ""),
        counts,
        tuple(map(_condition, rule.conditions, look.conditions)),
    )


def _condition(condition: Condition, seen: Seen) -> ConditionView:
    glyph, answer = _ANSWERS[seen.answer]
    value = json.dumps(condition.value, ensure_ascii=False)
    if len(value) > MOST_SHOWN:
        value = f"{value[:MOST_SHOWN]}…"
    asked = f"{seen.path} {seen.op} {value}"
    return ConditionView(visible(asked), _saw(seen), glyph, answer)


def _saw(seen: Seen) -> str:
    """Return what lay at the place; lists and mappings come written out already."""
    if seen.kind.startswith("nothing"):
        return seen.kind
    ready = seen.kind in {"a list", "a mapping"}
    text = seen.seen if ready else json.dumps(seen.seen, ensure_ascii=False)
    return visible(str(text)) + ("…" if seen.cut else "")

"""A ruling in words: what each rule saw, what it did, and how a person would be asked."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webui.approvals.policy import (
    Answer,
    Asking,
    Condition,
    Reservation,
    Ruling,
    Seen,
    Verdict,
    Window,
    rule_told,
)
from webui.approvals.policy.effects import Effect, Look
from webui.approvals.policy.notation import THIS
from webui.approvals.policy.seeing import MOST_SHOWN
from webui.approvals.ruling.bench import Count, Tried
from webui.preview import visible
from webui.sentences import joined, sentence, sentence_in

_VERDICTS = {
    Verdict.ALLOW: ("check", sentence("Allowed"), "approved"),
    Verdict.REQUIRE_APPROVAL: (
        "clock",
        sentence("Asked: a person must say yes"),
        "pending",
    ),
    Verdict.DENY: ("cross", sentence("Denied"), "denied"),
}
_ANSWERS = {
    Answer.YES: ("check", sentence("holds")),
    Answer.NO: ("cross", sentence("does not hold")),
    Answer.CANNOT_TELL: ("unknown", sentence("cannot be told")),
}
_EFFECTS = {
    Effect.DENY: ("cross", sentence("denies"), "denied"),
    Effect.ASK: ("clock", sentence("asks a person"), "pending"),
    Effect.ALLOW: ("check", sentence("allows"), "approved"),
    Effect.NOTHING: ("info", sentence("settles nothing"), "quiet"),
}


@dataclass(frozen=True, slots=True)
class CountView:
    """Where a counter stands in its window of now."""

    name: str
    value: int
    limit: int | None
    window: str


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
    counts: tuple[CountView, ...]
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
        visible(rule_told(ruling.rule.name)),
        ruling.rule.line,
        visible(ruling.message or "") if ruling.verdict is Verdict.DENY else "",
        str(ruling.risk),
        tuple(_marks(ruling)),
        () if asking is None else tuple(_terms(asking)),
        deadline,
        tuple(map(_count, tried.counts)),
        tuple(_look(look, ruling) for look in ruling.trace),
    )


def _count(count: Count) -> CountView:
    window = THIS[Window(count.window)]
    return CountView(visible(count.name), count.value, count.limit, window)


def _marks(ruling: Ruling) -> Iterator[str]:
    if ruling.idempotent:
        yield sentence("It may run twice without harm (idempotent).")
    if ruling.irreversible:
        yield sentence(
            "It cannot be undone (irreversible): no grant covers it, and never in bulk."
        )


def _terms(asking: Asking) -> Iterator[tuple[str, str]]:
    either = sentence(" or ")
    groups = _between(either, asking.approvers)
    yield sentence("Who may approve"), groups or sentence("Whoever may decide")
    approvals = str(asking.approvals_required)
    apart = sentence("%(count)s, each from another group", count=approvals)
    yield sentence("Approvals needed"), apart if asking.distinct_groups else approvals
    yield sentence("Denials that deny"), str(asking.denials_required)
    if asking.veto_groups:
        yield sentence("One denial denies from"), _between(either, asking.veto_groups)
    if asking.require_reason:
        yield sentence("Reason"), sentence("No approval without one")
    if asking.escalate_after is not None:
        who = visible(asking.escalate_to or sentence("nobody"))
        after = _minutes(asking.escalate_after)
        words = sentence("%(who)s, after %(time)s", who=who, time=after)
        yield sentence("Asked as well"), words
    if asking.max_grant is not None:
        grant = (
            sentence_in("a grant", "None")
            if asking.max_grant == 0
            else _minutes(asking.max_grant)
        )
        yield sentence("Longest grant made from it"), grant
    if len(asking.asked_by) > 1:
        yield sentence("Rules that ask"), ", ".join(map(visible, asking.asked_by))


def _between(separator: str, names: Sequence[str]) -> str:
    """Return names with a word between them."""
    parts = [part for name in names for part in (separator, visible(name))]
    return joined("", parts[1:])


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
    counts = "" if counted is None else _would_count(counted)
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


def _would_count(counted: Reservation) -> str:
    return sentence(
        "It would count %(amount)s of %(counter)s.",
        amount=counted.amount,
        counter=visible(counted.counter),
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

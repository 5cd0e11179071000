"""Why a call is ruled so, in a sentence; and the same sentence anew from a ruling as it was kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from webui.approvals.policy.answers import YES, Answer
from webui.approvals.policy.document import Verdict
from webui.approvals.policy.seeing import Seen
from webui.sentences import joined, kept, sentence

HIDDEN, NOT_LISTED, DEFAULT = "(hidden)", "(not listed)", "(default)"
"""Names of what settles a call where no rule does; the brackets keep them apart from rules."""
_UNRULED: Final = {
    HIDDEN: sentence("(hidden)"),
    NOT_LISTED: sentence("(not listed)"),
    DEFAULT: sentence("(default)"),
}
ONLY_A_PERSON: Final = sentence("Only a person gives a permission, so one is asked.")
_GONE: Final = re.compile(' It names the group "(.*?)", which is not there')
_MOST_CONDITIONS: Final = 5
_LONGEST_NAME: Final = 200


def why_ruled(verdict: Verdict, name: str, line: int, why: str) -> str:
    """Say that a rule settles a call; `why` may be empty."""
    rule = {"name": name, "line": line, "why": why}
    if verdict is Verdict.DENY:
        if why:
            return sentence(
                'The rule "%(name)s" (line %(line)s) refuses the call: %(why)s.', **rule
            )
        return sentence('The rule "%(name)s" (line %(line)s) refuses the call.', **rule)
    if verdict is Verdict.ALLOW:
        if why:
            return sentence(
                'The rule "%(name)s" (line %(line)s) allows the call: %(why)s.', **rule
            )
        return sentence('The rule "%(name)s" (line %(line)s) allows the call.', **rule)
    if why:
        return sentence(
            'The rule "%(name)s" (line %(line)s) asks for an approval: %(why)s.', **rule
        )
    return sentence('The rule "%(name)s" (line %(line)s) asks for an approval.', **rule)


def rule_told(name: str) -> str:
    """Return the name of what settles a call, for people: a sentence where that is no rule."""
    return _UNRULED.get(name, name)


def told_of(conditions: Sequence[Seen]) -> str:
    """Say what conditions asked and what came of it; the first few."""
    return joined("; ", [seen.sentence() for seen in conditions[:_MOST_CONDITIONS]])


def why_unruled(name: str, tool: str, verdict: Verdict, *, listed: bool) -> str:
    """Say what settles a call where no rule does."""
    tool = tool[:_LONGEST_NAME]
    if name == HIDDEN:
        return sentence('The tool "%(tool)s" is hidden by policy.', tool=tool)
    if name == NOT_LISTED:
        return sentence('The tool "%(tool)s" is not listed by policy.', tool=tool)
    if verdict is Verdict.REQUIRE_APPROVAL:
        return sentence(
            'The tool "%(tool)s" is asked for by default, as no rule settled it.', tool=tool
        )
    if listed:
        return sentence(
            'The tool "%(tool)s" is listed, and no rule refuses the call or asks for it.',
            tool=tool,
        )
    return sentence(
        'The tool "%(tool)s" is allowed by default, as no rule says otherwise.', tool=tool
    )


def nobody_in(group: str) -> str:
    """Say that a rule names a group that is not there."""
    return sentence(
        'It names the group "%(group)s", which is not there any more, so nobody can approve '
        "it under this rule; make the group anew, or change the policy.",
        group=group,
    )


def said_again(document: Mapping[str, Any], tool: str) -> str:
    """Return the sentence of a ruling that was kept, such that it can be told in any language.

    It is made anew of what was kept with it. Where that is not what was kept, it stays as it is.
    """
    text = str(document["sentence"])
    for made in _made_anew(document, tool):
        if text.startswith(made):
            return joined("", [made, *_rest(text[len(made) :])])
    return text


def _rest(text: str) -> Iterator[str]:
    """Yield what follows on why a call is ruled so."""
    found = _GONE.match(text)
    more = ONLY_A_PERSON if found is None else nobody_in(found[1])
    if text.startswith(f" {more}"):
        yield from (" ", more)
        yield from _rest(text[len(more) + 1 :])
    else:
        yield text


def _made_anew(document: Mapping[str, Any], tool: str) -> Iterator[str]:
    rule = document["rule"]
    asked = [_seen(condition) for condition in document["conditions"]]
    failed = [seen for seen in asked if seen.answer is not YES]
    for verdict in Verdict:
        for listed in (True, False):
            yield why_unruled(rule["name"], tool, verdict, listed=listed)
        for conditions in (asked, failed, []):
            why = told_of(conditions)
            yield why_ruled(verdict, rule["name"], rule["line"], why)


def _seen(condition: Mapping[str, Any]) -> Seen:
    changed = {"kind": kept(condition["kind"]), "answer": Answer(condition["answer"])}
    return Seen(**{**condition, **changed})

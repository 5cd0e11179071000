"""Reading the `tests` of a policy: calls, and what must come of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from webui.approvals.call.canonical import Unreadable, check_value
from webui.approvals.errors import Fault
from webui.approvals.policy.document import Example, Tool, Verdict
from webui.approvals.policy.facts import Call, Facts, History
from webui.approvals.policy.faults import kind_of, meant
from webui.approvals.policy.fields import Fields
from webui.approvals.states import Risk
from webui.sentences import sentence

NOON: Final = 1_767_614_400_000
"""Monday, 5 January 2026, 12:00 UTC: when a test's call is made unless it says `at`."""
_KEYS: Final = (
    *("name", "tool", "args", "agent", "project", "owner", "risk", "session", "scope"),
    *("at", "counters", "history", "expect", "rule"),
)
_MOST_COUNT: Final = 2**53 - 1


def read_tests(fields: Fields, tools: Sequence[Tool]) -> tuple[Example, ...]:
    """Return the tests; what is wrong with one is noted and leaves it out."""
    rules = [rule for tool in tools for rule in tool.rules]
    names = [rule.name for rule in rules]
    counters = [rule.counter.name for rule in rules if rule.counter is not None]
    found = [
        _read(
            fields.inside("tests", index, value, sentence("a test")),
            names,
            counters,
            index + 1,
        )
        for index, value in enumerate(fields.items("tests"))
        if not fields.full
    ]
    return tuple(example for example in found if example is not None)


def _read(
    fields: Fields, rules: list[str], counters: list[str], number: int
) -> Example | None:
    before = len(fields.faults)
    fields.only(_KEYS)
    tool, expect = fields.name("tool"), fields.word("expect", Verdict)
    for key in ("tool", "expect"):
        if not fields.has(key):
            fields.wrong("", sentence("a test needs %(key)s. Add it.", key=key))
    rule = fields.text("rule")
    if rule is not None and rule not in rules and not rule.startswith("("):
        fields.wrong(
            "rule",
            sentence(
                'there is no rule "%(rule)s"%(guess)s',
                rule=rule[:100],
                guess=meant(rule, rules),
            ),
        )
    call = Call(
        tool=tool or "",
        arguments=_arguments(fields),
        agent=fields.text("agent"),
        project=fields.text("project"),
        owner=fields.text("owner"),
        risk=fields.word("risk", Risk),
        session=fields.text("session"),
        scope=fields.text("scope"),
    )
    facts = Facts(call, _at(fields), _counters(fields, counters), _history(fields))
    name = fields.name("name") or sentence("test %(number)s", number=number)
    if expect is None or len(fields.faults) > before:
        return None
    line = fields.source.place(fields.pointer).line
    return Example(name, line, facts, Verdict(expect), rule)


def _arguments(fields: Fields) -> dict[str, Any]:
    value = fields.get("args")
    if value is None:
        return {}
    if not isinstance(value, dict):
        fields.wrong(
            "args", sentence("args must be a mapping, not %(kind)s.", kind=kind_of(value))
        )
        return {}
    try:
        check_value(value)
    except Unreadable as error:
        place = fields.place("args") + error.pointer
        fields.faults.append(
            Fault(place, sentence("no call can carry this: %(said)s", said=error.sentence))
        )
    return value


def _at(fields: Fields) -> int:
    text = fields.text("at")
    if text is None:
        return NOON
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        fields.wrong(
            "at", sentence("at must be a time with its zone, as in 2026-01-05T12:00:00Z.")
        )
        return NOON
    return int(moment.timestamp() * 1000)


def _counters(fields: Fields, known: list[str]) -> dict[str, int]:
    counters = fields.below("counters", "counters")
    for name in counters.values:
        if name not in known:
            counters.wrong(
                name,
                sentence(
                    'no rule keeps a counter "%(name)s"%(guess)s',
                    name=name[:100],
                    guess=meant(name, known),
                ),
            )
    return {name: counters.whole(name, 0, 0, _MOST_COUNT) for name in counters.values}


def _history(fields: Fields) -> History:
    history = fields.below("history", "history")
    history.only(("approved_same", "denied_same"))
    return History(
        history.whole("approved_same", 0, 0, _MOST_COUNT),
        history.whole("denied_same", 0, 0, _MOST_COUNT),
    )

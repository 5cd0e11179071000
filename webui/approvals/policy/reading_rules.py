"""Reading one rule of a tool, with all that is wrong with it."""

from dataclasses import replace
from typing import Any, Final

from webui.approvals.errors import Fault
from webui.approvals.policy.conditions import Condition, read_conditions
from webui.approvals.policy.document import (
    EVERY_TOOL,
    GLOBAL_SCOPE,
    Action,
    Counter,
    Rule,
    Terms,
)
from webui.approvals.policy.faults import BadValueError
from webui.approvals.policy.fields import Fields
from webui.approvals.policy.hashing import rule_hash
from webui.approvals.policy.notation import Window, read_rate
from webui.approvals.policy.paths import read_path
from webui.approvals.states import Risk
from webui.sentences import joined, sentence

_TERMS: Final = (
    "approval_timeout",
    "approvers",
    "approvals_required",
    "denials_required",
    "distinct_groups",
    "veto_group",
    "require_reason",
    "risk",
    "escalate_after",
    "escalate_to",
    "max_grant",
    "expires_to",
)
KEYS: Final = ("name", "action", "conditions", "on_deny", "rate_limit", "state", *_TERMS)
_MOST_VOTES: Final = 100
_MOST_COUNT: Final = 2**53 - 1


def read_rule(fields: Fields, tool: str) -> Rule | None:
    """Return a rule; None if something about it is wrong."""
    before = len(fields.faults)
    fields.only(KEYS)
    name = fields.name("name")
    if not fields.has("name"):
        fields.wrong(
            "", sentence("the rule must have a name. Add one, such as name: hourly limit.")
        )
    action = Action(fields.word("action", Action) or Action.EVALUATE)
    conditions = _conditions(fields)
    on_deny = fields.text("on_deny")
    _check_shape(fields, action)
    counter = _counter(fields, tool, conditions)
    terms = _terms(fields, action)
    if counter is not None and fields.has("rate_limit"):
        conditions = _within_rate(counter)
        window = counter.window
        on_deny = on_deny or (
            f"The limit of {counter.limit} calls per {window} is reached. Try again later."
        )
    if name is None or len(fields.faults) > before:
        return None
    line = fields.source.place(fields.pointer).line
    said: dict[str, Any] = {
        "tool": tool,
        "name": name,
        "action": action,
        "conditions": conditions,
        "on_deny": on_deny or None,
        "counter": counter,
        "terms": terms,
    }
    return Rule(line=line, hash=rule_hash(**said), **said)


def _conditions(fields: Fields) -> tuple[Condition, ...]:
    if not fields.has("conditions"):
        return ()
    conditions, faults = read_conditions(fields.get("conditions"))
    place = fields.place("conditions")
    fields.faults.extend(Fault(place + fault.pointer, fault.detail) for fault in faults)
    return conditions


def _check_shape(fields: Fields, action: Action) -> None:
    """Refuse what does not go together in one rule."""
    asks = bool(fields.get("conditions"))
    if action is Action.DENY and asks:
        fields.wrong(
            "conditions",
            sentence(
                "a deny rule must not have conditions: it refuses every call. Remove "
                "them, or use action: evaluate, which refuses when a condition fails."
            ),
        )
    if action is Action.EVALUATE and not asks and not fields.has("rate_limit"):
        fields.wrong(
            "",
            sentence(
                "an evaluate rule must have at least one condition or a rate_limit. "
                "Add one."
            ),
        )
    if fields.has("rate_limit") and (asks or fields.has("state")):
        fields.wrong(
            "rate_limit",
            sentence(
                "rate_limit cannot be combined with conditions or state. Make it a "
                "rule of its own."
            ),
        )
    if action is Action.DENY and fields.has("rate_limit"):
        fields.wrong(
            "rate_limit",
            sentence(
                "rate_limit cannot be used with action: deny. Remove the one or the other."
            ),
        )
    _check_keys(fields, action)


def _check_keys(fields: Fields, action: Action) -> None:
    """Refuse keys that mean nothing beside the action."""
    if action in {Action.REQUIRE_APPROVAL, Action.ALLOW}:
        for key in filter(fields.has, ("rate_limit", "state")):
            fields.wrong(
                key,
                sentence(
                    "%(action)s cannot be combined with %(key)s in one rule. Move %(key)s "
                    "to an evaluate rule of the same tool; it holds as well.",
                    action=action,
                    key=key,
                ),
            )
    if action is not Action.REQUIRE_APPROVAL:
        for key in filter(fields.has, _TERMS):
            fields.wrong(
                key,
                sentence(
                    "%(key)s only means something with action: require_approval. Set that "
                    "action, or remove %(key)s.",
                    key=key,
                ),
            )


def _counter(
    fields: Fields, tool: str, conditions: tuple[Condition, ...]
) -> Counter | None:
    scope = GLOBAL_SCOPE if tool == EVERY_TOOL else tool
    if fields.has("rate_limit"):
        rate = fields.text("rate_limit")
        if rate is None:
            return None
        try:
            count, window = read_rate(rate)
        except BadValueError as error:
            fields.wrong("rate_limit", joined(" ", ("rate_limit", error.sentence)))
            return None
        return Counter(scope, f"_rate_{window}", window, limit=count)
    if not fields.has("state"):
        return None
    state = fields.below("state", "state")
    before = len(fields.faults)
    state.only(("counter", "window", "increment", "increment_from"))
    counter = state.name("counter")
    if not state.has("counter"):
        state.wrong(
            "", sentence("state needs a counter. Name it, such as counter: hourly.")
        )
    window_text = state.word("window", Window)
    if not state.has("window"):
        state.wrong("", sentence("state needs a window. Write minute, hour or day."))
    increment = state.whole("increment", 1, 1, _MOST_COUNT)
    source = _increment_from(state)
    if counter is None or window_text is None or len(fields.faults) > before:
        return None
    found = Counter(scope, counter, Window(window_text), increment, source)
    return replace(found, limit=_limit(found, conditions))


def _increment_from(state: Fields) -> str | None:
    source = state.text("increment_from")
    if source is None:
        return None
    if state.has("increment"):
        state.wrong(
            "increment",
            sentence("increment and increment_from exclude each other. Keep one."),
        )
    try:
        read_path(source, frozenset({"args"}))
    except BadValueError as error:
        state.wrong("increment_from", joined(" ", ("increment_from", error.sentence)))
        return None
    return source


def _limit(counter: Counter, conditions: tuple[Condition, ...]) -> int | None:
    """Return the largest count that the rule's own conditions on its counter allow."""
    limits = []
    for condition in conditions:
        if condition.path == f"state.{counter.name}" and condition.op in {"lt", "lte"}:
            whole = int(condition.value // 1)
            exact = whole == condition.value
            limits.append(whole - 1 if condition.op == "lt" and exact else whole)
    return min(limits, default=None)


def _within_rate(counter: Counter) -> tuple[Condition, ...]:
    document = {"path": f"state.{counter.name}", "op": "lte", "value": counter.limit}
    return read_conditions([document])[0]


def _terms(fields: Fields, action: Action) -> Terms:
    if action is not Action.REQUIRE_APPROVAL:
        return Terms()
    expires_to = fields.text("expires_to")
    if expires_to not in {None, "denied"}:
        fields.wrong(
            "expires_to",
            sentence(
                "expires_to can only be denied: nothing is approved by silence. Remove it."
            ),
        )
    escalate_after = fields.duration("escalate_after")
    if fields.has("escalate_to") and not fields.has("escalate_after"):
        fields.wrong(
            "escalate_to",
            sentence("escalate_to needs escalate_after. Say when, as in 30m."),
        )
    risk = fields.word("risk", Risk)
    return Terms(
        timeout=fields.duration("approval_timeout"),
        approvers=fields.names("approvers"),
        approvals_required=fields.whole("approvals_required", 1, 1, _MOST_VOTES),
        denials_required=fields.whole("denials_required", 1, 1, _MOST_VOTES),
        distinct_groups=fields.flag("distinct_groups"),
        veto_group=fields.name("veto_group"),
        require_reason=fields.flag("require_reason"),
        risk=None if risk is None else Risk(risk),
        escalate_after=escalate_after,
        escalate_to=fields.name("escalate_to"),
        max_grant=fields.duration("max_grant"),
    )

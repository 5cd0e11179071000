"""The forms of an interrupt that waits for people in LangGraph, and of what it is resumed with.

Sources: langchain 1.5.2 `agents/middleware/human_in_the_loop.py` (HITLRequest, batched and per
call), its forms before 1.0 and in JavaScript, and langgraph-prebuilt 1.1.3 `interrupt.py`
(HumanInterrupt, which Agent Inbox shows).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webui.approvals.call.strict_json import Document, raw_items
from webui.receivers.answers import Answer
from webui.receivers.kind import Refused
from webui.receivers.langgraph_schema import read_schema
from webui.sentences import sentence

BATCHED, PER_CALL, INBOX = "batched", "per_call", "inbox"
MOST = 50
_DECISIONS = {"approve": "approve", "edit": "edit", "reject": "deny", "respond": "respond"}
_CONFIG = {"allow_accept": "approve", "allow_edit": "edit", "allow_respond": "respond"}
_IGNORE = "allow_ignore"


@dataclass(frozen=True, slots=True)
class Action:
    """One call that an interrupt asks about."""

    name: str
    args: Mapping[str, Any]
    text: str
    """The arguments as received."""
    description: str
    offered: frozenset[str]
    """Verdicts that it can be resumed with, in our words; deny is always one."""
    schema: Any = None
    named_args: str = "args"
    """How its form calls the arguments: `arguments` before 1.0."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """What a graph waits for."""

    form: str
    actions: tuple[Action, ...]
    camel: bool = False
    single: bool = False
    """One HumanInterrupt that is in no list; its answer is in one all the same."""


def read_value(value: Any, text: str, schema: Mapping[str, Any] | None = None) -> Interrupt:
    """Read an interrupt's value, whichever form it has; raises Refused.

    `schema` is the interrupt's response schema, where it has one.
    """
    if isinstance(value, list):
        actions = tuple(_inbox(Document(_object(v), t)) for v, t in _items(value, text))
        return Interrupt(INBOX, actions)
    body = Document(_object(value), text)
    if "action_request" in value:
        return Interrupt(INBOX, (_inbox(body),), single=True)
    if value.get("type") == "tool_approval":
        return Interrupt(PER_CALL, (_per_call(body, schema),))
    for requests, configs, camel in (
        ("action_requests", "review_configs", False),
        ("actionRequests", "reviewConfigs", True),
    ):
        if requests in value:
            return Interrupt(BATCHED, _batched(body, requests, configs, camel), camel=camel)
    raise _unfit(
        sentence("it is neither a HITLRequest, a tool approval nor a HumanInterrupt")
    )


def resume_value(interrupt: Interrupt, answers: Sequence[Answer]) -> Any:
    """Return what the graph is resumed with: one answer for each action, in its order."""
    pairs = list(zip(interrupt.actions, answers, strict=True))
    if interrupt.form == INBOX:
        return [_inbox_answer(action, answer) for action, answer in pairs]
    decisions = [_decision(action, answer, interrupt) for action, answer in pairs]
    return decisions[0] if interrupt.form == PER_CALL else {"decisions": decisions}


def _batched(
    body: Document, requests: str, configs: str, camel: bool
) -> tuple[Action, ...]:
    asked = _items(body.value[requests], body.raw(requests))
    rules = body.value.get(configs)
    if not isinstance(rules, list) or not all(isinstance(one, dict) for one in rules):
        raise _unfit(sentence("`%(configs)s` must be a list of objects", configs=configs))
    named = "actionName" if camel else "action_name"
    by_name = {one.get(named): one for one in rules if isinstance(one.get(named), str)}
    return tuple(
        _action(Document(_object(value), text), by_name, camel=camel)
        for value, text in asked
    )


def _action(
    body: Document, configs: Mapping[str, Mapping[str, Any]], *, camel: bool
) -> Action:
    name = _name(body.value, "name")
    config = configs.get(name)
    if config is None:
        raise _unfit(
            sentence("no review config names the action %(name)s", name=f"{name!r:.80}")
        )
    offered = config.get("allowedDecisions" if camel else "allowed_decisions")
    if not isinstance(offered, list):
        raise _unfit(sentence("allowed decisions must be a list"))
    schemas = ("argsSchema",) if camel else ("args_schema", "arguments_schema")
    schema = next((config[s] for s in schemas if isinstance(config.get(s), dict)), None)
    named = "args" if "args" in body.value else "arguments"
    return _made(body, name, named, _words(offered), schema)


def _words(offered: Sequence[Any]) -> frozenset[str]:
    """Return decisions in our words."""
    if not offered or any(
        not isinstance(one, str) or one not in _DECISIONS for one in offered
    ):
        raise _unfit(sentence("allowed decisions must be approve, edit, reject or respond"))
    return frozenset(_DECISIONS[one] for one in offered)


def _per_call(body: Document, schema: Mapping[str, Any] | None) -> Action:
    name = _name(body.value, "name")
    if schema is None:  # then nobody can say what else its tool takes
        return _made(body, name, "args", frozenset({"approve", "deny"}))
    allowed = read_schema(schema)
    return _made(body, name, "args", _words(allowed.decisions), allowed.arguments)


def _inbox(body: Document) -> Action:
    request, config = body.value.get("action_request"), body.value.get("config")
    if not isinstance(request, dict) or not isinstance(config, dict):
        raise _unfit(sentence("`action_request` and `config` must be objects"))
    flags = {name: config.get(name, False) for name in (*_CONFIG, _IGNORE)}
    if any(not isinstance(flag, bool) for flag in flags.values()):
        raise _unfit(sentence("what `config` allows must be true or false"))
    offered = {word for name, word in _CONFIG.items() if flags[name]}
    offered |= {"deny"} if flags[_IGNORE] else set()
    action = Document(request, body.raw("action_request"))
    made = _made(action, _name(request, "action"), "args", frozenset(offered))
    return _described(made, body.value)


def _made(
    body: Document, name: str, named: str, offered: frozenset[str], schema: Any = None
) -> Action:
    args = body.value.get(named)
    if not isinstance(args, dict):
        raise _unfit(
            sentence("the arguments of %(name)s must be an object", name=f"{name!r:.80}")
        )
    said = body.value.get("description")
    described = said if isinstance(said, str) else ""
    return Action(name, args, body.raw(named), described, offered, schema, named)


def _described(action: Action, value: Mapping[str, Any]) -> Action:
    said = value.get("description")
    described = said if isinstance(said, str) else ""
    return Action(action.name, action.args, action.text, described, action.offered)


def _decision(action: Action, answer: Answer, interrupt: Interrupt) -> dict[str, Any]:
    match answer.verdict:
        case "approve":
            return {"type": "approve"}
        case "edit":
            edited = {"name": action.name, action.named_args: answer.arguments}
            name = "editedAction" if interrupt.camel else "edited_action"
            return {"type": "edit", name: edited}
        case "respond":
            return {"type": "respond", "message": answer.text}
    refuses = "deny" in action.offered or "respond" not in action.offered
    return {"type": "reject" if refuses else "respond", "message": answer.text}


def _inbox_answer(action: Action, answer: Answer) -> dict[str, Any]:
    match answer.verdict:
        case "approve":
            args: Any = {"action": action.name, "args": json.loads(action.text)}
            return {"type": "accept", "args": args}
        case "edit":
            edited = {"action": action.name, "args": answer.arguments}
            return {"type": "edit", "args": edited}
        case "respond":
            return {"type": "response", "args": answer.text}
    if "respond" in action.offered:  # the only form that carries a reason
        return {"type": "response", "args": answer.text}
    return {"type": "ignore", "args": None}


def _items(values: Any, text: str) -> list[tuple[Any, str]]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST:
        raise _unfit(
            sentence("it must ask about 1 to %(most)s actions, in a list", most=MOST)
        )
    return list(zip(values, raw_items(text), strict=True))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unfit(sentence("it must be an object, or a list of objects"))
    return value


def _name(value: Mapping[str, Any], member: str) -> str:
    found = value.get(member)
    if not isinstance(found, str) or not found:
        raise _unfit(sentence("`%(member)s` must name the action", member=member))
    return found


def _unfit(why: str) -> Refused:
    return Refused(
        422,
        "interrupt_invalid",
        sentence("The interrupt cannot be read: %(why)s.", why=why),
    )

"""LangGraph: what a graph interrupted itself for, sent by the program that runs the graph.

Signed as Standard Webhooks says. Each action is a call of its own; the answers to all of them
together are what the graph is resumed with (`inbox/resuming.py`).
"""

from collections.abc import Mapping
from typing import Any

from webui.approvals.call.strict_json import Document
from webui.receivers import standard
from webui.receivers.kind import Refused, Submission
from webui.receivers.langgraph_forms import Action, Interrupt, read_value
from webui.receivers.reading import received_arguments
from webui.sentences import sentence

name = "langgraph"
label = "LangGraph"
about = sentence(
    "Interrupted graphs; all answers together are the value to resume the graph with."
)
example: Mapping[str, Any] = {}
token: str | None = None
new_secret = standard.new_secret
check_source = standard.check_source
verify = standard.verify

MESSAGE_ID = "webhook-id"
PLACE = ("id", "thread_id", "run_id")
"""Where an interrupt came from."""
_ENVELOPE = frozenset(
    {"value", "response_schema", *PLACE, "callback_url", "expires_in", "summary"}
)
_HANDED_ON = ("callback_url", "expires_in", "summary")
_REASON = 8_000
_ORDER = ("approve", "deny", "edit", "respond")


def interrupt_of(body: Document) -> Interrupt:
    """Return the interrupt in a delivery: alone, or beside where it came from; raises Refused."""
    if "value" not in body.value:
        return read_value(body.value, body.text)
    unknown = sorted(body.value.keys() - _ENVELOPE)
    if unknown:
        raise Refused(
            422,
            "schema",
            sentence(
                "There is no member %(name)s beside `value`.", name=f"{unknown[0]!r:.80}"
            ),
        )
    for member in PLACE:
        if not isinstance(body.value.get(member, ""), str):
            raise Refused(
                422, "schema", sentence("`%(member)s` must be a string.", member=member)
            )
    schema = body.value.get("response_schema")
    if schema is not None and not isinstance(schema, dict):
        raise Refused(
            422, "schema", sentence("`response_schema` must be an object, or null.")
        )
    return read_value(body.value["value"], body.raw("value"), schema)


def place_of(body: Document) -> dict[str, str]:
    """Return where an interrupt came from, as far as its message says."""
    around = body.value if "value" in body.value else {}
    return {member: around[member] for member in PLACE if around.get(member)}


def to_submissions(
    body: Document,
    headers: Mapping[str, str],
    config: Mapping[str, Any],  # noqa: ARG001 - every kind takes the same
) -> list[Submission]:
    """Make each action a call, in the interrupt's order; raises Refused."""
    interrupt = interrupt_of(body)
    around = body.value if "value" in body.value else {}
    key = around.get("id") or headers.get(MESSAGE_ID, "")
    return [
        _submission(action, around, {"interrupt": key, "position": at})
        for at, action in enumerate(interrupt.actions)
    ]


def _submission(
    action: Action, around: Mapping[str, Any], place: Mapping[str, Any]
) -> Submission:
    offered = action.offered | {"deny"}
    submission: Submission = {
        "tool": action.name,
        "arguments": dict(action.args),
        "arguments_text": received_arguments(action.text),
        # the same call twice in one interrupt is two calls, and each has its own yes
        "ctx": dict(place),
        "allowed_decisions": [word for word in _ORDER if word in offered],
    }
    if action.description:
        submission["reason"] = action.description[:_REASON]
    if action.schema is not None:
        submission["arguments_schema"] = action.schema
    if around.get("thread_id"):
        submission["session"] = around["thread_id"]
    if around.get("run_id"):
        submission["run"] = around["run_id"]
    return submission | {name: around[name] for name in _HANDED_ON if name in around}

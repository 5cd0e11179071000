"""What Claude Code asks before a tool runs, and how it is told the verdict.

For its hooks (`hook.py`) and its permission-prompt tool (`permission_prompt.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from countersign_client.client import Client
from countersign_client.errors import Answered, BadAnswer, Denied, Ended, StillPending
from countersign_client.fields import WITHOUT_REVISION, Fields
from countersign_client.gate import Gate
from countersign_client.json_only import load_object

T = TypeVar("T", str, dict[str, Any])
PRE_TOOL_USE, PERMISSION_REQUEST = "PreToolUse", "PermissionRequest"
BINDING = ("tool_use_id", "prompt_id", "cwd")
SAID = ("hook_event_name", "permission_mode", "agent_id", "agent_type")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the tool may run, the sentence for the model, and the input if it was changed."""

    allowed: bool
    why: str
    changed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """One call of a hook."""

    event: str
    tool: str
    tool_input: dict[str, Any]
    fields: Fields

    @classmethod
    def read(cls, data: bytes) -> "Hook":
        """From what Claude Code writes to a hook; BadAnswer if it is no call for permission."""
        try:
            told = load_object(data)
        except BadAnswer as error:
            raise BadAnswer("what came on stdin is not a hook's JSON object") from error
        event = _needed(told, "hook_event_name", str)
        if event not in {PRE_TOOL_USE, PERMISSION_REQUEST}:
            raise BadAnswer(
                f"it answers {PRE_TOOL_USE} and {PERMISSION_REQUEST}, not {event}"
            )
        fields: Fields = {
            "session": _needed(told, "session_id", str),
            "ctx": _strings(told, BINDING),
            "context": _strings(told, SAID),
        }
        if event == PRE_TOOL_USE or told.get("tool_use_id") is not None:
            fields["source_ref"] = _needed(told, "tool_use_id", str)
        tool = _needed(told, "tool_name", str)
        return cls(event, tool, _needed(told, "tool_input", dict), fields)

    def answer(self, verdict: Verdict) -> str:
        """The verdict as the hook prints it."""
        if self.event == PERMISSION_REQUEST:
            told: dict[str, Any] = {"decision": behaviour(verdict)}
        else:
            told = {
                "permissionDecision": "allow" if verdict.allowed else "deny",
                "permissionDecisionReason": verdict.why,
            }
            if verdict.changed is not None:
                told["updatedInput"] = verdict.changed
        return json.dumps({"hookSpecificOutput": {"hookEventName": self.event, **told}})


def behaviour(verdict: Verdict) -> dict[str, Any]:
    """The verdict in the words of permissions."""
    if not verdict.allowed:
        return {"behavior": "deny", "message": verdict.why}
    if verdict.changed is None:
        return {"behavior": "allow"}
    return {"behavior": "allow", "updatedInput": verdict.changed}


def decide(
    desk: Client, tool: str, tool_input: dict[str, Any], fields: Fields, timeout: float
) -> Verdict:
    """Ask, wait, and use the yes at once: Claude Code tells nobody how the run ended.

    Returns for a yes, for a no and for an answer. Whatever else stops it is raised, StillPending
    among them: then nothing may run.
    """
    asked: Fields = {
        "allowed_decisions": list(WITHOUT_REVISION),
        "expires_in": max(1, int(timeout)),
        **fields,
    }
    try:
        gate = desk.gate(tool, tool_input, report=False, **asked)
        if not gate.proceed:
            desk.wait(gate.approval.id, timeout)
            gate = desk.gate(tool, tool_input, report=False, **asked)
        if not gate.proceed:  # the policy was changed meanwhile, say
            raise StillPending(gate.approval)
    except Denied as denied:
        return Verdict(False, f"Denied: {denied.reason}" if denied.reason else "Denied.")
    except Answered as answered:
        return Verdict(False, f"A reviewer answered instead: {answered.answer}")
    except Ended as ended:
        return Verdict(False, f"Not allowed: {ended}.")
    return _allowed(gate, tool_input)


def _allowed(gate: Gate, asked: Mapping[str, Any]) -> Verdict:
    if gate.arguments == asked:
        return Verdict(True, "Approved.")
    return Verdict(True, "Approved; a reviewer changed the input.", gate.arguments)


def _needed(told: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = told.get(name)
    if not isinstance(value, kind) or (not value and kind is str):
        raise BadAnswer(f"the hook's {name!r} is missing or is no {kind.__name__}")
    return value


def _strings(told: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: told[name] for name in names if isinstance(told.get(name), str)}

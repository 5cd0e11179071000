"""Claude Code: its hooks ask before a tool runs, and wait for the verdict in the answer.

It signs in with the source's secret as a Bearer token. `inbox/hooking.py` holds the request
and answers it; this says what a hook asks for, and how a verdict is written for it.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webui.approvals.call.strict_json import Document
from webui.approvals.errors import Fault, InvalidError
from webui.receivers.config import read_config, reject
from webui.receivers.kind import (
    Inbound,
    Refused,
    SourceSecrets,
    Submission,
    Verified,
    misconfigured,
)
from webui.receivers.reading import check_size, received_arguments
from webui.sentences import sentence

name = "claude-code"
label = "Claude Code"
about = sentence(
    "Claude Code's hooks; the verdict is the answer, so the tool waits for it."
)
example: Mapping[str, Any] = {"wait_seconds": 600}
token: str | None = None

PRE_TOOL_USE, PERMISSION_REQUEST = "PreToolUse", "PermissionRequest"
EVENTS = (PRE_TOOL_USE, PERMISSION_REQUEST)
MIN_SECRET = 32
_SCHEME = "bearer"
_SAID = ("permission_mode", "agent_id", "agent_type", "transcript_path")
_BINDING = ("tool_use_id", "prompt_id", "cwd")


class _Config(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    wait_seconds: int = Field(default=600, ge=5, le=86_400)
    """How long people have; the hook's own `timeout` must be longer."""


def new_secret() -> str:
    """Return 43 random characters."""
    return secrets.token_urlsafe(32)


def wait_seconds(config: Mapping[str, Any]) -> int:
    """Return how long a hook is held at most; raises InvalidError."""
    return read_config(_Config, config).wait_seconds


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    faults: list[Fault] = []
    try:
        read_config(_Config, source.config)
    except InvalidError as error:
        faults += error.faults
    if any(len(secret) < MIN_SECRET for secret in source.secrets or ("",)):
        faults.append(
            Fault(
                "/secret",
                sentence(
                    "must be at least %(min_secret)s characters long", min_secret=MIN_SECRET
                ),
            )
        )
    reject(faults)


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:  # noqa: ARG001
    """Prove the sender by its Bearer token; raises Refused.

    A token signs no time and no body, so nothing tells a replay: the desk does, which lets a
    tool use run once, whoever asks for it how often.
    """
    check_size(delivery.body)
    scheme, _, given = delivery.headers.get("authorization", "").partition(" ")
    if scheme.lower() != _SCHEME or not given:
        raise Refused(
            401,
            "signature_missing",
            sentence("Send the source's secret as `Authorization: Bearer <secret>`."),
        )
    if not source.secrets:
        raise misconfigured()
    # all of them are compared, each by a digest: the time says nothing about any
    digest = _digest(given)
    matches = [hmac.compare_digest(digest, _digest(known)) for known in source.secrets]
    if not any(matches):
        raise Refused(
            401, "signature_mismatch", sentence("This is not the secret of this source.")
        )
    return Verified(("sha256:" + hashlib.sha256(delivery.body).hexdigest(),), None)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def form_of(delivery: Inbound) -> str | None:
    """Return in which hook's form to answer, read loosely: what cannot be read is denied in it."""
    try:
        event = json.loads(delivery.body)["hook_event_name"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return event if event in EVENTS else None


def to_submissions(
    body: Document,
    headers: Mapping[str, str],  # noqa: ARG001 - every kind takes the same
    config: Mapping[str, Any],
) -> list[Submission]:
    """Read the one call a hook asks about; members that later versions add are let be."""
    hook = body.value
    event = hook.get("hook_event_name")
    if event not in EVENTS:
        raise not_a_gate()
    needed = ["tool_name", "session_id"]
    needed += ["tool_use_id"] if event == PRE_TOOL_USE else []
    for member in needed:
        if not isinstance(hook.get(member), str) or not hook[member]:
            raise _unfit(member, sentence("a string"))
    if not isinstance(hook.get("tool_input"), dict):
        raise _unfit("tool_input", sentence("an object"))
    try:
        settings = read_config(_Config, config)
    except InvalidError:
        raise misconfigured() from None
    submission: Submission = {
        "tool": hook["tool_name"],
        "arguments": hook["tool_input"],
        "arguments_text": received_arguments(body.raw("tool_input")),
        "session": hook["session_id"],
        # a yes is for this one use of the tool, in this folder
        "ctx": _strings(hook, _BINDING),
        "context": {"hook": event, **_strings(hook, _SAID)},
        "expires_in": settings.wait_seconds,
        "allowed_decisions": ["approve", "deny", "edit", "respond"],
    }
    if isinstance(hook.get("tool_use_id"), str):
        submission["source_ref"] = hook["tool_use_id"]
    return [submission]


def not_a_gate() -> Refused:
    """Return the answer to any other hook."""
    return Refused(
        422,
        "hook_unknown",
        sentence("This source answers the hooks PreToolUse and PermissionRequest only."),
    )


def _strings(hook: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: hook[name] for name in names if isinstance(hook.get(name), str)}


def _unfit(member: str, form: str) -> Refused:
    return Refused(
        422,
        "schema",
        sentence(
            "The hook's member `%(member)s` must be %(form)s.", member=member, form=form
        ),
    )


def allowed(event: str, why: str, changed: Mapping[str, Any] | None) -> bytes:
    """Return what lets the tool run; `changed` is the input a reviewer made of it."""
    if event == PERMISSION_REQUEST:
        decision: dict[str, Any] = {"behavior": "allow"}
        if changed is not None:
            decision["updatedInput"] = changed
        return _output(event, {"decision": decision})
    more: dict[str, Any] = {
        "permissionDecision": "allow",
        "permissionDecisionReason": why,
    }
    if changed is not None:
        more["updatedInput"] = changed
    return _output(event, more)


def denied(event: str, why: str) -> bytes:
    """Return what keeps the tool from running; the model is told why."""
    if event == PERMISSION_REQUEST:
        return _output(event, {"decision": {"behavior": "deny", "message": why}})
    return _output(event, {"permissionDecision": "deny", "permissionDecisionReason": why})


def _output(event: str, more: Mapping[str, Any]) -> bytes:
    return json.dumps({"hookSpecificOutput": {"hookEventName": event, **more}}).encode()

"""What a delivery says: a Standard Webhooks payload, never an argument's value."""

import json
from collections.abc import Mapping
from typing import Any

from webui.approvals.senders.outbound import EVENT_OF
from webui.audit.chain import rfc3339
from webui.store.models import Approval, Event

_DECISION = ("verdict", "reason", "who", "channel")
_ANSWER = ("answer", "edited_hash", "changed", "changes")
"""What an answer or an edit adds: the text, or the new hash and where it differs."""
_SAID_BY_SOMEBODY = frozenset(
    {"approval.break_glass", "approval.changes_requested", "approval.revoked"}
)
_OUTCOME = ("result", "detail")
_OF_THE_REST = ("size", "root", "note", "name", "why", "code")
"""Members that events about other things than approvals may tell."""


def body_of(
    name: str,
    event: Event,
    approval: Approval | None,
    agent_name: str | None,
    public_url: str,
) -> str:
    """Return the text of a message of type `name` about an event of the log.

    The state is the one the event left behind: by the time it is sent there may be a newer
    one, which has its own message. The line is masked (spec: preview.md).
    """
    payload = json.loads(event.payload or b"{}")
    data: dict[str, Any] = {"org": event.org_id, "seq": event.seq, "subject": event.subject}
    if approval is None:
        data |= {key: payload[key] for key in _OF_THE_REST if key in payload}
    else:
        data |= _of_approval(approval, agent_name, public_url)
        data |= _of_event(event, payload)
    message = {"type": name, "timestamp": rfc3339(event.at), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _of_approval(
    approval: Approval, agent_name: str | None, public_url: str
) -> dict[str, Any]:
    return {
        "id": approval.id,
        "agent": {"id": approval.agent_id, "name": agent_name},
        "tool": approval.tool,
        "line": approval.line,
        "risk": approval.risk,
        "fingerprint": approval.fingerprint,
        "session": approval.session,
        "run": approval.run,
        "source_ref": approval.source_ref,
        "created_at": rfc3339(approval.created_at),
        "expires_at": rfc3339(approval.expires_at),
        "review_url": f"{public_url}/approvals/{approval.id}",
    }


def _of_event(event: Event, payload: Mapping[str, Any]) -> dict[str, Any]:
    action = event.action
    told = {key: payload.get(key) for key in ("status", "resolution", "version")}
    if action == "approval.decided":
        told["decision"] = {key: payload.get(key) for key in _DECISION} | {
            key: payload[key] for key in _ANSWER if key in payload
        }
    elif action in _SAID_BY_SOMEBODY:
        told |= {key: payload.get(key) for key in ("who", "reason")}
    elif action == "approval.message":
        told["message"] = {"from": event.actor, "text": payload.get("text")}
    elif EVENT_OF[action] == "approval.outcome":
        outcome = {key: payload.get(key) for key in _OUTCOME}
        told["outcome"] = outcome if outcome["result"] else {"result": "unknown"}
    elif action == "approval.reused":
        told = {"seen_count": payload.get("seen_count")}
    return told

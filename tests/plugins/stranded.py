"""Calls of upstreams that fetch their verdict: HumanLayer's clients, and an interrupted graph."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from standardwebhooks.webhooks import Webhook

from webui.approvals.senders import sources
from webui.inbox.taking import take
from webui.receivers.kind import Inbound

if TYPE_CHECKING:
    from webui.runtime import Runtime

CALL_ID, CONTACT_ID = "c-1", "q-1"
_URGENT = {"escalation_msg": "It is urgent"}
HUMANLAYER: dict[str, Any] = {
    "create_function_call": {
        "run_id": "r-1",
        "call_id": CALL_ID,
        "spec": {"fn": "pay", "kwargs": {"amount": 5}},
    },
    "create_human_contact": {
        "run_id": "r-1",
        "call_id": CONTACT_ID,
        "spec": {"msg": "Which colour?"},
    },
    "escalate_function_call": _URGENT,
    "escalate_human_contact": _URGENT,
    "respond_to_function_call": {"approved": True},
    "respond_to_human_contact": {"response": "Blue"},
}
"""What each call takes; asked again by its agent, a call is the same call."""


def interrupted(runtime: Runtime, org_id: str, agent_id: str) -> str:
    """Post a graph's interrupt; returns the id of the approval that it waits for."""
    made = runtime.store.write(
        lambda tx: sources.create_source(
            tx, org_id, kind="langgraph", name="Graph", agent=agent_id
        )
    )
    body = json.dumps(
        {
            "action_requests": [{"name": "pay", "args": {"to": "ana"}}],
            "review_configs": [
                {"action_name": "pay", "allowed_decisions": ["approve", "reject"]}
            ],
        }
    )
    at = datetime.fromtimestamp(runtime.store.now() // 1000, UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(made.secret).sign("msg_1", at, body),
    }
    taken = take(runtime, made.source_id, Inbound(headers, body.encode(), "127.0.0.1"))
    return taken.approvals[0][0]

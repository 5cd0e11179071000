"""How an approval looks in JSON: the words of spec approvals.md in snake_case."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from webui.approvals.answering.quorum import NOES, Ballot, approvals_in
from webui.approvals.call.differing import differences
from webui.approvals.ending import current_status
from webui.approvals.ruling.terms import quorum_of, refused_because, why_asked
from webui.approvals.states import OPEN, Status
from webui.audit.chain import rfc3339
from webui.store.models import Approval, Decision, Message
from webui.store.queries.calls import Vote

RETRY_AFTER = 5
"""Seconds an agent that does not hold a poll should wait."""


def time_or_none(moment: int | None) -> str | None:
    """Return ms as RFC 3339, or none."""
    return None if moment is None else rfc3339(moment)


def approval_document(
    approval: Approval,
    votes: Sequence[Vote],
    messages: Sequence[Message],
    *,
    public_url: str,
    now: int,
) -> dict[str, Any]:
    """Return all of an approval but its arguments (see `with_arguments`)."""
    status = current_status(approval, now)
    document: dict[str, Any] = {
        "id": approval.id,
        "org": approval.org_id,
        "agent": approval.agent_id,
        "status": str(status),
        "version": approval.version,
        **_asked(approval),
        **_ruled(approval),
        "allowed_decisions": approval.allowed_decisions.split(),
        "quorum": _quorum(approval, votes),
        "decisions": [decision_document(vote.decision, vote.display) for vote in votes],
        "resolution": None if approval.resolution is None else str(approval.resolution),
        "break_glass": approval.break_glass,
        "solo": approval.solo,
        "answer": _answer(status, votes),
        "delivery": _delivery(approval),
        "messages": [message_document(message) for message in messages],
        "message_count": approval.message_count,
        "revision_of": approval.revision_of,
        "superseded_by": approval.superseded_by,
        "seen_count": approval.seen_count,
        "created_at": rfc3339(approval.created_at),
        "expires_at": rfc3339(approval.expires_at),
        "usable_until": time_or_none(approval.usable_until),
        "decided_at": time_or_none(approval.decided_at),
        "review_url": f"{public_url}/approvals/{approval.id}",
    }
    if status is Status.EXPIRED and document["resolution"] is None:
        document["resolution"] = "deadline"  # passed, and not swept yet
    if status in OPEN:
        document |= _how_to_wait(document)
    return document


def _delivery(approval: Approval) -> dict[str, Any] | None:
    """Return how far the verdict is on its way to an upstream that settles it; none elsewhere."""
    if approval.reply_state is None:
        return None
    return {
        "state": approval.reply_state,
        "error": approval.reply_error,
        "attempts": approval.reply_attempts,
    }


def _ruled(approval: Approval) -> dict[str, Any]:
    """Return what the policy said, as far as the agent is told."""
    return {
        "rule": {
            "name": approval.rule_name,
            "hash": approval.rule_hash,
            "line": approval.rule_line,
        },
        "policy_revision": approval.policy_revision,
        "why_asked": why_asked(approval),
        "message": refused_because(approval),
        "idempotent": approval.idempotent,
    }


def _asked(approval: Approval) -> dict[str, Any]:
    """Return the call and what the agent said of it; nothing here changes later."""
    return {
        "tool": approval.tool,
        "arguments_hash": approval.arguments_hash,
        "fingerprint": approval.fingerprint,
        "scope": approval.scope,
        "tool_def": approval.tool_def,
        "ctx": json.loads(approval.ctx),
        "summary": approval.summary,
        "reason": approval.reason,
        "context": _parsed(approval.context),
        "trace": _parsed(approval.trace),
        "risk": str(approval.risk),
        "session": approval.session,
        "run": approval.run,
        "on_behalf_of": approval.on_behalf_of,
        "triggered_by": approval.triggered_by,
        "project": approval.project_id,
        "source": approval.source_id,
        "source_ref": approval.source_ref,
    }


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _quorum(approval: Approval, votes: Sequence[Vote]) -> dict[str, Any]:
    given = [
        Ballot(vote.decision.verdict, frozenset(vote.decision.groups.split()))
        for vote in votes
    ]
    quorum = quorum_of(approval)
    return {
        "approvals": approvals_in(given, quorum),
        "denials": sum(vote.verdict in NOES for vote in given),
        "required": quorum.required,
        "deny_at": quorum.denials,
        "approvers": sorted(quorum.approvers),
        "distinct_groups": quorum.distinct,
        "veto_groups": sorted(quorum.veto),
    }


def _answer(status: Status, votes: Sequence[Vote]) -> str | None:
    """Return what a reviewer answered in place of a run; none unless that settled it."""
    if status is not Status.ANSWERED:
        return None
    return next((v.decision.answer for v in reversed(votes) if v.decision.answer), None)


def _how_to_wait(document: Mapping[str, Any]) -> dict[str, Any]:
    what = (
        "A reviewer asked for changes to this call: read `messages`, then answer there or "
        f"file a revision, before {document['expires_at']}."
        if document["status"] == Status.NEEDS_REVISION
        else f"This call needs a person's approval: open {document['review_url']} "
        f"and decide before {document['expires_at']}."
    )
    return {"retryable": True, "retry_after": RETRY_AFTER, "human_instructions": what}


def in_list(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an approval as lists show it: how much was said, and not all of it."""
    return {name: value for name, value in document.items() if name != "messages"}


def message_document(message: Message) -> dict[str, Any]:
    """Return one line of the conversation; `from` is `user:...` or `agent:...`."""
    return {"from": message.sender, "text": message.text, "at": rfc3339(message.at)}


def edit_document(
    approval: Approval, asked: Mapping[str, Any], effective: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what an edit changed: the arguments that are to run, and each difference."""
    changes = [
        {
            "path": found.pointer,
            "change": found.change,
            "before": found.before,
            "after": found.after,
        }
        for found in differences(asked, effective)
    ]
    return {
        "edited": {
            "arguments_hash": approval.edited_hash,
            "fingerprint": approval.edited_fingerprint,
            "changes": changes,
        },
        "effective_arguments": effective,
    }


def decision_document(decision: Decision, display: str) -> dict[str, Any]:
    """Return one decision."""
    return {
        "verdict": decision.verdict,
        "actor": {"type": "user", "id": decision.user_id, "display": display},
        "reason": decision.reason,
        "at": rfc3339(decision.at),
        "channel": decision.channel,
        "delegated_by": decision.delegated_by,
        "option": decision.option,
    }


def with_arguments(document: Mapping[str, Any], canonical: bytes) -> str:
    """Return the JSON text with the canonical arguments spliced in, byte for byte."""
    head = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f'{head[:-1]},"arguments":{canonical.decode()}}}'


def denial_reason(votes: Sequence[Vote]) -> str:
    """Return what the reviewer said with the denial."""
    return next((v.decision.reason for v in votes if v.decision.verdict == "deny"), "")


def jsonrpc_error(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form that MCP gateways hand to their client: error -32003."""
    command = f"countersign approvals approve {document['id']}"
    return {
        "code": -32003,
        "message": (
            f"[APPROVAL REQUIRED] {document['tool']} waits for a person. "
            f"Decide with: {command} or at {document['review_url']}"
        ),
        "data": {
            "approval_id": document["id"],
            "tool": document["tool"],
            "expires_at": document["expires_at"],
            "retryable": True,
            "human_instructions": document.get("human_instructions"),
        },
    }

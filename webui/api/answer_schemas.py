"""What the API answers, as OpenAPI says it: the schemas of all documents that views make."""

from collections.abc import Sequence
from typing import Any

from webui.api.admin_answers import ADMIN_ANSWERS
from webui.api.notification_schemas import NOTIFICATION_ANSWERS
from webui.api.policy_answers import POLICY_ANSWERS
from webui.api.upstream_answers import UPSTREAM_ANSWERS
from webui.approvals.states import Resolution, Risk, Status

REF = "#/components/schemas/{model}"
_WORD: dict[str, Any] = {"type": "string"}
_WORDS: dict[str, Any] = {"type": "array", "items": _WORD}
_MAYBE_WORD: dict[str, Any] = {"type": ["string", "null"]}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_MAYBE_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_HASH: dict[str, Any] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def _object(members: dict[str, Any], optional: Sequence[str] = ()) -> dict[str, Any]:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required}


def ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(model=name)}


def _list_of(model: str) -> dict[str, Any]:
    items = {"type": "array", "items": ref(model)}
    return _object({"items": items, "next_cursor": _MAYBE_WORD})


_EDITED = _object(
    {
        "arguments_hash": _HASH,
        "fingerprint": _HASH,
        "changes": {
            "type": "array",
            "items": _object(
                {
                    "path": _WORD,
                    "change": {"enum": ["added", "removed", "changed"]},
                    "before": {},
                    "after": {},
                }
            ),
        },
    }
)
_APPROVAL: dict[str, Any] = {
    "id": {"type": "string", "pattern": "^apr_[0-9A-Z]{26}$"},
    "org": _WORD,
    "agent": _WORD,
    "status": {"enum": [str(status) for status in Status]},
    "version": {"type": "integer"},
    "tool": _WORD,
    "arguments": {"type": "object"},
    "arguments_hash": _HASH,
    "fingerprint": _HASH,
    "scope": _MAYBE_WORD,
    "tool_def": _MAYBE_WORD,
    "ctx": {"type": "object"},
    "summary": _MAYBE_WORD,
    "reason": _MAYBE_WORD,
    "context": {},
    "trace": {"type": ["array", "null"]},
    "risk": {"enum": [str(risk) for risk in Risk]},
    "session": _MAYBE_WORD,
    "run": _MAYBE_WORD,
    "on_behalf_of": _MAYBE_WORD,
    "triggered_by": _MAYBE_WORD,
    "project": _MAYBE_WORD,
    "source": _MAYBE_WORD,
    "source_ref": _MAYBE_WORD,
    "rule": {"type": "object"},
    "policy_revision": _MAYBE_WORD,
    "why_asked": _WORD,
    "message": _MAYBE_WORD,
    "idempotent": {"type": "boolean"},
    "allowed_decisions": {"type": "array", "items": _WORD},
    "quorum": {"type": "object"},
    "decisions": {"type": "array", "items": ref("Decision")},
    "resolution": {"enum": [*(str(resolution) for resolution in Resolution), None]},
    "break_glass": {"type": "boolean"},
    "solo": {"type": "boolean"},
    "answer": _MAYBE_WORD,
    "messages": {
        "type": "array",
        "items": _object({"from": _WORD, "text": _WORD, "at": _TIME}),
    },
    "delivery": {"type": ["object", "null"]},
    "message_count": {"type": "integer", "minimum": 0},
    "revision_of": _MAYBE_WORD,
    "superseded_by": _MAYBE_WORD,
    "seen_count": {"type": "integer", "minimum": 1},
    "created_at": _TIME,
    "expires_at": _TIME,
    "usable_until": _MAYBE_TIME,
    "decided_at": _MAYBE_TIME,
    "review_url": {"type": "string", "format": "uri"},
    "retryable": {"type": "boolean"},
    "retry_after": {"type": "integer"},
    "human_instructions": _WORD,
    "reused": {"type": "boolean"},
    "jsonrpc_error": {"type": "object"},
    "edited": _EDITED,
    "effective_arguments": {"type": "object"},
}
_ONLY_WHILE_OPEN = ("retryable", "retry_after", "human_instructions")
_ONLY_EDITED = ("edited", "effective_arguments")
_ONLY_SOMETIMES = (*_ONLY_WHILE_OPEN, *_ONLY_EDITED, "reused", "jsonrpc_error")

_REVIEWED = _APPROVAL | {
    "line": _WORD,
    "agent_name": _WORD,
    "handled_as": {"enum": [str(risk) for risk in Risk]},
    "dangers": {"type": ["integer", "null"]},
    "claimed_by": {"type": ["object", "null"]},
    "claim_expires_at": _MAYBE_TIME,
    "settles_at": _MAYBE_TIME,
    "settling": {"type": ["object", "null"]},
    "seal": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "may_decide": {"type": "boolean"},
    "why_not": _MAYBE_WORD,
    "deciding_for": {"type": ["object", "null"]},
    "verdicts": _WORDS,
    "options": {"type": "object"},
    "full_view": _object(
        {
            "required": {"type": "boolean"},
            "sign_in": {"type": "boolean"},
            "risk": {"enum": [str(risk) for risk in Risk]},
            "truncated": {"type": "boolean"},
            "warnings": {"type": "array", "items": _WORD},
        }
    ),
    "cautions": _WORDS,
    "seen": _MAYBE_WORD,
    "cascade": {"type": "array", "items": ref("Result")},
    "ruling": {"type": ["object", "null"]},
}
_ONLY_ALONE = (
    *(
        "arguments",
        "ctx",
        "seal",
        "may_decide",
        "why_not",
        "deciding_for",
        "verdicts",
        "options",
        "full_view",
        "cautions",
        "seen",
        "cascade",
    ),
    *("ruling", "messages", "settling"),
    *("line", "agent_name", "handled_as", "dangers"),
)

_GO = {
    "proceed": {"const": True},
    "approval": ref("ApprovalSummary"),
    "consumption": {"type": "string", "pattern": "^con_"},
    "lease_token": _MAYBE_WORD,
    "lease_expires_at": _MAYBE_TIME,
    "arguments": {"type": "object"},
    "receipt": _WORD,
}

_PROBLEM: dict[str, Any] = {
    "type": _WORD,
    "title": _WORD,
    "status": {"type": "integer"},
    "detail": _WORD,
    "instance": _WORD,
    "code": _WORD,
    "errors": {
        "type": "array",
        "items": _object({"pointer": _WORD, "detail": _WORD}),
    },
    "cautions": _WORDS,
    "seen": _WORD,
}
_ONLY_IN_SOME = ("errors", "cautions", "seen")
_WRITE_HELD: dict[str, Any] = {
    "error": {"enum": ["approval_required", "write_refused"]},
    "nonce": _WORD,
    "approval_url": {"type": "string", "format": "uri"},
    "scopes": _WORDS,
    "expires_at": _TIME,
    "reason": _MAYBE_WORD,
    "missing": _WORDS,
}

_STANDING_GRANT: dict[str, Any] = {
    "id": {"type": "string", "pattern": "^grt_[0-9A-Z]{26}$"},
    "live": {"type": "boolean"},
    "agent": _WORD,
    "agent_name": _WORD,
    "tool": _WORD,
    "line": _WORD,
    "arguments": {"type": "object"},
    "conditions": {"type": "array", "items": {"type": "object"}},
    "risk": {"enum": [str(risk) for risk in Risk]},
    "session": _MAYBE_WORD,
    "uses": {"type": "integer"},
    "used": {"type": "integer"},
    "approval": _WORD,
    "created_by": _object({"type": _WORD, "id": _WORD, "display": _WORD}),
    "created_at": _TIME,
    "expires_at": _TIME,
    "ended_at": _MAYBE_TIME,
    "revoked_by": _MAYBE_WORD,
    "covered": {
        "type": "array",
        "items": _object({"approval": _WORD, "status": _WORD, "line": _WORD, "at": _TIME}),
    },
}

ANSWERS: dict[str, dict[str, Any]] = {
    "Approval": _object(_APPROVAL, _ONLY_SOMETIMES),
    "ApprovalSummary": _object(
        _APPROVAL, (*_ONLY_SOMETIMES, "arguments", "ctx", "messages")
    ),
    "ReviewApproval": _object(_REVIEWED, (*_ONLY_SOMETIMES, *_ONLY_ALONE)),
    "Revealed": _object({"path": _WORD, "name": {}, "value": {}}),
    "ReviewList": _list_of("ReviewApproval"),
    "Results": _object({"results": {"type": "array", "items": ref("Result")}}),
    "Result": _object(
        {
            "id": _WORD,
            "result": {"enum": ["decided", "repeated", "skipped", "refused"]},
            "status": _MAYBE_WORD,
            "settles_at": _MAYBE_TIME,
            "code": _MAYBE_WORD,
            "detail": _MAYBE_WORD,
        }
    ),
    "StandingGrantList": _list_of("StandingGrant"),
    "StandingGrant": _object(_STANDING_GRANT, ("covered",)),
    "ApprovalList": _list_of("ApprovalSummary"),
    "EndedList": _object(
        {
            "items": {"type": "array", "items": ref("ApprovalSummary")},
            "next_cursor": {"type": "null"},
        }
    ),
    "Decision": _object(
        {
            "verdict": _WORD,
            "actor": _object({"type": _WORD, "id": _WORD, "display": _WORD}),
            "reason": _WORD,
            "at": _TIME,
            "channel": _WORD,
            "delegated_by": _MAYBE_WORD,
            "option": _MAYBE_WORD,
            "delegated_by_display": _MAYBE_WORD,
        },
        ("delegated_by_display",),
    ),
    "Go": _object(_GO),
    "Answered": _object(
        {
            "proceed": {"const": False},
            "answer": _MAYBE_WORD,
            "approval": ref("ApprovalSummary"),
        }
    ),
    "GoOrAnswer": {"anyOf": [ref("Go"), ref("Answered")]},
    "Wait": _object(
        {
            "proceed": {"const": False},
            "approval": ref("ApprovalSummary"),
            "jsonrpc_error": {"type": "object"},
        },
        ("jsonrpc_error",),
    ),
    "Lease": _object({"lease_expires_at": _TIME}),
    "Me": _object(
        {
            "agent": {"type": "object"},
            "org": {"type": "object"},
            "key": {"type": "object"},
            "callback_secret": _WORD,
        }
    ),
    "WritePass": _object({"allowed": {"const": True}, "effective_scopes": _WORDS}),
    "WriteHeld": _object(_PROBLEM | _WRITE_HELD, (*_ONLY_IN_SOME, *_WRITE_HELD)),
    "OpenAPI": {"type": "object"},
    "Problem": _object(_PROBLEM, _ONLY_IN_SOME),
}
ANSWERS |= ADMIN_ANSWERS | NOTIFICATION_ANSWERS | POLICY_ANSWERS | UPSTREAM_ANSWERS

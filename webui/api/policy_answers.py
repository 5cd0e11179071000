"""What the API answers about the policy, as OpenAPI says it."""

from typing import Any

_WORD: dict[str, Any] = {"type": "string"}
_MAYBE_WORD: dict[str, Any] = {"type": ["string", "null"]}
_MAYBE_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}


def _object(members: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required}


_PLACE = _object(
    {
        "line": {"type": "integer"},
        "column": {"type": "integer"},
        "path": _WORD,
        "sentence": _WORD,
    }
)
_POLICY: dict[str, Any] = {
    "number": {"type": "integer", "minimum": 0},
    "revision": _MAYBE_WORD,
    "author": _MAYBE_WORD,
    "note": _MAYBE_WORD,
    "at": _MAYBE_TIME,
    "text": _MAYBE_WORD,
    "changed": {"type": "boolean"},
    "warnings": {"type": "array", "items": _PLACE},
}

_JOB: dict[str, Any] = {
    "id": _WORD,
    "state": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
    "progress": {"type": "number", "minimum": 0, "maximum": 1},
    "attempts": {"type": "integer", "minimum": 0},
    "made_by": _WORD,
    "created_at": {"type": "string", "format": "date-time"},
    "ended_at": _MAYBE_TIME,
    "error": _MAYBE_WORD,
    "result": {"type": ["object", "null"]},
}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_OBJECTS: dict[str, Any] = {"type": "array", "items": {"type": "object"}}
_SHADOW: dict[str, Any] = {
    "running": {"type": "boolean"},
    "error": _MAYBE_WORD,
    "revision": _WORD,
    "made_from": _COUNT,
    "started_by": _WORD,
    "started_at": {"type": "string", "format": "date-time"},
    "calls": _COUNT,
    "agreed": _COUNT,
    "disagreed": _COUNT,
    "masked": _COUNT,
    "kinds": _OBJECTS,
    "rules": _OBJECTS,
    "newest": _OBJECTS,
}

POLICY_ANSWERS: dict[str, dict[str, Any]] = {
    "Evaluated": _object(
        {
            "verdict": {"enum": ["allow", "deny", "require_approval"]},
            "rule": {"type": "object"},
            "sentence": _WORD,
            "message": _MAYBE_WORD,
            "policy_revision": _MAYBE_WORD,
            "idempotent": {"type": "boolean"},
            "irreversible": {"type": "boolean"},
        }
    ),
    "Job": _object(_JOB, ("result",)),
    "JobList": _object(
        {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
            "next_cursor": _MAYBE_WORD,
        }
    ),
    "Shadow": _object(_SHADOW, tuple(name for name in _SHADOW if name != "running")),
    "Policy": _object(_POLICY, ("text", "changed", "warnings")),
    "PolicyList": _object(
        {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Policy"}},
            "next_cursor": _MAYBE_WORD,
        }
    ),
    "PolicyChecked": _object(
        {
            "faults": {"type": "array", "items": _PLACE},
            "warnings": {"type": "array", "items": _PLACE},
            "tests": {"type": "array", "items": {"type": "object"}},
        }
    ),
}

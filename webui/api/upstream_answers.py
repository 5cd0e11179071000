"""What upstreams that fetch their verdict are answered, as OpenAPI says it."""

from typing import Any

_WORD: dict[str, Any] = {"type": "string"}
_OBJECT: dict[str, Any] = {"type": "object"}
_STANDING = {
    "type": "object",
    "properties": {"id": _WORD, "status": _WORD},
    "required": ["id", "status"],
}
_HUMANLAYER = {
    "type": "object",
    "properties": {
        "run_id": {"type": ["string", "null"]},
        "call_id": _WORD,
        "spec": _OBJECT,
        "status": _OBJECT,
    },
    "required": ["run_id", "call_id", "spec", "status"],
}

UPSTREAM_ANSWERS: dict[str, dict[str, Any]] = {
    "FunctionCall": _HUMANLAYER,
    "HumanContact": _HUMANLAYER,
    "Interrupt": {
        "type": "object",
        "properties": {
            "id": _WORD,
            "complete": {"type": "boolean"},
            "approvals": {"type": "array", "items": _STANDING},
            "resume": {},
        },
        "required": ["id", "complete", "approvals", "resume"],
    },
}

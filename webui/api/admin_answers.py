"""The schemas of what authorization and the admin API answer."""

from typing import Any

from webui.approvals.authorization import Strength

_WORD: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_YES_NO: dict[str, Any] = {"type": "boolean"}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_MAYBE_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_EFFECT = {"enum": [strength.name.lower() for strength in Strength]}


def _object(*optional: str, **members: Any) -> dict[str, Any]:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required}


def _list(name: str) -> dict[str, Any]:
    return _object(items={"type": "array", "items": _ref(name)}, next_cursor=_MAYBE)


def _put(name: str) -> dict[str, Any]:
    return _object(changed=_YES_NO, item=_ref(name))


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_ACCESS = {
    "allowed": _YES_NO,
    "reason": {"type": "string", "pattern": "^(allow|deny)_"},
    "explanation": _WORD,
    "action": _WORD,
    "grant": {
        "anyOf": [
            {"type": "null"},
            _object(id=_WORD, permission=_WORD, scope={"type": "object"}, approval=_MAYBE),
        ]
    },
}
_PRINCIPAL = _object(type={"enum": ["user", "agent", "group"]}, id=_WORD)
_PROTECTION = _object(policy={"type": "object"}, effect=_EFFECT, explanation=_MAYBE)

ADMIN_ANSWERS: dict[str, dict[str, Any]] = {
    "Access": _object(
        "approval_body",
        "approval",
        **_ACCESS,
        approval_body={"type": "object"},
        approval=_ref("ApprovalSummary"),
    ),
    "Preview": _object(**_ACCESS, policy=_object(effect=_EFFECT, explanation=_MAYBE)),
    "Deleted": _object(id=_WORD, changed=_YES_NO),
    "Agent": _object(
        id=_WORD,
        external_id=_MAYBE,
        name=_WORD,
        owner=_MAYBE,
        manager=_MAYBE,
        project=_MAYBE,
        role=_MAYBE,
        can_create_agents=_YES_NO,
        status=_WORD,
        protection=_PROTECTION,
        created_at=_TIME,
    ),
    "Project": _object(
        id=_WORD,
        external_id=_MAYBE,
        name=_WORD,
        protection=_PROTECTION,
        created_at=_TIME,
    ),
    "Issue": _object(
        id=_WORD,
        external_id=_MAYBE,
        title=_WORD,
        project=_MAYBE,
        parent=_MAYBE,
        assignee_agent=_MAYBE,
        assignee_user=_MAYBE,
        status=_WORD,
        protection=_PROTECTION,
        created_at=_TIME,
    ),
    "Grant": _object(
        id=_WORD,
        external_id=_MAYBE,
        principal=_PRINCIPAL,
        permission=_WORD,
        scope={"type": "object"},
        approval=_MAYBE,
        created_by=_WORD,
        created_at=_TIME,
        expires_at=_MAYBE_TIME,
        revoked_at=_MAYBE_TIME,
    ),
    "Protection": _object(
        id=_WORD,
        on=_object(type=_WORD, id=_WORD, external_id=_MAYBE),
        name=_WORD,
        policy={"type": "object"},
        effect=_EFFECT,
        explanation=_MAYBE,
    ),
}
for _name in ("Agent", "Project", "Issue", "Grant", "Protection"):
    ADMIN_ANSWERS[f"{_name}List"] = _list(_name)
    ADMIN_ANSWERS[f"{_name}PutAnswer"] = _put(_name)

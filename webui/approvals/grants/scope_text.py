"""A permission grant's scope as it is kept, and what of it is not in the org."""

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from webui.approvals.authorization import Grant, scope_kinds, validate_scope
from webui.approvals.errors import Fault, InvalidError
from webui.sentences import Sentence, joined, sentence
from webui.store.models import Agent, Project
from webui.store.transaction import Transaction

SCOPE_MAX = 8_192
_MODELS: dict[str, Any] = {"project": Project, "agent": Agent, "subtree": Agent}
_TOO_LONG: Final = sentence(
    "must be at most %(most)s characters, no U+0000", most=SCOPE_MAX
)


def scope_text(tx: Transaction, org_id: str, scope: Mapping[str, object]) -> str:
    """Return a scope as it is kept.

    Raises:
        InvalidError: a key has no usable value, or names what is not in this org.

    """
    faults = [Fault(f"/scope{f.pointer}", f.detail) for f in validate_scope(scope)]
    text = json.dumps(scope, ensure_ascii=False, sort_keys=True)
    if "\0" in text or "\\u0000" in text or len(text) > SCOPE_MAX:
        faults.append(Fault("/scope", _TOO_LONG))
    faults = faults or _strangers(tx, org_id, scope)
    if faults:
        told = joined("; ", (joined(" ", (f.pointer[1:], f.detail)) for f in faults[:5]))
        raise InvalidError(
            sentence("The scope will not do: %(faults)s.", faults=told), faults
        )
    return text


def _strangers(tx: Transaction, org_id: str, scope: Mapping[str, object]) -> list[Fault]:
    """Return where a scope names a project or an agent that is not in this org."""
    faults = []
    for key, value in scope.items():
        kinds = scope_kinds(Grant("", "", {key: value})) or {}
        for kind, names in sorted(kinds.items()):
            model = _MODELS.get(kind)
            if model is None:
                continue
            found = set(
                tx.session.scalars(
                    select(model.id).where(model.org_id == org_id, model.id.in_(names))
                )
            )
            faults += [
                Fault(f"/scope/{key}", _stranger(kind, name))
                for name in sorted(names - found)
            ]
    return faults


def _stranger(kind: str, name: str) -> Sentence:
    if kind == "project":
        return sentence(
            "names %(name)s, which is no project of this organization", name=repr(name)
        )
    return sentence(
        "names %(name)s, which is no agent of this organization", name=repr(name)
    )

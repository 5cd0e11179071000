"""The grant that a yes to a question is: what it covers, and who must not have given it."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.authorization import ASSIGN, ASSIGN_SCOPE
from webui.approvals.call.arguments import effective_arguments
from webui.store.ids import new_id
from webui.store.models import Agent, Approval, Membership, PermissionGrant
from webui.store.transaction import Transaction

ASKED = (ASSIGN, ASSIGN_SCOPE)
"""The actions that a policy may hold for an approval."""


def make_grant(tx: Transaction, approval: Approval, by: str) -> None:
    """Make the grant that a yes to a question is; nothing for any other call.

    Whoever would get the permission is on whose behalf it has to have been filed, so that they
    could not say yes to themselves. Otherwise it is a call like any other and grants nothing.
    """
    if approval.tool not in ASKED:
        return
    question = effective_arguments(tx.session, tx.keyring, approval).value
    scope = scope_of(question)
    actor = question.get("actor")
    if (
        not scope
        or question.get("action") != approval.tool
        or not isinstance(actor, dict)
        or actor.get("type") not in {"user", "agent"}
        or not isinstance(actor.get("id"), str)
        or person_behind(tx.session, approval.org_id, actor) != approval.on_behalf_of
    ):
        return
    grant = PermissionGrant(
        id=new_id("pgr", tx.now),
        org_id=approval.org_id,
        principal_type=actor["type"],
        principal_id=actor["id"],
        permission=approval.tool,
        scope=json.dumps(scope),
        approval_id=approval.id,
        created_by=by,
        created_at=tx.now,
        expires_at=approval.usable_until,
    )
    tx.session.add(grant)
    tx.session.flush()
    note = {
        "principal": f"{actor['type']}:{actor['id']}",
        "permission": approval.tool,
        "scope": scope,
        "approval": approval.id,
        "expires_at": approval.usable_until,
    }
    tx.record(approval.org_id, by, "grant.created", f"permission_grant:{grant.id}", note)


def person_behind(session: Session, org_id: str, actor: Mapping[str, str]) -> str | None:
    """Return the person who would get the permission, and so is not to give it."""
    user_id: str | None = actor["id"]
    if actor["type"] == "agent":
        user_id = session.scalar(
            select(Agent.owner_id).where(Agent.id == actor["id"], Agent.org_id == org_id)
        )
    if user_id is None:
        return None
    found: str | None = session.scalar(
        select(Membership.user_id).where(
            Membership.org_id == org_id, Membership.user_id == user_id
        )
    )
    return found


def scope_of(question: Mapping[str, Any]) -> dict[str, str]:
    """Return what a question names, of what a grant may be limited to."""
    scope = question.get("scope")
    if not isinstance(scope, dict):
        return {}
    return {
        key: scope[key]
        for key in ("projectId", "assigneeAgentId")
        if isinstance(scope.get(key), str) and scope[key]
    }

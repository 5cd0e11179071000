"""How agents, projects, issues, grants and policies look in the admin API's JSON."""

import json
from typing import Any

from sqlalchemy.orm import Session

from webui.api.documents import time_or_none
from webui.approvals.agents.protections import effect_on
from webui.audit.chain import rfc3339
from webui.store.models import Agent, Issue, PermissionGrant, Project
from webui.store.queries.work import Protected


def agent_document(_session: Session, agent: Agent) -> dict[str, Any]:
    """Return one agent; never a key."""
    return {
        "id": agent.id,
        "external_id": agent.external_id,
        "name": agent.name,
        "owner": agent.owner_id,
        "manager": agent.reports_to,
        "project": agent.project_id,
        "role": agent.role,
        "can_create_agents": agent.can_create_agents,
        "status": agent.status,
        "protection": policy_document("agent", agent.protection),
        "created_at": rfc3339(agent.created_at),
    }


def project_document(_session: Session, project: Project) -> dict[str, Any]:
    """Return one project."""
    return {
        "id": project.id,
        "external_id": project.external_id,
        "name": project.name,
        "protection": policy_document("project", project.protection),
        "created_at": rfc3339(project.created_at),
    }


def issue_document(_session: Session, issue: Issue) -> dict[str, Any]:
    """Return one issue."""
    return {
        "id": issue.id,
        "external_id": issue.external_id,
        "title": issue.title,
        "project": issue.project_id,
        "parent": issue.parent_id,
        "assignee_agent": issue.assignee_agent_id,
        "assignee_user": issue.assignee_user_id,
        "status": issue.status,
        "protection": policy_document("issue", issue.protection),
        "created_at": rfc3339(issue.created_at),
    }


def grant_document(_session: Session, grant: PermissionGrant) -> dict[str, Any]:
    """Return one permission grant."""
    return {
        "id": grant.id,
        "external_id": grant.external_id,
        "principal": {"type": grant.principal_type, "id": grant.principal_id},
        "permission": grant.permission,
        "scope": json.loads(grant.scope),
        "approval": grant.approval_id,
        "created_by": grant.created_by,
        "created_at": rfc3339(grant.created_at),
        "expires_at": time_or_none(grant.expires_at),
        "revoked_at": time_or_none(grant.revoked_at),
    }


def protected_document(_session: Session, row: Protected) -> dict[str, Any]:
    """Return what bears a policy, and the policy."""
    return {
        "id": row.id,
        "on": {"type": row.kind, "id": row.id, "external_id": row.external_id},
        "name": row.name,
        **policy_document(row.kind, row.policy),
    }


def policy_document(kind: str, text: str) -> dict[str, Any]:
    """Return a policy with its effect."""
    policy = json.loads(text)
    effect = effect_on(kind, policy)
    return {
        "policy": policy,
        "effect": effect.strength.name.lower(),
        "explanation": effect.sentence or None,
    }

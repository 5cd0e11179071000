"""The admin API for what an orchestrator knows: agents, projects and issues, as it says now.

A person's token, an org of its own, and the orchestrator's ids: so that a sync can be repeated.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response

from webui.api.admin_documents import (
    agent_document,
    issue_document,
    project_document,
)
from webui.api.admin_schemas import AgentPut, IssuePut, ProjectPut
from webui.api.keys import runtime
from webui.api.operations import operation
from webui.api.reading import read_body
from webui.api.schemas import EmptyBody
from webui.api.syncing import (
    PAGES,
    Documents,
    answer_put,
    changes_of,
    deleted,
    found_id,
    listed,
    manager,
)
from webui.approvals.agents import agent_sync, issues, projects
from webui.approvals.agents.agent_changes import AgentChange, change_agent
from webui.approvals.agents.issues import IssueChange
from webui.approvals.authorization import AGENTS
from webui.store.models import Agent, Issue, Project
from webui.store.queries import work
from webui.store.transaction import Transaction


def _shown(model: Any, put_id: str, document: Documents) -> Mapping[str, Any]:
    with runtime().store.reading() as session:
        return document(session, session.get_one(model, put_id))


@operation(
    "GET",
    "/api/v1/admin/agents",
    "List the agents of the organization",
    queries=PAGES,
    answers={200: "AgentList"},
)
def list_admin_agents() -> Response:
    """Return the agents, oldest first."""
    org_id, _ = manager(AGENTS)
    return listed(
        lambda session, after, most: work.page_of(
            session, Agent, org_id, after=after, most=most
        ),
        agent_document,
    )


@operation(
    "POST",
    "/api/v1/admin/agents",
    "Make or change an agent by the orchestrator's id",
    body=AgentPut,
    answers={200: "AgentPutAnswer"},
)
def put_admin_agent() -> Response:
    """Make the agent as the orchestrator says it is."""
    org_id, by = manager(AGENTS)
    body = read_body(AgentPut)
    said = changes_of(
        body, owner="owner", manager="manager", project="project", role="role"
    )
    change = AgentChange(
        **said, can_create_agents=body.can_create_agents, status=body.status
    )
    put = runtime().store.write(
        lambda tx: agent_sync.put_agent(tx, org_id, by, body.external_id, body.name, change)
    )
    return answer_put(put, _shown(Agent, put.id, agent_document))


@operation(
    "POST",
    "/api/v1/admin/agents/<item_id>/delete",
    "Terminate an agent: its keys are revoked, what it asks for is cancelled",
    body=EmptyBody,
    body_optional=True,
    answers={200: "Deleted"},
)
def delete_admin_agent(item_id: str) -> Response:
    """Terminate an agent for good; its record stays. Asking twice is fine."""
    org_id, by = manager(AGENTS)
    read_body(EmptyBody, optional=True)

    def unit(tx: Transaction) -> tuple[str, bool]:
        agent_id = found_id(tx, Agent, org_id, item_id, "agent")
        if tx.session.get_one(Agent, agent_id).status == "terminated":
            return agent_id, False
        change_agent(tx, org_id, by, agent_id, AgentChange(status="terminated"))
        return agent_id, True

    return deleted(unit)


@operation(
    "GET",
    "/api/v1/admin/projects",
    "List the projects of the organization",
    queries=PAGES,
    answers={200: "ProjectList"},
)
def list_admin_projects() -> Response:
    """Return the projects, oldest first."""
    org_id, _ = manager(AGENTS)
    return listed(
        lambda session, after, most: work.page_of(
            session, Project, org_id, after=after, most=most
        ),
        project_document,
    )


@operation(
    "POST",
    "/api/v1/admin/projects",
    "Make or change a project by the orchestrator's id",
    body=ProjectPut,
    answers={200: "ProjectPutAnswer"},
)
def put_admin_project() -> Response:
    """Make the project as the orchestrator says it is."""
    org_id, by = manager(AGENTS)
    body = read_body(ProjectPut)
    put = runtime().store.write(
        lambda tx: projects.put_project(tx, org_id, by, body.external_id, body.name)
    )
    return answer_put(put, _shown(Project, put.id, project_document))


@operation(
    "POST",
    "/api/v1/admin/projects/<item_id>/delete",
    "Delete a project with nothing in it",
    body=EmptyBody,
    body_optional=True,
    answers={200: "Deleted"},
)
def delete_admin_project(item_id: str) -> Response:
    """Delete a project."""
    org_id, by = manager(AGENTS)
    read_body(EmptyBody, optional=True)

    def unit(tx: Transaction) -> tuple[str, bool]:
        project_id = found_id(tx, Project, org_id, item_id, "project")
        projects.delete_project(tx, org_id, by, project_id)
        return project_id, True

    return deleted(unit)


@operation(
    "GET",
    "/api/v1/admin/issues",
    "List the issues of the organization",
    queries=PAGES,
    answers={200: "IssueList"},
)
def list_admin_issues() -> Response:
    """Return the issues, oldest first."""
    org_id, _ = manager(AGENTS)
    return listed(
        lambda session, after, most: work.page_of(
            session, Issue, org_id, after=after, most=most
        ),
        issue_document,
    )


@operation(
    "POST",
    "/api/v1/admin/issues",
    "Make or change an issue by the orchestrator's id",
    body=IssuePut,
    answers={200: "IssuePutAnswer"},
)
def put_admin_issue() -> Response:
    """Make the issue as the orchestrator says it is."""
    org_id, by = manager(AGENTS)
    body = read_body(IssuePut)
    said = changes_of(
        body,
        project="project",
        parent="parent",
        agent="assignee_agent",
        user="assignee_user",
    )
    change = IssueChange(title=body.title, status=body.status, **said)
    put = runtime().store.write(
        lambda tx: issues.put_issue(tx, org_id, by, body.external_id, change)
    )
    return answer_put(put, _shown(Issue, put.id, issue_document))


@operation(
    "POST",
    "/api/v1/admin/issues/<item_id>/delete",
    "Delete an issue",
    body=EmptyBody,
    body_optional=True,
    answers={200: "Deleted"},
)
def delete_admin_issue(item_id: str) -> Response:
    """Delete an issue that is no other's parent."""
    org_id, by = manager(AGENTS)
    read_body(EmptyBody, optional=True)

    def unit(tx: Transaction) -> tuple[str, bool]:
        issue_id = found_id(tx, Issue, org_id, item_id, "issue")
        issues.delete_issue(tx, org_id, by, issue_id)
        return issue_id, True

    return deleted(unit)

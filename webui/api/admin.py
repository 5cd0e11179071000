"""The admin API for what an orchestrator knows: agents, projects and issues, as it says now.

A person's token, an org of its own, and the orchestrator's ids: so that a sync can be repeated.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, g, request
from sqlalchemy.orm import Session

from webui.api.admin_documents import (
    agent_document,
    issue_document,
    project_document,
)
from webui.api.admin_schemas import AgentPut, IssuePut, ProjectPut
from webui.api.answers import answer_json, answer_page
from webui.api.keys import access, runtime
from webui.api.operations import Query, operation
from webui.api.paging import CURSOR, page_of
from webui.api.reading import read_body
from webui.api.schemas import EmptyBody
from webui.approvals import agent_sync, issues, projects
from webui.approvals.agent_changes import AgentChange, change_agent
from webui.approvals.authorization import AGENTS, ALL, Resource
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.approvals.issues import IssueChange
from webui.approvals.outside import Put, id_of
from webui.approvals.standing import By
from webui.asks import Body
from webui.store.models import Agent, Issue, Project
from webui.store.queries import work
from webui.store.queries.identity import TokenHolder
from webui.store.transaction import Transaction

PAGES = (
    Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
    Query(
        "cursor",
        {"type": "string", "pattern": CURSOR},
        "`next_cursor` of the page before.",
    ),
)
_NOT_CARRIED = "This token does not carry the permission {}; make one that does."
Documents = Callable[[Session, Any], Mapping[str, Any]]


def manager(*permissions: str) -> tuple[str, By]:
    """Return the org and the person of a token who holds one of these permissions.

    Raises:
        NotAllowedError: it is an agent's key, or they hold none of them.

    """
    holder: TokenHolder | None = g.get("person")
    if holder is None:
        raise NotAllowedError(
            "personal_token_required", "This call takes a person's token (csp_...)."
        )
    org_id = holder.person.org_id
    carried = [each for each in permissions if holder.carries(each)]
    if not carried:
        raise NotAllowedError("scope_missing", _NOT_CARRIED.format(permissions[0]))
    answers = [access(holder, each, Resource(org_id)) for each in carried]
    if not any(answer.allowed for answer in answers):
        refusal = answers[0]
        raise NotAllowedError(refusal.reason.removeprefix("deny_"), refusal.explanation)
    return org_id, By(holder.person.user_id)


def require_carried(permission: str) -> None:
    """Refuse to let a token give what it does not carry itself.

    Raises:
        NotAllowedError: `scope_missing`.

    """
    holder: TokenHolder = g.person
    if permission in ALL and not holder.carries(permission):
        raise NotAllowedError("scope_missing", _NOT_CARRIED.format(permission))


def listed(rows: Any, document: Documents) -> Response:
    """Answer with one page; `rows` is given the session, the place and how many."""
    page, store = page_of(request.args), runtime().store
    with store.reading() as session:
        found = rows(session, page.cursor, page.limit + 1)
        items = [document(session, row) for row in found[: page.limit]]
    more = len(found) > page.limit
    return answer_page(items, page, items[-1]["id"] if more else None)


def answer_put(put: Put, document: Mapping[str, Any]) -> Response:
    """Answer a sync with the thing as it is now, and whether anything was different."""
    return answer_json({"changed": put.changed, "item": document})


def changes_of(body: Body, **names: str) -> dict[str, Any]:
    """Return what a body says: what it left out is none, what it takes away an empty text."""
    return {
        ours: ("" if getattr(body, theirs) is None else getattr(body, theirs))
        for ours, theirs in names.items()
        if theirs in body.model_fields_set
    }


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


def found_id(tx: Transaction, model: Any, org_id: str, name: str, noun: str) -> str:
    """Return the id of what an address names, by our id or the orchestrator's name.

    Raises:
        NotFoundError: it is not in this org.

    """
    found = id_of(tx.session, model, org_id, name)
    if found is None:
        raise NotFoundError(noun)
    return found


def deleted(unit: Callable[[Transaction], tuple[str, bool]]) -> Response:
    """Have something deleted and say which and whether it was there until now."""
    item_id, changed = runtime().store.write(unit)
    return answer_json({"id": item_id, "changed": changed})


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

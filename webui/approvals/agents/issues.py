"""Issues: the orchestrator's units of work, as far as authorization asks about them."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webui.approvals.agents.outside import Put, known_as, person_id, principal_id, reference
from webui.approvals.agents.projects import checked_name
from webui.approvals.authorization import AGENTS, ASSIGN, Resource, authorize
from webui.approvals.errors import (
    ConflictError,
    Fault,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.people.standing import By, require_in
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import Issue, Project
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.transaction import Transaction

LEVELS = 50
"""Parents one above the other."""
STATUS_MAX = 40
_ASSIGNEES = {
    "agent": (
        sentence("An issue is assigned to an agent of this organization."),
        sentence("must be an agent of this organization"),
    ),
    "user": (
        sentence("An issue is assigned to a member of this organization."),
        sentence("must be a member of this organization"),
    ),
}


@dataclass(frozen=True, slots=True)
class IssueChange:
    """What becomes different; none leaves a thing as it is, an empty text takes it away."""

    title: str | None = None
    project: str | None = None
    """Ids, or an orchestrator's names."""
    parent: str | None = None
    agent: str | None = None
    """The agent it is assigned to; also by name."""
    user: str | None = None
    """The person it is assigned to, by id or e-mail address."""
    status: str | None = None
    """An orchestrator's word; closed issues are `closed`."""


def create_issue(
    tx: Transaction,
    org_id: str,
    by: By,
    change: IssueChange,
    external_id: str | None = None,
) -> str:
    """Make an issue; return its id.

    Raises:
        InvalidError: a value will not do; says which and why.
        NotAllowedError: it may not be assigned to whom it names.

    """
    require_in(tx, org_id, by, AGENTS)
    issue = Issue(
        id=new_id("iss", tx.now),
        org_id=org_id,
        title=checked_name(change.title or "", "An issue", "/title"),
        status="open",
        external_id=external_id,
        created_at=tx.now,
    )
    wanted = _wanted(tx, issue, change)
    for name, value in wanted.items():
        setattr(issue, name, value)
    _check_assignment(tx, issue, by, wanted, synced=external_id is not None)
    tx.session.add(issue)
    tx.session.flush()
    note = {"title": issue.title, "external_id": external_id} | wanted
    tx.record(org_id, by.name, "issue.created", f"issue:{issue.id}", note)
    return issue.id


def change_issue(
    tx: Transaction,
    org_id: str,
    by: By,
    issue_id: str,
    change: IssueChange,
    *,
    synced: bool = False,
) -> bool:
    """Change an issue; say whether anything was different.

    What a sync says has happened elsewhere already; whoever assigns it here has to be allowed.

    Raises:
        NotFoundError: no such issue in the org.
        InvalidError: a value will not do; says which and why.
        NotAllowedError: it may not be assigned to whom it names.

    """
    # The org's lock keeps two changes at once from closing a circle of parents.
    require_in(tx, org_id, by, AGENTS)
    issue = _issue(tx, org_id, issue_id)
    wanted = _wanted(tx, issue, change)
    changed = {name: v for name, v in wanted.items() if getattr(issue, name) != v}
    if not changed:
        return False
    before = {name: getattr(issue, name) for name in changed}
    for name, value in changed.items():
        setattr(issue, name, value)
    _check_assignment(tx, issue, by, changed, synced=synced)
    tx.session.flush()
    note = {"before": before, "after": changed}
    tx.record(org_id, by.name, "issue.changed", f"issue:{issue_id}", note)
    return True


def put_issue(
    tx: Transaction, org_id: str, by: By, external_id: str, change: IssueChange
) -> Put:
    """Make an issue that an orchestrator knows by a name of its own, or as it says now."""
    require_in(tx, org_id, by, AGENTS)
    known = known_as(tx.session, Issue, org_id, external_id)
    if known is None:
        return Put(create_issue(tx, org_id, by, change, external_id), changed=True)
    changed = change_issue(tx, org_id, by, known.id, change, synced=True)
    return Put(known.id, changed=changed)


def delete_issue(tx: Transaction, org_id: str, by: By, issue_id: str) -> None:
    """Delete an issue that is no other's parent; questions about it are refused from then on.

    Raises:
        NotFoundError: no such issue in the org.
        ConflictError: it has sub-issues.

    """
    require_in(tx, org_id, by, AGENTS)
    issue = _issue(tx, org_id, issue_id)
    below = select(Issue.id).where(Issue.org_id == org_id, Issue.parent_id == issue_id)
    if tx.session.scalar(below.limit(1)) is not None:
        raise ConflictError(
            "issue_in_use",
            sentence("This issue is the parent of others; delete or move them first."),
        )
    tx.session.delete(issue)
    tx.session.flush()
    note = {"title": issue.title, "external_id": issue.external_id}
    tx.record(org_id, by.name, "issue.deleted", f"issue:{issue_id}", note)


def _wanted(tx: Transaction, issue: Issue, change: IssueChange) -> dict[str, Any]:
    session, org_id = tx.session, issue.org_id
    wanted: dict[str, Any] = {}
    if change.title is not None:
        wanted["title"] = checked_name(change.title, "An issue", "/title")
    if change.project is not None:
        wanted["project_id"] = reference(
            session, Project, org_id, change.project.strip(), "/project"
        )
    if change.parent is not None:
        parent = reference(session, Issue, org_id, change.parent.strip(), "/parent")
        _check_parents(tx, issue, parent)
        wanted["parent_id"] = parent
    for name, kind in (("agent", "agent"), ("user", "user")):
        text = getattr(change, name)
        if text is not None:
            wanted[f"assignee_{kind}_id"] = _assignee(tx, org_id, kind, text.strip())
    if change.status is not None:
        wanted["status"] = _status(change.status.strip())
    return wanted


def _assignee(tx: Transaction, org_id: str, kind: str, name: str) -> str | None:
    if not name:
        return None
    found = (
        person_id(tx.session, org_id, name)
        if kind == "user"
        else principal_id(tx.session, org_id, "agent", name)
    )
    if found is None:
        raise InvalidError(
            _ASSIGNEES[kind][0],
            [Fault(f"/{kind}", _ASSIGNEES[kind][1])],
        )
    return found


def _check_parents(tx: Transaction, issue: Issue, parent_id: str | None) -> None:
    above, levels = parent_id, 0
    while above is not None:
        levels += 1
        if above == issue.id:
            raise InvalidError(
                sentence("An issue cannot be above itself, directly or through others."),
                [Fault("/parent", sentence("closes a circle"))],
            )
        if levels > LEVELS:
            raise InvalidError(
                sentence(
                    "That would be more than %(levels)s issues one above the other.",
                    levels=LEVELS,
                ),
                [
                    Fault(
                        "/parent", sentence("goes beyond %(levels)s levels", levels=LEVELS)
                    )
                ],
            )
        above = tx.session.scalar(
            select(Issue.parent_id).where(Issue.id == above, Issue.org_id == issue.org_id)
        )


def _status(status: str) -> str:
    if not 0 < len(status) <= STATUS_MAX or not status.isprintable():
        raise InvalidError(
            sentence(
                "An issue's status is a word of at most %(status_max)s characters.",
                status_max=STATUS_MAX,
            ),
            [Fault("/status", sentence("will not do"))],
        )
    return status


def _check_assignment(
    tx: Transaction, issue: Issue, by: By, changed: dict[str, Any], *, synced: bool
) -> None:
    """Ask the protection policies, as an orchestrator would, when a person assigns it here."""
    assigned = changed.get("assignee_agent_id") or changed.get("assignee_user_id")
    if synced or not by.user_id or not assigned:
        return
    actor = person_in(tx.session, issue.org_id, by.user_id, tx.now, source="session")
    directory = OrgDirectory(lambda: nullcontext(tx.session), issue.org_id, tx.now)
    is_new = issue not in tx.session
    access = authorize(
        actor, ASSIGN, resource_of_issue(issue, is_new=is_new), None, directory
    )
    if not access.allowed:
        raise NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)


def resource_of_issue(issue: Issue, *, is_new: bool = False) -> Resource:
    """Return what authorization needs to know of an issue; a new one has no id yet."""
    return Resource(
        issue.org_id,
        kind="issue",
        id="" if is_new else issue.id,
        project_id=issue.project_id,
        parent_issue_id=issue.parent_id,
        assignee_agent_id=issue.assignee_agent_id,
        assignee_user_id=issue.assignee_user_id,
    )


def _issue(tx: Transaction, org_id: str, issue_id: str) -> Issue:
    issue = tx.session.get(Issue, issue_id, with_for_update=True, populate_existing=True)
    if issue is None or issue.org_id != org_id:
        raise NotFoundError("issue")
    return issue

"""Verbs on projects and issues, and what protects them."""

import json

from webui.approvals.agents import issues, projects
from webui.approvals.agents.issues import IssueChange
from webui.approvals.agents.outside import id_of
from webui.approvals.agents.protections import BEARERS, check_policy, effect_on, protect
from webui.approvals.errors import InvalidError, NotFoundError
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.control.verbs import Office, Plain, org_id_of, verb
from webui.store.queries import work
from webui.store.transaction import Transaction

LISTED = 1_000
_HERE = By()


@verb("projects.add")
def add_project(office: Office, *, name: str, org: str | None = None) -> Plain:
    """Make a project."""

    def unit(tx: Transaction) -> str:
        return projects.create_project(tx, accounts.find_org(tx, org), _HERE, name)

    return {"id": office.store.write(unit), "name": name.strip()}


@verb("projects.list")
def list_projects(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the projects of an org by name, the first 1,000."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [
            {
                "id": row.id,
                "name": row.name,
                "external_id": row.external_id,
                "protection": _effect("project", row.protection),
            }
            for row in work.projects(session, org_id, LISTED)
        ]


@verb("projects.rename")
def rename_project(
    office: Office, *, project: str, to: str, org: str | None = None
) -> Plain:
    """Give a project (by id) another name."""

    def unit(tx: Transaction) -> bool:
        org_id = accounts.find_org(tx, org)
        return projects.rename_project(tx, org_id, _HERE, project, to)

    return {"id": project, "name": to.strip(), "changed": office.store.write(unit)}


@verb("issues.add")
def add_issue(office: Office, *, org: str | None = None, **said: str | None) -> Plain:
    """Make an issue; see `IssueChange` for what may be given."""

    def unit(tx: Transaction) -> str:
        org_id = accounts.find_org(tx, org)
        return issues.create_issue(tx, org_id, _HERE, IssueChange(**said))

    return {"id": office.store.write(unit), "title": said.get("title")}


@verb("issues.set")
def set_issue(
    office: Office, *, issue: str, org: str | None = None, **said: str | None
) -> Plain:
    """Change an issue (by id); what is not given stays."""

    def unit(tx: Transaction) -> bool:
        org_id = accounts.find_org(tx, org)
        return issues.change_issue(tx, org_id, _HERE, issue, IssueChange(**said))

    return {"id": issue, "changed": office.store.write(unit)}


@verb("issues.list")
def list_issues(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the issues of an org, newest first, the first 1,000."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        rows = work.issues(session, org_id, most=LISTED)
    return [
        {
            "id": row.issue.id,
            "title": row.issue.title,
            "status": row.issue.status,
            "project": row.project,
            "agent": row.agent,
            "user": row.user,
            "protection": _effect("issue", row.issue.protection),
        }
        for row in rows
    ]


@verb("protection.set")
def set_protection(
    office: Office, *, kind: str, bearer: str, policy: str, org: str | None = None
) -> Plain:
    """Put a protection policy (JSON) on a project or an issue, by id."""
    try:
        wanted = json.loads(policy)
    except (ValueError, RecursionError):
        raise InvalidError("The policy is not JSON.") from None
    effect = check_policy(kind, wanted)

    def unit(tx: Transaction) -> bool:
        org_id = accounts.find_org(tx, org)
        bearer_id = id_of(tx.session, BEARERS[kind], org_id, bearer)
        if bearer_id is None:
            raise NotFoundError(kind)
        return protect(tx, org_id, _HERE, kind, bearer_id, wanted)

    changed = office.store.write(unit)
    return {
        "id": bearer,
        "effect": effect.strength.name.lower(),
        "said": effect.sentence or None,
        "changed": changed,
    }


def _effect(kind: str, policy: str) -> str:
    return effect_on(kind, json.loads(policy)).strength.name.lower()

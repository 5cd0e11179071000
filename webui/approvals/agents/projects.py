"""Projects: what agents and issues belong to."""

from sqlalchemy import select

from webui.approvals.agents.outside import Put, known_as
from webui.approvals.authorization import AGENTS
from webui.approvals.errors import ConflictError, Fault, InvalidError, NotFoundError
from webui.approvals.people.standing import By, require_in
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import Agent, Issue, Project
from webui.store.transaction import Transaction

NAME_MAX = 200
_STILL_IN = (
    (
        Agent,
        sentence("An agent is in this project; move it to another or to none first."),
    ),
    (
        Issue,
        sentence("An issue is in this project; move it to another or to none first."),
    ),
)


def create_project(
    tx: Transaction, org_id: str, by: By, name: str, external_id: str | None = None
) -> str:
    """Make a project; return its id. Names need not differ: ids do.

    Raises:
        InvalidError: the name will not do.

    """
    require_in(tx, org_id, by, AGENTS)
    project_id = new_id("prj", tx.now)
    name = checked_name(name, "A project", "/name")
    tx.session.add(
        Project(
            id=project_id,
            org_id=org_id,
            name=name,
            external_id=external_id,
            created_at=tx.now,
        )
    )
    tx.session.flush()
    note = {"name": name, "external_id": external_id}
    tx.record(org_id, by.name, "project.created", f"project:{project_id}", note)
    return project_id


def rename_project(
    tx: Transaction, org_id: str, by: By, project_id: str, name: str
) -> bool:
    """Give a project another name; say whether it had another.

    Raises:
        NotFoundError: no such project in the org.
        InvalidError: the name will not do.

    """
    require_in(tx, org_id, by, AGENTS)
    project = _project(tx, org_id, project_id)
    name = checked_name(name, "A project", "/name")
    if project.name == name:
        return False
    note = {"before": {"name": project.name}, "after": {"name": name}}
    project.name = name
    tx.session.flush()
    tx.record(org_id, by.name, "project.changed", f"project:{project_id}", note)
    return True


def put_project(
    tx: Transaction, org_id: str, by: By, external_id: str, name: str | None
) -> Put:
    """Make a project that an orchestrator knows by a name of its own, or as it says now."""
    require_in(tx, org_id, by, AGENTS)
    known = known_as(tx.session, Project, org_id, external_id)
    if known is None:
        return Put(create_project(tx, org_id, by, name or "", external_id), changed=True)
    changed = name is not None and rename_project(tx, org_id, by, known.id, name)
    return Put(known.id, changed=changed)


def delete_project(tx: Transaction, org_id: str, by: By, project_id: str) -> None:
    """Delete a project with nothing in it.

    Raises:
        NotFoundError: no such project in the org.
        ConflictError: an agent or an issue is in it.

    """
    require_in(tx, org_id, by, AGENTS)
    project = _project(tx, org_id, project_id)
    for model, still_in in _STILL_IN:
        inside = select(model.id).where(
            model.org_id == org_id, model.project_id == project_id
        )
        if tx.session.scalar(inside.limit(1)) is not None:
            raise ConflictError(
                "project_in_use",
                still_in,
            )
    tx.session.delete(project)
    tx.session.flush()
    note = {"name": project.name, "external_id": project.external_id}
    tx.record(org_id, by.name, "project.deleted", f"project:{project_id}", note)


def checked_name(name: str, what: str, pointer: str) -> str:
    """Return a name without blanks around it.

    Raises:
        InvalidError: it is empty, too long or not printable.

    """
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise InvalidError(
            sentence(
                "%(what)s needs a name of 1 to %(name_max)s printable characters.",
                what=what,
                name_max=NAME_MAX,
            ),
            [Fault(pointer, sentence("will not do"))],
        )
    return name


def _project(tx: Transaction, org_id: str, project_id: str) -> Project:
    project = tx.session.get(
        Project, project_id, with_for_update=True, populate_existing=True
    )
    if project is None or project.org_id != org_id:
        raise NotFoundError("project")
    return project

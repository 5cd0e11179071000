"""Projects and issues, and the protection policies on them and on agents."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session, aliased

from webui.store.models import Agent, Issue, Project, User


def page_of(
    session: Session, model: Any, org_id: str, *, after: str = "", most: int
) -> Sequence[Any]:
    """Return agents, projects or issues of an org, oldest first, after an id."""
    statement = select(model).where(model.org_id == org_id, model.id > after)
    return session.scalars(statement.order_by(model.id).limit(most)).all()


def projects(session: Session, org_id: str, most: int) -> Sequence[Project]:
    """Return the projects of an org by name."""
    statement = select(Project).where(Project.org_id == org_id)
    return session.scalars(statement.order_by(Project.name, Project.id).limit(most)).all()


class IssueRow(NamedTuple):
    """An issue with the names of what it names."""

    issue: Issue
    project: str | None
    parent: str | None
    agent: str | None
    user: str | None


def issues(session: Session, org_id: str, *, before: str = "", most: int) -> list[IssueRow]:
    """Return the issues of an org, newest first, older than an id if one is given."""
    parent = aliased(Issue)
    statement = (
        select(Issue, Project.name, parent.title, Agent.name, User.display_name)
        .outerjoin(Project, Project.id == Issue.project_id)
        .outerjoin(parent, parent.id == Issue.parent_id)
        .outerjoin(Agent, Agent.id == Issue.assignee_agent_id)
        .outerjoin(User, User.id == Issue.assignee_user_id)
        .where(Issue.org_id == org_id)
        .order_by(Issue.id.desc())
        .limit(most)
    )
    if before:
        statement = statement.where(Issue.id < before)
    return [IssueRow._make(row) for row in session.execute(statement)]


class Protected(NamedTuple):
    """What bears a protection policy."""

    kind: str
    id: str
    name: str
    external_id: str | None
    policy: str
    """JSON."""


def protected(
    session: Session, org_id: str, *, after: str = "", most: int
) -> list[Protected]:
    """Return what bears a policy in an org, by id, after an id."""
    parts = [
        select(
            literal(kind),
            model.id.label("id"),
            name.label("name"),
            model.external_id,
            model.protection,
        ).where(model.org_id == org_id, model.protection != "{}", model.id > after)
        for kind, model, name in (
            ("agent", Agent, Agent.name),
            ("project", Project, Project.name),
            ("issue", Issue, Issue.title),
        )
    ]
    rows = session.execute(union_all(*parts).order_by("id").limit(most))
    return [Protected._make(row) for row in rows]

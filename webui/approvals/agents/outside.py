"""Things of an org by the names an orchestrator or a person gives them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.errors import Fault, InvalidError
from webui.sentences import Sentence, sentence
from webui.store.models import Agent, Group, Membership, User

OUTSIDE_MAX = 200
_OURS: Mapping[str, Sentence] = {
    "agents": sentence("must be an agent of this organization"),
    "issues": sentence("must be an issue of this organization"),
    "projects": sentence("must be a project of this organization"),
    "groups": sentence("must be a group of this organization"),
    "users": sentence("must be a user of this organization"),
}


class Put(NamedTuple):
    """What became of a thing that a sync names."""

    id: str
    changed: bool
    """False when it was so already: a repeated sync changes nothing."""


def known_as(session: Session, model: Any, org_id: str, external_id: str) -> Any:
    """Return the row that an orchestrator calls so, locked; none if there is none."""
    return session.scalar(
        select(model)
        .where(model.org_id == org_id, model.external_id == external_id)
        .with_for_update(),
        execution_options={"populate_existing": True},
    )


def id_of(session: Session, model: Any, org_id: str, name: str) -> str | None:
    """Return the id of a thing named by its id or by an orchestrator's name for it."""
    found: str | None = session.scalar(
        select(model.id)
        .where(model.org_id == org_id, (model.id == name) | (model.external_id == name))
        .order_by(model.id != name)
        .limit(1)
    )
    return found


def reference(
    session: Session, model: Any, org_id: str, name: str | None, pointer: str
) -> str | None:
    """Return the id of what a field names; none where it names nothing.

    Raises:
        InvalidError: it names something that is not in this org.

    """
    if not name:
        return None
    found = id_of(session, model, org_id, name)
    if found is None:
        detail = _OURS[model.__tablename__]
        raise InvalidError(
            sentence(
                "What %(pointer)s names %(detail)s.", pointer=pointer[1:], detail=detail
            ),
            [Fault(pointer, detail)],
        )
    return found


def person_id(session: Session, org_id: str, name: str) -> str | None:
    """Return the id of somebody of this org by id or e-mail address."""
    return session.scalar(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == org_id,
            (User.id == name) | (User.email == name.strip().lower()),
        )
    )


def principal_id(session: Session, org_id: str, kind: str, name: str) -> str | None:
    """Return the id of a user (id, e-mail), agent (id, name, outside name) or group."""
    if kind == "user":
        return person_id(session, org_id, name)
    if kind == "agent":
        named = select(Agent.id).where(Agent.org_id == org_id, Agent.name == name)
        return id_of(session, Agent, org_id, name) or session.scalar(named)
    return session.scalar(
        select(Group.id).where(
            Group.org_id == org_id, (Group.id == name) | (Group.name == name)
        )
    )

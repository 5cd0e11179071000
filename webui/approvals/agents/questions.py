"""Questions of "May X do Y?", asked by an orchestrator, a program or a page about somebody else.

Who X is, and what Y is about, is looked up here: nothing that decides is taken from the asker.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.agents.issues import resource_of_issue
from webui.approvals.answering.reviewing import owner_now, resource_of
from webui.approvals.authorization import (
    NOBODY,
    Access,
    Actor,
    Effect,
    Grant,
    Resource,
    authorize,
    contradictions,
    protection_of,
)
from webui.approvals.authorization.facts import Kind
from webui.approvals.errors import Fault, InvalidError
from webui.sentences import sentence
from webui.store.models import Approval, Issue, Membership, Project, Source, User
from webui.store.queries.standing import OrgDirectory, person_in

_FIELDS = {
    "projectId": "project_id",
    "parentIssueId": "parent_issue_id",
    "assigneeAgentId": "assignee_agent_id",
    "assigneeUserId": "assignee_user_id",
}
"""What a body may say of a resource, and where the resource has it."""
_MODELS: dict[str, Any] = {
    "approval": Approval,
    "project": Project,
    "issue": Issue,
    "source": Source,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, as it was asked."""

    actor_type: Literal["user", "agent", "none"]
    actor_id: str
    action: str
    kind: Kind
    resource_id: str = ""
    scope: Mapping[str, str] | None = None
    """What the question names; none: what the resource names."""
    named: Mapping[str, str] = field(default_factory=dict)
    """What the asker says of the resource; it must be so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer with what it is about, and what protection policies do to it."""

    access: Access
    resource: Resource
    effect: Effect


def answer(
    session: Session,
    org_id: str,
    asked: Asked,
    now: int,
    *,
    extra: Sequence[Grant] = (),
    locked: bool = False,
) -> Answer:
    """Answer a question by the rows of now.

    Args:
        session: to read with.
        org_id: of whoever asks; what lies outside is as unknown as what is nowhere.
        asked: the question.
        now: ms.
        extra: grants that count beside those that stand.
        locked: whether nothing of the actor's standing may change until the transaction ends.

    Raises:
        InvalidError: what the question says of its resource is not so.

    """
    directory = OrgDirectory(lambda: nullcontext(session), org_id, now)
    resource = _resource(session, org_id, asked)
    faults = _differences(resource, asked) + contradictions(resource, asked.scope)
    if faults:
        raise InvalidError(
            sentence("The question says something else than what is known here."), faults
        )
    actor = _actor(session, org_id, asked, now, locked=locked)
    if extra:
        standing = actor.grants
        if standing is None:
            standing = tuple(directory.grants("agent", actor.id))
        actor = replace(actor, grants=(*standing, *extra))
    access = authorize(actor, asked.action, resource, asked.scope, directory)
    return Answer(access, resource, protection_of(resource, asked.scope, directory))


def _actor(session: Session, org_id: str, asked: Asked, now: int, *, locked: bool) -> Actor:
    if asked.actor_type == "none" or not asked.actor_id:
        return NOBODY
    if asked.actor_type == "agent":
        return Actor("agent", asked.actor_id, org_id, source="agent_key")
    admin = session.scalar(select(User.instance_admin).where(User.id == asked.actor_id))
    member = session.scalar(
        select(Membership.user_id).where(
            Membership.org_id == org_id, Membership.user_id == asked.actor_id
        )
    )
    if member is None and not admin:
        # Somebody of another org is answered exactly like somebody who does not exist.
        return Actor("user", asked.actor_id, org_id)
    return person_in(session, org_id, asked.actor_id, now, locked=locked)


def _resource(session: Session, org_id: str, asked: Asked) -> Resource:
    """Return what is asked about; of no org if it is not one of this org's."""
    wanted = asked.resource_id
    if asked.kind == "issue" and not wanted:
        return _new_issue(org_id, asked)
    if asked.kind == "agent":
        return Resource(org_id, "agent", wanted)  # `authorize` looks it up
    if not wanted or (asked.kind == "org" and wanted == org_id):
        return Resource(org_id, asked.kind)
    model = _MODELS.get(asked.kind)
    row = None if model is None else session.get(model, wanted)
    if row is None or row.org_id != org_id:
        return Resource("", asked.kind, wanted)
    return _known(session, asked.kind, row)


def _known(session: Session, kind: Kind, row: Any) -> Resource:
    if isinstance(row, Approval):
        return resource_of(row, owner_now(session, row))
    if isinstance(row, Issue):
        return resource_of_issue(row)
    return Resource(row.org_id, kind, row.id)


def _new_issue(org_id: str, asked: Asked) -> Resource:
    """Return an issue that is only being thought of: it is what the question says."""
    scope, named = asked.scope or {}, asked.named
    agent = scope.get("assigneeAgentId") or scope.get("targetAgentId")
    return Resource(
        org_id,
        "issue",
        project_id=named.get("projectId") or scope.get("projectId"),
        parent_issue_id=named.get("parentIssueId"),
        assignee_agent_id=named.get("assigneeAgentId") or agent,
        assignee_user_id=named.get("assigneeUserId"),
    )


def _differences(resource: Resource, asked: Asked) -> list[Fault]:
    if not resource.org_id:
        return []  # not to be learned from
    return [
        Fault(f"/resource/{key}", sentence("differs from what is known here"))
        for key, said in asked.named.items()
        if getattr(resource, _FIELDS[key]) != said
    ]

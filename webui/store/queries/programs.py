"""The agents of an org for screens, with their keys and how many of their calls wait."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from webui.approvals.states import OPEN
from webui.store.models import Agent, AgentKey, Approval, Project, User
from webui.store.queries.calls import agent_of
from webui.store.rare import rare

_manager = aliased(Agent)


@dataclass(slots=True)
class Program:
    """An agent as its page shows it."""

    agent: Agent
    owner: str | None
    owner_email: str | None = None
    manager: str | None = None
    """Its manager's name."""
    project: str | None = None
    waiting: int = 0
    keys: list[AgentKey] = field(default_factory=list)


def programs(
    session: Session, org_id: str, now: int, *, owner_id: str = "", most: int = 500
) -> Sequence[Program]:
    """Return the agents of an org by name, in three selects however many there are.

    Args:
        session: to read with.
        org_id: whose.
        now: ms.
        owner_id: only the agents of this person; empty for all.
        most: agents.

    """
    statement = (
        select(Agent, User.display_name, User.email, _manager.name, Project.name)
        .outerjoin(User, User.id == Agent.owner_id)
        .outerjoin(_manager, _manager.id == Agent.reports_to)
        .outerjoin(Project, Project.id == Agent.project_id)
        .where(Agent.org_id == org_id)
    )
    if owner_id:
        statement = statement.where(Agent.owner_id == owner_id)
    rows = session.execute(statement.order_by(Agent.name).limit(most))
    found = {
        agent.id: Program(agent, owner, email, manager, project)
        for agent, owner, email, manager, project in rows
    }
    keys = select(AgentKey).where(AgentKey.org_id == org_id)
    for key in session.scalars(keys.order_by(AgentKey.created_at.desc(), AgentKey.id)):
        if key.agent_id in found:
            found[key.agent_id].keys.append(key)
    counts = (
        select(agent_of, func.count())
        .where(
            Approval.org_id == org_id,
            rare(Approval.status.in_(OPEN)),
            Approval.expires_at > now,
        )
        .group_by(agent_of)
    )
    for agent_id, count in session.execute(counts):
        if agent_id in found:
            found[agent_id].waiting = count
    return list(found.values())


def key_of(session: Session, org_id: str, key_id: str) -> tuple[AgentKey, str] | None:
    """Return a key of this org with its agent's name."""
    row = session.execute(
        select(AgentKey, Agent.name)
        .join(Agent, Agent.id == AgentKey.agent_id)
        .where(AgentKey.org_id == org_id, AgentKey.id == key_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def names_of(session: Session, org_id: str, most: int) -> Sequence[tuple[str, str]]:
    """Return ids and names of an org's agents, by name."""
    rows = session.execute(
        select(Agent.id, Agent.name)
        .where(Agent.org_id == org_id)
        .order_by(Agent.name, Agent.id)
        .limit(most)
    )
    return [(agent_id, name) for agent_id, name in rows]

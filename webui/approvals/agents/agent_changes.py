"""What an agent is: its owner, manager, project, role, and whether it may ask at all."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from webui.approvals.authorization import AGENTS
from webui.approvals.desk import end_unsettled
from webui.approvals.ending import expire_if_over
from webui.approvals.errors import ConflictError, Fault, InvalidError, NotFoundError
from webui.approvals.people.standing import By, require_in
from webui.approvals.states import OPEN, Resolution, Status
from webui.sentences import sentence
from webui.store.models import Agent, AgentKey, Approval, Membership, Project, User
from webui.store.models.approval import SETTLES
from webui.store.queries.reporting import chain_from, height_of
from webui.store.transaction import Transaction

STATUSES = ("active", "paused", "terminated")
LEVELS = 50
"""From the topmost manager to the lowest agent, both counted."""
ROLE_MAX = 40


@dataclass(frozen=True, slots=True)
class AgentChange:
    """What becomes different; none leaves a thing as it is, an empty text takes it away."""

    owner: str | None = None
    """E-mail or id of an active member."""
    manager: str | None = None
    """Name or id of an agent of the same org."""
    project: str | None = None
    """Name or id of a project of the same org."""
    role: str | None = None
    can_create_agents: bool | None = None
    status: str | None = None


def change_agent(
    tx: Transaction, org_id: str, by: By, agent_id: str, change: AgentChange
) -> None:
    """Change an agent. A paused or terminated one's keys stop with this transaction.

    Raises:
        NotFoundError: no such agent in the org.
        NotAllowedError: whoever asks does not manage agents.
        InvalidError: a value will not do; says which and why.
        ConflictError: the agent is terminated.

    """
    # The org's lock keeps two changes at once from closing a circle of managers.
    require_in(tx, org_id, by, AGENTS)
    agent = tx.session.get(Agent, agent_id, with_for_update=True, populate_existing=True)
    if agent is None or agent.org_id != org_id:
        raise NotFoundError("agent")
    if agent.status == "terminated":
        raise ConflictError(
            "agent_terminated",
            sentence("This agent is terminated for good; make a new one."),
        )
    wanted = _wanted(tx, agent, change)
    changed = {
        name: value for name, value in wanted.items() if getattr(agent, name) != value
    }
    if not changed:
        return
    before = {name: getattr(agent, name) for name in changed}
    for name, value in changed.items():
        setattr(agent, name, value)
    tx.session.flush()
    note = {"before": before, "after": changed}
    tx.record(org_id, by.name, "agent.changed", f"agent:{agent_id}", note)
    if changed.get("status") == "terminated":
        _end(tx, agent, by)


def _wanted(tx: Transaction, agent: Agent, change: AgentChange) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if change.owner is not None:
        wanted["owner_id"] = _owner(tx, agent, change.owner.strip())
    if change.manager is not None:
        wanted["reports_to"] = _manager(tx, agent, change.manager.strip())
    if change.project is not None:
        wanted["project_id"] = _project(tx, agent, change.project.strip())
    if change.role is not None:
        wanted["role"] = _role(change.role.strip())
    if change.can_create_agents is not None:
        wanted["can_create_agents"] = change.can_create_agents
    if change.status is not None:
        if change.status not in STATUSES:
            detail = sentence("must be one of %(known)s", known=", ".join(STATUSES))
            raise InvalidError(
                sentence("The status %(detail)s.", detail=detail),
                [Fault("/status", detail)],
            )
        wanted["status"] = change.status
    return wanted


def _owner(tx: Transaction, agent: Agent, owner: str) -> str | None:
    if not owner:
        return None
    row = tx.session.execute(
        select(User.id, User.status, Membership.status)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == agent.org_id,
            (User.id == owner) | (User.email == owner.lower()),
        )
    ).one_or_none()
    # Who owns it already may go on doing so while they are suspended.
    if row is None or (row[0] != agent.owner_id and row[1:] != ("active", "active")):
        raise InvalidError(
            sentence(
                "The owner must be an active member of this organization; give their "
                "e-mail address."
            ),
            [Fault("/owner", sentence("must be an active member"))],
        )
    return str(row[0])


def _manager(tx: Transaction, agent: Agent, manager: str) -> str | None:
    if not manager:
        return None
    found = tx.session.scalar(
        select(Agent).where(
            Agent.org_id == agent.org_id, (Agent.id == manager) | (Agent.name == manager)
        )
    )
    if found is None:
        raise InvalidError(
            sentence("The manager must be an agent of this organization; give its name."),
            [Fault("/manager", sentence("must be an agent"))],
        )
    _check_chain(tx.session, agent, found)
    return found.id


def _check_chain(session: Session, agent: Agent, manager: Agent) -> None:
    above = chain_from(session, agent.org_id, manager.id, LEVELS)
    ids = [link.id for link in above]
    if agent.id in ids:
        names = [link.name for link in above[: ids.index(agent.id) + 1]]
        circle = " → ".join([agent.name, *names])
        raise InvalidError(
            sentence(
                "An agent cannot report to itself, directly or through others: %(circle)s.",
                circle=circle,
            ),
            [Fault("/manager", sentence("closes a circle"))],
        )
    levels = len(above) + height_of(session, agent.org_id, agent.id, LEVELS)
    if levels > LEVELS:
        raise InvalidError(
            sentence(
                "That would be more than %(levels)s agents one below the other; choose "
                "a manager further up.",
                levels=LEVELS,
            ),
            [Fault("/manager", sentence("goes beyond %(levels)s levels", levels=LEVELS))],
        )


def _project(tx: Transaction, agent: Agent, project: str) -> str | None:
    if not project:
        return None
    found = tx.session.scalars(
        select(Project.id).where(
            Project.org_id == agent.org_id,
            (Project.id == project) | (Project.name == project),
        )
    ).all()
    if agent.project_id in found:
        return agent.project_id
    if len(found) != 1:
        raise InvalidError(
            sentence("There is no such project in this organization.")
            if not found
            else sentence("There are several projects of this name; give the id of one."),
            [Fault("/project", sentence("must be a project"))],
        )
    return found[0]


def _role(role: str) -> str | None:
    if len(role) > ROLE_MAX or not role.isprintable():
        raise InvalidError(
            sentence(
                "An agent's role has at most %(role_max)s printable characters.",
                role_max=ROLE_MAX,
            ),
            [Fault("/role", sentence("will not do"))],
        )
    return role or None


def _end(tx: Transaction, agent: Agent, by: By) -> None:
    """Take a terminated agent's keys and whatever it still asks for."""
    tx.session.execute(
        update(AgentKey)
        .where(AgentKey.agent_id == agent.id, AgentKey.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )
    waiting = tx.session.scalars(
        select(Approval)
        .where(
            Approval.org_id == agent.org_id,
            Approval.agent_id == agent.id,
            Approval.status.in_(OPEN),
            or_(Approval.expires_at > tx.now, SETTLES),
        )
        .order_by(Approval.id)
        .with_for_update(),
        execution_options={"populate_existing": True},
    )
    for each in waiting.all():
        approval = expire_if_over(
            tx, each
        )  # a verdict whose time to be undone is over stands
        if approval.status not in OPEN:
            continue
        end_unsettled(
            tx,
            approval,
            Status.CANCELLED,
            Resolution.AGENT_TERMINATED,
            actor=by.name,
        )

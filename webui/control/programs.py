"""Verbs on agents and their keys."""

from sqlalchemy import select

from webui.approvals.agents import agents
from webui.approvals.agents.agent_changes import AgentChange, change_agent
from webui.approvals.errors import NotFoundError
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.audit.chain import rfc3339
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.store.models import Agent, AgentKey, User
from webui.store.transaction import Transaction


@verb("agents.add")
def add_agent(
    office: Office, *, name: str, owner: str | None = None, org: str | None = None
) -> Plain:
    """Make an agent with a key, shown once."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        agent_id = agents.create_agent(tx, org_id, name, owner=owner, actor=LOCAL)
        key = agents.create_key(tx, org_id, agent_id, actor=LOCAL)
        return {"id": agent_id, "name": name, "key": key}

    return office.store.write(unit)


@verb("agents.list")
def list_agents(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the agents of an org."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = session.scalars(
            select(Agent).where(Agent.org_id == org_id).order_by(Agent.name)
        )
        return [
            {"id": a.id, "name": a.name, "owner": a.owner_id, "status": a.status}
            for a in found
        ]


def _agent_id(tx: Transaction, org_id: str, agent: str) -> str:
    found = tx.session.scalar(
        select(Agent.id).where(
            Agent.org_id == org_id, (Agent.id == agent) | (Agent.name == agent)
        )
    )
    if found is None:
        raise NotFoundError("agent")
    return found


@verb("agents.set")
def set_agent(
    office: Office, *, name: str, org: str | None = None, **changes: str | bool | None
) -> Plain:
    """Change an agent (by id or name); see `AgentChange` for what may be given."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        agent_id = _agent_id(tx, org_id, name)
        change_agent(tx, org_id, By(), agent_id, AgentChange(**changes))  # type: ignore[arg-type]
        return _said(tx, tx.session.get_one(Agent, agent_id))

    return office.store.write(unit)


def _said(tx: Transaction, agent: Agent) -> Plain:
    owner = select(User.email).where(User.id == agent.owner_id)
    manager = select(Agent.name).where(Agent.id == agent.reports_to)
    return {
        "id": agent.id,
        "name": agent.name,
        "owner": tx.session.scalar(owner),
        "manager": tx.session.scalar(manager),
        "project": agent.project_id,
        "role": agent.role,
        "can_create_agents": agent.can_create_agents,
        "status": agent.status,
    }


@verb("keys.add")
def add_key(
    office: Office,
    *,
    agent: str,
    scopes: list[str] | None = None,
    expires_in: int | None = None,
    org: str | None = None,
) -> Plain:
    """Give an agent another key, shown once; `expires_in` in seconds."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        agent_id = _agent_id(tx, org_id, agent)
        expires_at = None if expires_in is None else tx.now + expires_in * 1000
        key = agents.create_key(
            tx,
            org_id,
            agent_id,
            scopes=tuple(scopes or agents.DEFAULT_SCOPES),
            expires_at=expires_at,
            actor=LOCAL,
        )
        return {"agent": agent_id, "key": key}

    return office.store.write(unit)


@verb("keys.list")
def list_keys(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the keys of an org; never a secret."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = session.execute(
            select(AgentKey, Agent.name)
            .join(Agent, Agent.id == AgentKey.agent_id)
            .where(AgentKey.org_id == org_id)
            .order_by(Agent.name, AgentKey.created_at)
        )
        return [
            {
                "id": key.id,
                "agent": name,
                "scopes": key.scopes.split(),
                "created_at": rfc3339(key.created_at),
                "expires_at": None if key.expires_at is None else rfc3339(key.expires_at),
                "revoked_at": None if key.revoked_at is None else rfc3339(key.revoked_at),
            }
            for key, name in found
        ]


@verb("keys.rotate")
def rotate_key(office: Office, *, key: str, org: str | None = None) -> Plain:
    """Make a successor of a key, shown once; the old one works on for a day."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        return {"key": agents.rotate_key(tx, org_id, key, actor=LOCAL)}

    return office.store.write(unit)


@verb("keys.revoke")
def revoke_key(office: Office, *, key: str, org: str | None = None) -> Plain:
    """Revoke a key at once."""

    def unit(tx: Transaction) -> None:
        agents.revoke_key(tx, accounts.find_org(tx, org), key, actor=LOCAL)

    office.store.write(unit)
    return {"id": key, "revoked": True}

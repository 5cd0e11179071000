"""Verbs on orgs, people, agents and keys."""

from sqlalchemy import select

from webui.approvals import accounts, agents
from webui.approvals.errors import NotFoundError
from webui.approvals.passwords import hash_password, new_password
from webui.audit.chain import rfc3339
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.store.models import Agent, AgentKey, Org
from webui.store.queries import people as queries
from webui.store.transaction import Transaction


@verb("init")
def initialise(
    office: Office, *, org: str = "Main", admin: str = "admin@localhost"
) -> Plain | None:
    """Make the first org, admin and agent; return them with their secrets, or none if done."""
    password = new_password()
    hashed = hash_password(password)

    def unit(tx: Transaction) -> Plain | None:
        accounts.prepare_install(tx)
        if tx.session.scalar(select(Org.id).limit(1)) is not None:
            return None
        org_id = accounts.create_org(tx, org, actor=LOCAL)
        person = accounts.create_user(
            tx,
            org_id,
            email=admin,
            role="owner",
            password_hash=hashed,
            instance_admin=True,
            actor=LOCAL,
        )
        token = agents.create_token(tx, org_id, person.id, label="first token", actor=LOCAL)
        agent_id = agents.create_agent(tx, org_id, "first-agent", actor=LOCAL)
        key = agents.create_key(tx, org_id, agent_id, actor=LOCAL)
        return {
            "org": org_id,
            "admin": {"email": person.email, "password": password, "token": token},
            "agent": {"id": agent_id, "name": "first-agent", "key": key},
        }

    return office.store.write(unit)


@verb("users.add")
def add_user(
    office: Office, *, email: str, role: str, org: str | None = None, name: str = ""
) -> Plain:
    """Make a person with a password and a token, both shown once."""
    password = new_password()
    hashed = hash_password(password)

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        person = accounts.create_user(
            tx,
            org_id,
            email=email,
            role=role,
            password_hash=hashed,
            display_name=name,
            actor=LOCAL,
        )
        token = agents.create_token(tx, org_id, person.id, label="first token", actor=LOCAL)
        return {"email": person.email, "password": password, "token": token}

    return office.store.write(unit)


@verb("users.suspend")
def suspend_user(office: Office, *, email: str, org: str | None = None) -> Plain:
    """Suspend a person; every session of theirs ends."""

    def unit(tx: Transaction) -> None:
        accounts.suspend_user(tx, accounts.find_org(tx, org), email, actor=LOCAL)

    office.store.write(unit)
    return {"email": email, "status": "suspended"}


@verb("users.role")
def change_role(office: Office, *, email: str, role: str, org: str | None = None) -> Plain:
    """Give a member another role."""

    def unit(tx: Transaction) -> None:
        accounts.set_role(tx, accounts.find_org(tx, org), email, role, actor=LOCAL)

    office.store.write(unit)
    return {"email": email, "role": role}


@verb("users.password")
def reset_password(office: Office, *, email: str, org: str | None = None) -> Plain:
    """Give a member a new password, shown once; every session of theirs ends."""
    password = new_password()
    hashed = hash_password(password)

    def unit(tx: Transaction) -> None:
        accounts.set_password(tx, accounts.find_org(tx, org), email, hashed, actor=LOCAL)

    office.store.write(unit)
    return {"email": email, "password": password}


@verb("users.list")
def list_users(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the people of an org."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [
            {
                "email": person.email,
                "name": person.display_name,
                "role": person.role,
                "status": person.status,
            }
            for person in queries.members(session, org_id)
        ]


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

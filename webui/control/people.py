"""Verbs on people."""

from sqlalchemy import select

from webui.approvals.agents import agents, tokens
from webui.approvals.people import accounts, members
from webui.approvals.people.emails import user_of
from webui.approvals.people.passwords import hash_password, new_password
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.store.models import Org
from webui.store.queries import people as queries
from webui.store.transaction import Transaction

_JOINED = (
    "They had an account already: it is a member of this organization too now, with the "
    "password it had. They switch between organizations on any page."
)


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
        token = tokens.create_token(tx, org_id, person.id, label="first token", actor=LOCAL)
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
    """Make a person with a password and a token, both shown once.

    Whoever has an account already, in another org, becomes a member and keeps it as it is.
    """
    password = new_password()
    hashed = hash_password(password)

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        known = user_of(tx.session, email)
        if known is not None and queries.member_id(tx.session, org_id, email) is None:
            members.join(tx, org_id, known, role, actor=LOCAL)
            return {"email": email.strip().lower(), "said": _JOINED}
        person = accounts.create_user(
            tx,
            org_id,
            email=email,
            role=role,
            password_hash=hashed,
            display_name=name,
            actor=LOCAL,
        )
        token = tokens.create_token(tx, org_id, person.id, label="first token", actor=LOCAL)
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
                "status": person.status if person.status != "active" else person.standing,
                "second_factor": person.second_factor,
            }
            for person in queries.members(session, org_id)
        ]

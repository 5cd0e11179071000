"""Agents and their keys: made, rotated, revoked."""

from collections.abc import Mapping

from sqlalchemy import select, update

from webui.approvals.agents.keys import AGENT, make_key
from webui.approvals.desk import SYSTEM
from webui.approvals.errors import Fault, InvalidError, NotFoundError
from webui.sentences import joined, sentence
from webui.store.ids import new_id
from webui.store.models import Agent, AgentKey, Membership, User
from webui.store.transaction import Transaction

SCOPES = ("approvals:write", "approvals:read", "authorize", "write-gate")
DEFAULT_SCOPES = ("approvals:write", "approvals:read", "authorize")
OVERLAP = 86_400_000
"""ms for which a rotated key goes on working beside the new one."""
NAME_MAX = 80
LENGTH = sentence("must be 1 to %(name_max)s printable characters", name_max=NAME_MAX)


def create_agent(
    tx: Transaction,
    org_id: str,
    name: str,
    *,
    owner: str | None = None,
    actor: str = SYSTEM,
) -> str:
    """Make an agent; return its id.

    Args:
        tx: the transaction.
        org_id: its org.
        name: unique in the org, at most 80 characters.
        owner: e-mail or id of a member; none means nobody owns it.
        actor: for the log.

    Raises:
        InvalidError: the name is empty, too long or taken, or the owner is unknown.

    """
    name = name.strip()
    faults = []
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        faults.append(Fault("/name", LENGTH))
    if tx.session.scalar(
        select(Agent.id).where(Agent.org_id == org_id, Agent.name == name)
    ):
        faults.append(Fault("/name", sentence("is in use")))
    owner_id = None if owner is None else _member_id(tx, org_id, owner)
    if owner is not None and owner_id is None:
        faults.append(Fault("/owner", sentence("must be a member of this organization")))
    if faults:
        told = joined("; ", (joined(" ", (f.pointer[1:], f.detail)) for f in faults))
        raise InvalidError(
            sentence("The agent cannot be added: %(faults)s.", faults=told), faults
        )
    agent_id = new_id("agt", tx.now)
    tx.session.add(
        Agent(id=agent_id, org_id=org_id, name=name, owner_id=owner_id, created_at=tx.now)
    )
    tx.session.flush()
    tx.record(
        org_id,
        actor,
        "agent.created",
        f"agent:{agent_id}",
        {"name": name, "owner": owner_id},
    )
    return agent_id


def _member_id(tx: Transaction, org_id: str, owner: str) -> str | None:
    return tx.session.scalar(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == org_id,
            (User.id == owner) | (User.email == owner.strip().lower()),
        )
    )


def create_key(
    tx: Transaction,
    org_id: str,
    agent_id: str,
    *,
    scopes: tuple[str, ...] = DEFAULT_SCOPES,
    expires_at: int | None = None,
    actor: str = SYSTEM,
) -> str:
    """Give an agent a key; return its text, which is shown once and never kept.

    Raises:
        NotFoundError: no such agent in this org.
        InvalidError: a scope is unknown.

    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise InvalidError(
            sentence(
                "Unknown scope %(unknown)s; there are %(scopes)s.",
                unknown=", ".join(unknown),
                scopes=", ".join(SCOPES),
            )
        )
    agent = tx.session.get(Agent, agent_id)
    if agent is None or agent.org_id != org_id:
        raise NotFoundError("agent")
    key = make_key(AGENT)
    tx.session.add(
        AgentKey(
            id=key.id,
            agent_id=agent_id,
            org_id=org_id,
            secret_hash=key.secret_hash,
            scopes=" ".join(scopes),
            created_at=tx.now,
            expires_at=expires_at,
        )
    )
    tx.session.flush()
    tx.record(
        org_id,
        actor,
        "key.created",
        f"key:{key.id}",
        {"agent": agent_id, "scopes": list(scopes), "expires_at": expires_at},
    )
    return key.text


def rotate_key(
    tx: Transaction,
    org_id: str,
    key_id: str,
    *,
    overlap: int = OVERLAP,
    actor: str = SYSTEM,
) -> str:
    """Make a successor with the same scopes; the old key works on for `overlap` ms."""
    old = _key(tx, org_id, key_id)
    if old.revoked_at is not None:
        raise InvalidError(sentence("A revoked key cannot be rotated; make a new one."))
    text = create_key(
        tx, org_id, old.agent_id, scopes=tuple(old.scopes.split()), actor=actor
    )
    ends = tx.now + overlap
    old.expires_at = ends if old.expires_at is None else min(old.expires_at, ends)
    tx.session.flush()
    tx.record(
        org_id, actor, "key.rotated", f"key:{key_id}", {"works_until": old.expires_at}
    )
    return text


def revoke_key(tx: Transaction, org_id: str, key_id: str, *, actor: str = SYSTEM) -> None:
    """Revoke a key; it is refused from this commit on. Asking twice is fine."""
    key = _key(tx, org_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = tx.now
        tx.session.flush()
        tx.record(org_id, actor, "key.revoked", f"key:{key_id}", {"agent": key.agent_id})


def _key(tx: Transaction, org_id: str, key_id: str) -> AgentKey:
    key = tx.session.get(AgentKey, key_id, with_for_update=True)
    if key is None or key.org_id != org_id:
        raise NotFoundError("key")
    return key


def note_use(tx: Transaction, used: Mapping[str, int]) -> None:
    """Write down when keys (by id) were last used (ms); no event, since nothing changed."""
    for key_id, at in sorted(used.items()):
        tx.session.execute(update(AgentKey).where(AgentKey.id == key_id).values(used_at=at))

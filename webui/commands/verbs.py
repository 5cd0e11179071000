"""What the command line can have done: plain values in, plain values out.

A verb runs in the command's own process or, while a server holds the SQLite file, in the
server's. Either way the caller is the person who owns the instance directory (local root
mode); the event of each change says `local_implicit`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webui.approvals import accounts, agents, ending
from webui.approvals.deciding import Look, Reviewer, decide, seal_of
from webui.approvals.errors import InvalidError, NotAllowedError, NotFoundError
from webui.approvals.passwords import hash_password, new_password
from webui.approvals.states import Risk, Verdict
from webui.audit.chain import rfc3339
from webui.audit.checkpoints import sign_now
from webui.preview import PREVIEW_VERSION
from webui.settings import Settings
from webui.store.models import Agent, AgentKey, Approval, Org
from webui.store.queries import calls, people
from webui.store.queries.identity import Signed, member, token_holder
from webui.store.store import Store
from webui.store.transaction import Transaction

LOCAL = "local_implicit"
Plain = dict[str, Any]
Verb = Callable[..., Any]
VERBS: dict[str, Verb] = {}


@dataclass(frozen=True, slots=True)
class Office:
    """Where a verb works."""

    store: Store
    settings: Settings


def verb(name: str) -> Callable[[Verb], Verb]:
    """Enter a function into the table of verbs."""

    def entering(function: Verb) -> Verb:
        VERBS[name] = function
        return function

    return entering


def _org_id(office: Office, org: str | None) -> str:
    def find(tx: Transaction) -> str:
        return accounts.find_org(tx, org)

    return office.store.write(find)


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
    org_id = _org_id(office, org)
    with office.store.reading() as session:
        return [
            {
                "email": person.email,
                "name": person.display_name,
                "role": person.role,
                "status": person.status,
            }
            for person in people.members(session, org_id)
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
    org_id = _org_id(office, org)
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
    org_id = _org_id(office, org)
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


@verb("approvals.list")
def list_approvals(
    office: Office, *, org: str | None = None, limit: int = 50
) -> list[Plain]:
    """Return what waits for a decision, the most urgent first."""
    org_id = _org_id(office, org)
    with office.store.reading() as session:
        rows = calls.queue(session, org_id, office.store.now(), limit=limit)
    return [_listed(row) for row in rows]


def _listed(row: calls.Row) -> Plain:
    approval = row.approval
    return {
        "id": approval.id,
        "risk": str(approval.risk),
        "agent": row.agent_name,
        "line": approval.line,
        "expires_at": rfc3339(approval.expires_at),
        "seen_count": approval.seen_count,
    }


@verb("approvals.decide")
def decide_approval(
    office: Office,
    *,
    approval: str,
    verdict: str,
    reason: str = "",
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Approve or deny as a member: by their token, or by `actor` in local root mode."""
    who = _decider(office, actor, token, org)
    with office.store.reading() as session:
        row = calls.one(session, who.org_id, approval)
    if row is None:
        raise NotFoundError("approval")
    if verdict == Verdict.APPROVE and Risk(row.approval.risk).level >= Risk.HIGH.level:
        raise NotAllowedError(
            "full_view_required",
            f"A call of {row.approval.risk} risk is approved on its page only, "
            "after its full arguments were shown.",
        )
    reviewer = Reviewer(
        who.user_id, who.display_name, "cli", session_id="token" if token else LOCAL
    )
    look = Look(seal_of(row.approval, PREVIEW_VERSION), PREVIEW_VERSION)
    decided = office.store.write(
        lambda tx: decide(
            tx, reviewer, who.org_id, approval, Verdict(verdict), reason, look
        )
    )
    if decided.refusal is not None:
        raise decided.refusal
    return {"id": approval, "status": str(decided.approval.status), "by": who.email}


def _decider(
    office: Office, actor: str | None, token: str | None, org: str | None
) -> Signed:
    if token is not None:
        return _by_token(office, token)
    if actor is None:
        raise InvalidError(
            "Deciding needs a person: --token csp_..., or --actor EMAIL on the desk's machine."
        )
    org_id = _org_id(office, org)
    with office.store.reading() as session:
        found = member(session, org_id, actor)
    if found is None:
        raise NotFoundError("member")
    return found


def _by_token(office: Office, token: str) -> Signed:
    from webui.approvals.keys import PERSONAL, read_key  # noqa: PLC0415

    presented = read_key(token)
    if presented is not None and presented.prefix == PERSONAL:
        with office.store.reading() as session:
            holder = token_holder(session, presented.id)
        if (
            holder is not None
            and holder.secret_hash == presented.secret_hash
            and holder.works(office.store.now())
        ):
            return holder.person
    raise NotAllowedError("bad_token", "This token is mistyped, expired or revoked.")


@verb("approvals.expire")
def expire_stale(office: Office) -> Plain:
    """Settle everything that is overdue."""
    total = 0
    while moved := office.store.write(ending.sweep):
        total += moved
    return {"expired": total}


@verb("approvals.show")
def show_approval(office: Office, *, approval: str, org: str | None = None) -> Plain:
    """Return one approval with its masked arguments, for a terminal."""
    from webui.approvals.arguments import open_arguments  # noqa: PLC0415
    from webui.preview import Profile, canonical_pieces  # noqa: PLC0415

    org_id = _org_id(office, org)
    with office.store.reading() as session:
        row = calls.one(session, org_id, approval)
        if row is None:
            raise NotFoundError("approval")
        arguments = open_arguments(session, office.store.keyring, row.approval).value
    profile = Profile(office.store.keyring.derive(f"mask:{org_id}"))
    shown = "".join(piece.text for piece in canonical_pieces(arguments, profile, indent=2))
    found: Approval = row.approval
    return _listed(row) | {
        "status": str(found.status),
        "tool": found.tool,
        "summary": found.summary,
        "reason": found.reason,
        "fingerprint": found.fingerprint,
        "arguments_hash": found.arguments_hash,
        "arguments": shown,
    }


@verb("audit.checkpoint")
def checkpoint(office: Office, *, org: str | None = None) -> Plain:
    """Sign the log as it stands."""
    org_id = _org_id(office, org)
    note = sign_now(office.store, org_id, office.settings.instance / "checkpoints")
    return {"org": org_id, "note": note}

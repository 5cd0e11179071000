"""Who decides and what they had in front of them; whether they may; the seal of what they saw."""

import hashlib
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.authorization import (
    DECIDE,
    Access,
    Actor,
    Resource,
    Source,
    authorize,
)
from webui.approvals.canonical import canonical
from webui.approvals.errors import DeskError
from webui.store.models import Agent, Approval, Membership, User
from webui.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides, as the signed-in session or token says; never from a body."""

    user_id: str
    display: str
    channel: str
    """page, token or cli."""
    session_id: str = ""
    address: str = ""
    user_agent: str = ""
    agent_context: bool = False

    @property
    def actor(self) -> str:
        """Return the name in the log."""
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class Look:
    """What the reviewer had in front of them."""

    seal: str | None
    preview_version: int
    opened_full: bool = False
    seconds: int | None = None
    """On the card, as the browser counted."""


_SOURCES: dict[str, Source] = {
    "page": "session",
    "token": "token",
    "chat": "chat",
    # with a token or in local root mode; for deciding it is the member's standing that counts
    "cli": "local_implicit",
}
LATE = frozenset({"already_settled", "already_decided_by_you"})


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a verdict."""

    approval: Approval
    applied: bool
    """False for an identical repeat, which is a success too."""
    refusal: DeskError | None = None
    """Set when it came late or was not allowed: recorded, not applied."""

    @property
    def late(self) -> bool:
        """Say whether it was refused only because the verdict is given already."""
        return self.refusal is not None and self.refusal.code in LATE


def seal_of(approval: Approval, preview_version: int) -> str:
    """Return the digest of what was shown; a form carries it and the server compares."""
    shown = {
        "approval": approval.id,
        "arguments_hash": approval.arguments_hash,
        "fingerprint": approval.fingerprint,  # covers ctx, scope and tool_def too
        "preview_version": preview_version,
        "rule_hash": approval.rule_hash,
        "edits": approval.edits,
        "change_requests": approval.change_requests,
    }
    return hashlib.sha256(b"seal-v2\0" + canonical(shown)).hexdigest()


def access_of(tx: Transaction, reviewer: Reviewer, approval: Approval) -> Access:
    """Answer whether this person may decide this approval, from rows read in this transaction.

    On PostgreSQL the membership row is locked, so that a revocation waits for us or we for it.
    """
    member = tx.session.execute(
        select(Membership.role, Membership.status, User.status, User.instance_admin)
        .join(User, User.id == Membership.user_id)
        .where(Membership.org_id == approval.org_id, Membership.user_id == reviewer.user_id)
        .with_for_update(read=True)
    ).one_or_none()
    role, standing, user_status, admin = member or (None, "", "active", False)
    actor = Actor(
        "user",
        reviewer.user_id,
        approval.org_id,
        role=role,
        membership=standing,
        active=user_status == "active",
        instance_admin=admin,
        agent_context=reviewer.agent_context,
        source=_SOURCES.get(reviewer.channel, "none"),
    )
    return deciding_access(actor, approval, owner_now(tx.session, approval))


def deciding_access(actor: Actor, approval: Approval, owner: str | None) -> Access:
    """Answer whether somebody may decide: neither the agent's owner at filing nor the present one.

    So giving an agent to somebody else frees nobody to decide what it asked before.
    """
    resource = resource_of(approval)
    access = authorize(actor, DECIDE, resource)
    if not access.allowed or owner in {None, approval.agent_owner}:
        return access
    present = authorize(actor, DECIDE, replace(resource, agent_owner=owner))
    return access if present.allowed else present


def owner_now(session: Session, approval: Approval) -> str | None:
    """Return who owns the agent of an approval now."""
    return session.scalar(select(Agent.owner_id).where(Agent.id == approval.agent_id))


def resource_of(approval: Approval) -> Resource:
    """Return what authorization needs to know of an approval."""
    return Resource(
        approval.org_id,
        kind="approval",
        id=approval.id,
        agent_id=approval.agent_id,
        tool=approval.tool,
        risk=approval.risk,
        agent_owner=approval.agent_owner,
        on_behalf_of=approval.on_behalf_of,
        solo=approval.solo,
    )

"""Who may do what, and the sentence why or why not (spec: authorization.md).

Pure: facts in, an `Access` out. The page shows the same sentence that the server enforces.
"""

from dataclasses import dataclass, field
from typing import Literal

VIEW = "approvals:view"
DECIDE = "approvals:decide"
BREAK_GLASS = "approvals:break_glass"
REVEAL = "approvals:reveal_secrets"
EDIT = "approvals:edit_arguments"
GRANT = "grants:create"
POLICY_READ = "policy:read"
POLICY_WRITE = "policy:write"
SOURCES = "sources:manage"
AGENTS_CREATE = "agents:create"
AGENTS = "agents:manage"
MEMBERS = "members:manage"
AUDIT_READ = "audit:read"
AUDIT_EXPORT = "audit:export"

ALL = frozenset(
    {
        VIEW,
        DECIDE,
        BREAK_GLASS,
        REVEAL,
        EDIT,
        GRANT,
        POLICY_READ,
        POLICY_WRITE,
        SOURCES,
        AGENTS_CREATE,
        AGENTS,
        MEMBERS,
        AUDIT_READ,
        AUDIT_EXPORT,
    }
)

ROLES: dict[str, frozenset[str]] = {
    "owner": ALL,
    "admin": ALL - {BREAK_GLASS, REVEAL},
    "operator": frozenset({VIEW, POLICY_READ, SOURCES, AGENTS_CREATE, AGENTS}),
    "reviewer": frozenset({VIEW, DECIDE, EDIT, GRANT, POLICY_READ}),
    "auditor": frozenset({VIEW, POLICY_READ, AUDIT_READ, AUDIT_EXPORT}),
    "viewer": frozenset({VIEW, POLICY_READ}),
    # a member sees the calls of agents they own; `authorize` looks at the owner
    "member": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. A user's role and status are those of the org in question, read anew."""

    type: Literal["user", "agent", "none"]
    id: str = ""
    org_id: str = ""
    role: str | None = None
    """Of an active membership; none without one."""
    active: bool = True
    instance_admin: bool = False
    agent_context: bool = False
    """The session or token belongs to an agent acting with a person's identity."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What it is about. For an approval: who must not decide it."""

    org_id: str
    agent_owner: str | None = None
    on_behalf_of: str | None = None
    solo: bool = False
    """The org opted out of separation of duties; shown on every such decision."""


@dataclass(frozen=True, slots=True)
class Access:
    """An answer with its reason code and one sentence for a person."""

    allowed: bool
    reason: str
    explanation: str
    permission: str = field(default="")


NOBODY = Actor("none")


def authorize(actor: Actor, action: str, resource: Resource) -> Access:
    """Answer one question of "may this principal do this to that?".

    Args:
        actor: who; facts about their membership are those of the resource's org.
        action: a permission name.
        resource: what.

    """
    refused = _refused_before_roles(actor, action, resource)
    if refused is not None:
        return refused
    if actor.instance_admin and action != DECIDE:
        return Access(True, "allow_instance_admin", "Instance admin.", action)
    if actor.role is None:
        return Access(
            False,
            "deny_missing_membership",
            "You are not an active member of this organization.",
            action,
        )
    if action in ROLES.get(actor.role, frozenset()):
        return Access(True, "allow_role", f"Your role is {actor.role}.", action)
    if action == VIEW and actor.role == "member" and actor.id == resource.agent_owner:
        return Access(True, "allow_role", "You own the agent.", action)
    return Access(False, "deny_missing_grant", f"Missing permission: {action}.", action)


def _refused_before_roles(  # noqa: PLR0911 - one return for each reason, in their order
    actor: Actor, action: str, resource: Resource
) -> Access | None:
    if actor.type == "none" or not actor.id:
        return Access(False, "deny_unauthenticated", "Sign in first.", action)
    if action not in ALL:
        return Access(
            False, "deny_unsupported_action", f"Unknown action: {action}.", action
        )
    if actor.org_id != resource.org_id:
        return Access(
            False,
            "deny_company_boundary",
            "It belongs to another organization.",
            action,
        )
    if actor.type == "agent":
        return _refused_to_agent(action)
    if not actor.active:
        return Access(False, "deny_account_suspended", "Your account is suspended.", action)
    if action == DECIDE:
        return _refused_to_decide(actor, resource)
    return None


def _refused_to_agent(action: str) -> Access:
    if action == DECIDE:
        return Access(False, "deny_agent_cannot_decide", "An agent never decides.", action)
    return Access(
        False, "deny_unsupported_action", f"Not something an agent does: {action}.", action
    )


def _refused_to_decide(actor: Actor, resource: Resource) -> Access | None:
    if actor.agent_context:
        return Access(
            False,
            "deny_agent_context",
            "This session belongs to an agent acting for you; sign in yourself to decide.",
            DECIDE,
        )
    if resource.solo:
        return None
    if actor.id == resource.on_behalf_of:
        return Access(
            False,
            "deny_self_approval",
            "The agent acts on your behalf here, so somebody else has to decide.",
            DECIDE,
        )
    if actor.id == resource.agent_owner:
        return Access(
            False,
            "deny_self_approval",
            "You own the agent that made this call, so somebody else has to decide.",
            DECIDE,
        )
    return None

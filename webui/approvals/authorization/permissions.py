"""The names of what one may do, and the roles, each of which is a set of them."""

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
CONFIG_READ = "agent_config:read"
CONFIG_UPDATE = "agent_config:update"
MEMBERS = "members:manage"
AUDIT_READ = "audit:read"
AUDIT_EXPORT = "audit:export"
ASSIGN = "tasks:assign"
ASSIGN_SCOPE = "tasks:assign_scope"
CHECKOUTS = "tasks:manage_active_checkouts"
MUTATE = "issue:mutate"

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
        CONFIG_READ,
        CONFIG_UPDATE,
        MEMBERS,
        AUDIT_READ,
        AUDIT_EXPORT,
        ASSIGN,
        ASSIGN_SCOPE,
        CHECKOUTS,
        MUTATE,
    }
)

ROLES: dict[str, frozenset[str]] = {
    "owner": ALL,
    "admin": ALL - {BREAK_GLASS, REVEAL},
    "operator": frozenset(
        {
            VIEW,
            POLICY_READ,
            SOURCES,
            AGENTS_CREATE,
            AGENTS,
            CONFIG_READ,
            CONFIG_UPDATE,
            ASSIGN,
            ASSIGN_SCOPE,
            CHECKOUTS,
        }
    ),
    "reviewer": frozenset({VIEW, DECIDE, EDIT, GRANT, POLICY_READ}),
    "auditor": frozenset({VIEW, POLICY_READ, AUDIT_READ, AUDIT_EXPORT}),
    "viewer": frozenset({VIEW, POLICY_READ}),
    # a member sees the calls of agents they own; `holding` looks at the owner
    "member": frozenset(),
}

ASSIGNING_ROLES = frozenset({"owner", "admin", "operator", "reviewer", "member"})
"""Who assigns tasks where no policy is in the way: all but those who only read."""

DECIDING = frozenset({DECIDE, EDIT, GRANT, BREAK_GLASS})
"""Every verb that lets a call run. What is refused to a decider is refused for each of them,
or a standing grant or a broken glass would be the way around."""

ASSIGNING = frozenset({ASSIGN, ASSIGN_SCOPE})
TASKS = ASSIGNING | {CHECKOUTS}
LEGACY = frozenset({AGENTS_CREATE, CONFIG_READ, CONFIG_UPDATE, CHECKOUTS})
"""What an agent's role or flag from before there were grants covers."""

BY_AGENTS = TASKS | LEGACY | {MUTATE}
"""What an agent may ask for at all; the rest of the desk is for people."""

STRUCTURED = frozenset({ASSIGN_SCOPE})
"""Permissions whose grant says nothing without a scope."""


def sources_of(permission: str) -> tuple[str, ...]:
    """Return the permissions that give this one: itself, and one that includes it."""
    if permission in {CONFIG_READ, CONFIG_UPDATE}:
        return (permission, AGENTS_CREATE)
    return (permission,)

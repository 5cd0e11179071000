"""The names of what the log records: dotted, stable, one for each thing.

They are part of the exported format and of the live feed: a name is never given another
meaning, and never renamed.
"""

from typing import Final

# Orgs, people and sessions.
ORG_CREATED: Final = "org.created"
ORG_CHANGED: Final = "org.changed"
USER_CREATED: Final = "user.created"
USER_CHANGED: Final = "user.changed"
USER_SUSPENDED: Final = "user.suspended"
USER_SIGNED_IN: Final = "user.signed_in"
USER_SIGN_IN_FAILED: Final = "user.sign_in_failed"
USER_SIGNED_OUT: Final = "user.signed_out"
USER_PASSWORD_CHANGED: Final = "user.password_changed"  # noqa: S105  a name
USER_RESTORED: Final = "user.restored"
USER_SWITCHED_ORG: Final = "user.switched_org"
USER_SAME_PERSON: Final = "user.same_person"
USER_APART: Final = "user.apart"
USER_CONFIRMED: Final = "user.confirmed"
USER_FACTOR_ADDED: Final = "user.factor_added"
USER_FACTOR_CHANGED: Final = "user.factor_changed"
USER_FACTOR_REMOVED: Final = "user.factor_removed"
USER_FACTOR_REFUSED: Final = "user.factor_refused"
USER_RECOVERY_CODE_USED: Final = "user.recovery_code_used"
USER_SSO_REFUSED: Final = "user.sso_refused"
IDENTITY_LINKED: Final = "identity.linked"
IDENTITY_UNLINKED: Final = "identity.unlinked"
PROVIDER_CREATED: Final = "provider.created"
PROVIDER_CHANGED: Final = "provider.changed"
MEMBERSHIP_CREATED: Final = "membership.created"
MEMBERSHIP_CHANGED: Final = "membership.changed"
MEMBERSHIP_SUSPENDED: Final = "membership.suspended"
MEMBERSHIP_RESTORED: Final = "membership.restored"
MEMBERSHIP_REMOVED: Final = "membership.removed"
INVITATION_CREATED: Final = "invitation.created"
INVITATION_REVOKED: Final = "invitation.revoked"
INVITATION_ACCEPTED: Final = "invitation.accepted"
GROUP_CREATED: Final = "group.created"
GROUP_CHANGED: Final = "group.changed"
GROUP_DELETED: Final = "group.deleted"
GROUP_JOINED: Final = "group.joined"
GROUP_LEFT: Final = "group.left"
DELEGATION_CREATED: Final = "delegation.created"
DELEGATION_ENDED: Final = "delegation.ended"
SETTINGS_CHANGED: Final = "settings.changed"
VIEW_SAVED: Final = "view.saved"
VIEW_REMOVED: Final = "view.removed"

# Agents and their work, keys and tokens.
AGENT_CREATED: Final = "agent.created"
AGENT_CHANGED: Final = "agent.changed"
PROTECTION_CHANGED: Final = "protection.changed"
PROJECT_CREATED: Final = "project.created"
PROJECT_CHANGED: Final = "project.changed"
PROJECT_DELETED: Final = "project.deleted"
ISSUE_CREATED: Final = "issue.created"
ISSUE_CHANGED: Final = "issue.changed"
ISSUE_DELETED: Final = "issue.deleted"
KEY_CREATED: Final = "key.created"
KEY_ROTATED: Final = "key.rotated"
KEY_REVOKED: Final = "key.revoked"
TOKEN_CREATED: Final = "token.created"  # noqa: S105  a name, not a token
TOKEN_REVOKED: Final = "token.revoked"  # noqa: S105  a name, not a token

# Sources, endpoints and deliveries.
SOURCE_CREATED: Final = "source.created"
SOURCE_CHANGED: Final = "source.changed"
SOURCE_FAILING: Final = "source.failing"
SOURCE_MENDED: Final = "source.mended"
SOURCE_DELIVERY_REFUSED: Final = "source.delivery_refused"
ENDPOINT_CREATED: Final = "endpoint.created"
ENDPOINT_CHANGED: Final = "endpoint.changed"
DELIVERY_GAVE_UP: Final = "delivery.gave_up"
DESTINATION_CREATED: Final = "destination.created"
DESTINATION_CHANGED: Final = "destination.changed"
NOTICE_GAVE_UP: Final = "notice.gave_up"

# What agents asked, and what became of it.
TOOL_CALL: Final = "tool_call"
APPROVAL_CREATED: Final = "approval.created"
APPROVAL_REUSED: Final = "approval.reused"
APPROVAL_RISK_RAISED: Final = "approval.risk_raised"
APPROVAL_ESCALATED: Final = "approval.escalated"
APPROVAL_VIEWED: Final = "approval.viewed"
APPROVAL_OPENED_FULL: Final = "approval.opened_full"
APPROVAL_REVEALED: Final = "approval.revealed"
APPROVAL_CLAIMED: Final = "approval.claimed"
APPROVAL_RELEASED: Final = "approval.released"
APPROVAL_DECIDED: Final = "approval.decided"
APPROVAL_VOTE: Final = "approval.vote"
APPROVAL_SETTLING: Final = "approval.settling"
APPROVAL_UNDONE: Final = "approval.undone"
APPROVAL_CHANGES_REQUESTED: Final = "approval.changes_requested"
APPROVAL_RESUMED: Final = "approval.resumed"
APPROVAL_MESSAGE: Final = "approval.message"
APPROVAL_BREAK_GLASS: Final = "approval.break_glass"
APPROVAL_LATE: Final = "approval.late"
APPROVAL_EXPIRED: Final = "approval.expired"
APPROVAL_CANCELLED: Final = "approval.cancelled"
APPROVAL_SUPERSEDED: Final = "approval.superseded"
APPROVAL_CONSUMED: Final = "approval.consumed"
APPROVAL_LEASE_RENEWED: Final = "approval.lease_renewed"
APPROVAL_USE_REFUSED: Final = "approval.use_refused"
APPROVAL_ROLLED_BACK: Final = "approval.rolled_back"
APPROVAL_OUTCOME: Final = "approval.outcome"
APPROVAL_REVOKED: Final = "approval.revoked"
APPROVAL_LEASE_OVER: Final = "approval.lease_over"

# On its way to an upstream that settles it itself.
APPROVAL_REPLY_STARTED: Final = "approval.reply_started"
APPROVAL_REPLY_FAILED: Final = "approval.reply_failed"
APPROVAL_REPLY_CONFIRMED: Final = "approval.reply_confirmed"
APPROVAL_REPLY_GONE: Final = "approval.reply_gone"
APPROVAL_REPLY_OVERRULED: Final = "approval.reply_overruled"

# Rules.
GRANT_CREATED: Final = "grant.created"
GRANT_CHANGED: Final = "grant.changed"
GRANT_SPENT: Final = "grant.spent"
GRANT_REVOKED: Final = "grant.revoked"
STANDING_GRANT_CREATED: Final = "standing_grant.created"
STANDING_GRANT_USED: Final = "standing_grant.used"
STANDING_GRANT_REVOKED: Final = "standing_grant.revoked"
POLICY_CHANGED: Final = "policy.changed"
POLICY_BACKTESTED: Final = "policy.backtested"
POLICY_SHADOW_STARTED: Final = "policy.shadow_started"
POLICY_SHADOW_STOPPED: Final = "policy.shadow_stopped"

# What an agent would write in a person's name.
WRITE_GRANT_REQUESTED: Final = "write_grant.requested"
WRITE_GRANT_APPROVED: Final = "write_grant.approved"
WRITE_GRANT_REFUSED: Final = "write_grant.refused"
WRITE_GRANT_SPENT: Final = "write_grant.spent"
WRITE_GRANT_EXPIRED: Final = "write_grant.expired"

# Refusals.
AGENT_CANNOT_DECIDE: Final = "agent_cannot_decide"
ACCESS_REFUSED: Final = "access.refused"
INTAKE_LIMITED: Final = "intake.limited"

# The log itself.
AUDIT_CHECKPOINT: Final = "audit.checkpoint"
AUDIT_EXPORTED: Final = "audit.exported"
AUDIT_ERASED: Final = "audit.erased"
AUDIT_PRUNED: Final = "audit.pruned"
CLOCK_REGRESSED: Final = "clock.regressed"

ALL: Final = frozenset(
    {
        ORG_CREATED,
        ORG_CHANGED,
        USER_CREATED,
        USER_CHANGED,
        USER_SUSPENDED,
        USER_SIGNED_IN,
        USER_SIGN_IN_FAILED,
        USER_SIGNED_OUT,
        USER_PASSWORD_CHANGED,
        USER_RESTORED,
        USER_SWITCHED_ORG,
        USER_SAME_PERSON,
        USER_APART,
        USER_CONFIRMED,
        USER_FACTOR_ADDED,
        USER_FACTOR_CHANGED,
        USER_FACTOR_REMOVED,
        USER_FACTOR_REFUSED,
        USER_RECOVERY_CODE_USED,
        USER_SSO_REFUSED,
        IDENTITY_LINKED,
        IDENTITY_UNLINKED,
        PROVIDER_CREATED,
        PROVIDER_CHANGED,
        MEMBERSHIP_CREATED,
        MEMBERSHIP_CHANGED,
        MEMBERSHIP_SUSPENDED,
        MEMBERSHIP_RESTORED,
        MEMBERSHIP_REMOVED,
        INVITATION_CREATED,
        INVITATION_REVOKED,
        INVITATION_ACCEPTED,
        GROUP_CREATED,
        GROUP_CHANGED,
        GROUP_DELETED,
        GROUP_JOINED,
        GROUP_LEFT,
        DELEGATION_CREATED,
        DELEGATION_ENDED,
        SETTINGS_CHANGED,
        VIEW_SAVED,
        VIEW_REMOVED,
        AGENT_CREATED,
        AGENT_CHANGED,
        PROTECTION_CHANGED,
        PROJECT_CREATED,
        PROJECT_CHANGED,
        PROJECT_DELETED,
        ISSUE_CREATED,
        ISSUE_CHANGED,
        ISSUE_DELETED,
        KEY_CREATED,
        KEY_ROTATED,
        KEY_REVOKED,
        TOKEN_CREATED,
        TOKEN_REVOKED,
        SOURCE_CREATED,
        SOURCE_CHANGED,
        SOURCE_FAILING,
        SOURCE_MENDED,
        SOURCE_DELIVERY_REFUSED,
        ENDPOINT_CREATED,
        ENDPOINT_CHANGED,
        DELIVERY_GAVE_UP,
        DESTINATION_CREATED,
        DESTINATION_CHANGED,
        NOTICE_GAVE_UP,
        TOOL_CALL,
        APPROVAL_CREATED,
        APPROVAL_REUSED,
        APPROVAL_RISK_RAISED,
        APPROVAL_ESCALATED,
        APPROVAL_VIEWED,
        APPROVAL_OPENED_FULL,
        APPROVAL_REVEALED,
        APPROVAL_CLAIMED,
        APPROVAL_RELEASED,
        APPROVAL_DECIDED,
        APPROVAL_VOTE,
        APPROVAL_SETTLING,
        APPROVAL_UNDONE,
        APPROVAL_CHANGES_REQUESTED,
        APPROVAL_RESUMED,
        APPROVAL_MESSAGE,
        APPROVAL_BREAK_GLASS,
        APPROVAL_LATE,
        APPROVAL_EXPIRED,
        APPROVAL_CANCELLED,
        APPROVAL_SUPERSEDED,
        APPROVAL_CONSUMED,
        APPROVAL_LEASE_RENEWED,
        APPROVAL_USE_REFUSED,
        APPROVAL_ROLLED_BACK,
        APPROVAL_OUTCOME,
        APPROVAL_REVOKED,
        APPROVAL_LEASE_OVER,
        APPROVAL_REPLY_STARTED,
        APPROVAL_REPLY_FAILED,
        APPROVAL_REPLY_CONFIRMED,
        APPROVAL_REPLY_GONE,
        APPROVAL_REPLY_OVERRULED,
        GRANT_CREATED,
        GRANT_CHANGED,
        GRANT_SPENT,
        GRANT_REVOKED,
        STANDING_GRANT_CREATED,
        STANDING_GRANT_USED,
        STANDING_GRANT_REVOKED,
        POLICY_CHANGED,
        POLICY_BACKTESTED,
        POLICY_SHADOW_STARTED,
        POLICY_SHADOW_STOPPED,
        WRITE_GRANT_REQUESTED,
        WRITE_GRANT_APPROVED,
        WRITE_GRANT_REFUSED,
        WRITE_GRANT_SPENT,
        WRITE_GRANT_EXPIRED,
        AGENT_CANNOT_DECIDE,
        ACCESS_REFUSED,
        INTAKE_LIMITED,
        AUDIT_CHECKPOINT,
        AUDIT_EXPORTED,
        AUDIT_ERASED,
        AUDIT_PRUNED,
        CLOCK_REGRESSED,
    }
)
"""Every name there is."""

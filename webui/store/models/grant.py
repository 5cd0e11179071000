"""What a principal may do beyond their role, and what an agent may do once for a person."""

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model

STANDING = text("revoked_at IS NULL")
KNOWN_OUTSIDE = text("external_id IS NOT NULL")
LIVE = text("ended_at IS NULL")
UNSETTLED = text("status IN ('pending', 'approved')")


class PermissionGrant(Model):
    """One permission given to one user, agent or group, limited by a scope."""

    __tablename__ = "permission_grants"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    principal_type: Mapped[str]
    """user, agent or group."""
    principal_id: Mapped[str]
    permission: Mapped[str]
    scope: Mapped[str] = mapped_column(default="{}")
    """JSON object; empty is unlimited (spec: authorization.md)."""
    external_id: Mapped[str | None] = mapped_column(default=None)
    """An orchestrator's own name for it, so that a sync can be repeated."""
    approval_id: Mapped[str | None] = mapped_column(default=None)
    """The approval whose yes made it: it covers that one question, once."""
    created_by: Mapped[str]
    """As the log names them."""
    created_at: Mapped[int]
    expires_at: Mapped[int | None] = mapped_column(default=None)
    revoked_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (
        Index(
            "ix_permission_grants_principal",
            "org_id",
            "principal_id",
            sqlite_where=STANDING,
            postgresql_where=STANDING,
        ),
        Index(
            "ix_permission_grants_external",
            "org_id",
            "external_id",
            unique=True,
            sqlite_where=KNOWN_OUTSIDE,
            postgresql_where=KNOWN_OUTSIDE,
        ),
    )


class StandingGrant(Model):
    """A bounded standing approval made from a decision (spec: approvals.md, "Grants")."""

    __tablename__ = "standing_grants"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"))
    """The decision it was made from."""
    created_by: Mapped[str]
    """User id; what they may not decide any more, it does not cover any more."""
    tool: Mapped[str]
    bound: Mapped[str]
    """Canonical JSON of what else must be the same: tool_def, scope, ctx, rule_hash, principal."""
    risk: Mapped[str]
    """Calls of a higher risk are not covered."""
    session: Mapped[str | None] = mapped_column(default=None)
    """Only calls of this session, where it is given."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The arguments that must be the same, and the conditions on the others, encrypted."""
    line: Mapped[str]
    """The safe preview of the call it was made from; masked, so lists may show it."""
    uses: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int]
    expires_at: Mapped[int]
    ended_at: Mapped[int | None] = mapped_column(default=None)
    """When it was revoked or its last use was taken; past `expires_at` it is over anyway."""
    revoked_by: Mapped[str | None] = mapped_column(default=None)
    """User id of who took it back."""

    __table_args__ = (
        Index(
            "ix_standing_grants_live",
            "org_id",
            "agent_id",
            "tool",
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        Index("ix_standing_grants_org", "org_id", "id"),
    )


class WriteGrant(Model):
    """One mutating request of an agent in a person's name, held for that person (spec: api.md)."""

    __tablename__ = "write_grants"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    nonce: Mapped[str]
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    """Whose key asked: the service."""
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    """In whose name; nobody else approves."""
    method: Mapped[str]
    path: Mapped[str]
    scopes: Mapped[str]
    """Space-separated, sorted."""
    payload_hash: Mapped[str | None] = mapped_column(default=None)
    status: Mapped[str] = mapped_column(default="pending")
    """pending, approved, refused, spent, expired; past `expires_at` a pending or approved one is
    expired, whatever stands here."""
    uses_left: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[int]
    expires_at: Mapped[int]
    decided_at: Mapped[int | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    """The person's own words, which the agent is told when it is refused."""

    __table_args__ = (
        Index("ix_write_grants_nonce", "org_id", "nonce", unique=True),
        Index("ix_write_grants_user", "org_id", "user_id", "status"),
        Index(
            "ix_write_grants_due",
            "expires_at",
            sqlite_where=UNSETTLED,
            postgresql_where=UNSETTLED,
        ),
    )

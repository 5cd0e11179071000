"""What a principal may do beyond their role, and what an agent may do once for a person."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model

STANDING = text("revoked_at IS NULL")
KNOWN_OUTSIDE = text("external_id IS NOT NULL")
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

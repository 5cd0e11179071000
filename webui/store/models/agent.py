"""The programs that ask, and their keys."""

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model
from webui.store.models.work import outside_name


class Agent(Model):
    """A program that asks. Belongs to one org."""

    __tablename__ = "agents"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    name: Mapped[str]
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), default=None)
    status: Mapped[str] = mapped_column(default="active")
    """active, paused, pending_approval or terminated; only an active one's keys work."""
    reports_to: Mapped[str | None] = mapped_column(default=None)
    """The agent that manages it."""
    project_id: Mapped[str | None] = mapped_column(default=None)
    role: Mapped[str | None] = mapped_column(default=None)
    """An orchestrator's word; `ceo` has the legacy creator's authority."""
    can_create_agents: Mapped[bool] = mapped_column(default=False)
    protection: Mapped[str] = mapped_column(default="{}")
    """Its protection policy as JSON; empty is none."""
    external_id: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[int]

    __table_args__ = (
        UniqueConstraint("org_id", "name"),
        Index("ix_agents_reports_to", "reports_to"),
        outside_name("agents"),
    )


class AgentKey(Model):
    """One key of one agent (`csk_<id>_<secret>`), kept as the SHA-256 of its secret."""

    __tablename__ = "agent_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[str]
    """Space-separated."""
    created_at: Mapped[int]
    expires_at: Mapped[int | None] = mapped_column(default=None)
    revoked_at: Mapped[int | None] = mapped_column(default=None)
    used_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (Index("ix_agent_keys_agent_id", "agent_id"),)


class IdempotencyKey(Model):
    """What one Idempotency-Key of one agent stood for; kept 30 days."""

    __tablename__ = "idempotency_keys"

    agent_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    approval_id: Mapped[str | None] = mapped_column(default=None)
    consumption_id: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[int] = mapped_column(index=True)

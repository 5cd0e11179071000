"""Who stands together, who is invited, and who decides for whom while they are away."""

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Group(Model):
    """People of one org under one name; rules and grants speak of it."""

    __tablename__ = "groups"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    name: Mapped[str]
    created_at: Mapped[int]

    __table_args__ = (UniqueConstraint("org_id", "name"),)


class GroupMember(Model):
    """One person in one group."""

    __tablename__ = "group_members"

    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    created_at: Mapped[int]

    __table_args__ = (Index("ix_group_members_user", "org_id", "user_id"),)


class Invitation(Model):
    """A link by which somebody may join an org once; only the SHA-256 of its secret is kept."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    email: Mapped[str]
    role: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    invited_by: Mapped[str]
    """As the log names the inviter."""
    created_at: Mapped[int]
    expires_at: Mapped[int]
    accepted_at: Mapped[int | None] = mapped_column(default=None)
    accepted_by: Mapped[str | None] = mapped_column(default=None)
    revoked_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (Index("ix_invitations_org_id", "org_id", "id"),)


class Delegation(Model):
    """A person lets another decide in their place until a date."""

    __tablename__ = "delegations"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    """Who delegates."""
    delegate_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[int]
    until: Mapped[int]
    ended_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (
        Index("ix_delegations_user", "org_id", "user_id"),
        Index("ix_delegations_delegate", "org_id", "delegate_id"),
    )

"""Chat: how far each channel was told, what was posted there, and who its people are here."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class ChatChannel(Model):
    """How far a channel is told of its org's approvals, and how it fares."""

    __tablename__ = "chat_channels"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    seq: Mapped[int]
    """Up to which event of the log it was looked for what to post."""
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[int | None] = mapped_column(default=None)
    """The breaker, or what the platform asked for: nothing is sent before this time."""
    leased_until: Mapped[int | None] = mapped_column(default=None)
    """One process at a time works for a channel; a dead one's turn ends by itself."""


class PostedMessage(Model):
    """One approval's message in one channel."""

    __tablename__ = "posted_messages"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"))
    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"))
    channel: Mapped[str]
    """The platform's id of the channel it is for; a click must come from there."""
    message_id: Mapped[str | None] = mapped_column(default=None)
    """The platform's; none until it is posted."""
    status: Mapped[str] = mapped_column(default="open")
    """open; closed: it shows the end; dropped: settled before it was posted; dead: given up."""
    version: Mapped[int] = mapped_column(default=0)
    """Of the approval, as the message shows it; 0 before it was posted."""
    settles_at: Mapped[int | None] = mapped_column(default=None)
    """Likewise."""
    digest: Mapped[str | None] = mapped_column(default=None)
    """Of what the message shows, so that it is edited only if it would look different."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Since the last one that went well."""
    next_at: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[int]
    told_at: Mapped[int | None] = mapped_column(default=None)
    """When the channel last heard of it."""

    __table_args__ = (
        UniqueConstraint("source_id", "approval_id"),
        Index("ix_posted_messages_source", "source_id", "status", "next_at"),
        Index("ix_posted_messages_approval", "approval_id"),
    )


class ChatIdentity(Model):
    """A person of an org as a chat platform knows them; made by the person, signed in here."""

    __tablename__ = "chat_identities"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    kind: Mapped[str]
    """slack or discord."""
    team: Mapped[str]
    """The workspace of a Slack user; empty where ids are the platform's own."""
    external_id: Mapped[str]
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[int]

    __table_args__ = (UniqueConstraint("org_id", "kind", "team", "external_id"),)

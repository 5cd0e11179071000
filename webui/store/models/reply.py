"""The way back of an approval that its upstream settles, and what is to be told there."""

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model

TO_SEND = text("next_at IS NOT NULL")
"""Something is to be told upstream."""


class Reply(Model):
    """What becomes of a verdict on the way to the upstream; how far it is says the approval."""

    __tablename__ = "replies"

    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    org_id: Mapped[str]
    source_id: Mapped[str]
    source_ref: Mapped[str]
    """The upstream's own id of what it asked."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Where to and in which words, as the kind's translation said, encrypted."""
    message: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """What is told: verdict, reason, by whom, which option; encrypted."""
    round: Mapped[int] = mapped_column(default=0)
    """Grows with every message, so that the end of an older attempt is known as such."""
    started_at: Mapped[int | None] = mapped_column(default=None)
    next_at: Mapped[int | None] = mapped_column(default=None)
    """When it is sent (again); none while nothing is to be told."""
    lease_until: Mapped[int | None] = mapped_column(default=None)
    """An attempt is under way, and after this nobody knows of it any more."""

    __table_args__ = (
        Index("ix_replies_source", "source_id", "source_ref", "approval_id"),
        Index("ix_replies_due", "next_at", sqlite_where=TO_SEND, postgresql_where=TO_SEND),
    )

"""What reviewers and the agent say about a call."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Message(Model):
    """One line of the conversation between reviewers and the agent about an approval."""

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"))
    sender: Mapped[str]
    """`user:...` or `agent:...`, as the log names them."""
    text: Mapped[str]
    at: Mapped[int]

    __table_args__ = (Index("ix_messages_approval", "approval_id", "id"),)

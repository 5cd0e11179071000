"""Saved views of the queue."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class SavedView(Model):
    """A line that narrows the queue, under a name; of one person, or shown to the whole org."""

    __tablename__ = "saved_views"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    """Who saved it."""
    name: Mapped[str]
    line: Mapped[str]
    is_shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[int]

    __table_args__ = (Index("ix_saved_views_org", "org_id", "user_id"),)

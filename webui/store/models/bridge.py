"""A connection that we hold to a source's server, because it sends nothing by itself."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Bridge(Model):
    """Which node holds a source's connection, and how that stands."""

    __tablename__ = "bridges"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    node: Mapped[str]
    """The process that holds it; whoever cannot say this name has lost it."""
    lease_until: Mapped[int]
    connected_at: Mapped[int | None] = mapped_column(default=None)
    """Since when it listens; none while it does not."""
    error: Mapped[str | None] = mapped_column(default=None)
    """What was last in the way, as a sentence; none once all is well."""
    error_at: Mapped[int | None] = mapped_column(default=None)

"""The server processes that share one database."""

from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Node(Model):
    """One of them; a SQLite database has one server alone, and no row for it."""

    __tablename__ = "nodes"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Made anew at each start."""
    host: Mapped[str]
    started_at: Mapped[int]
    seen_at: Mapped[int]
    """Its last sign of life."""

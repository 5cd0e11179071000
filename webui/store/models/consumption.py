"""The one use of an approved call."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Consumption(Model):
    """The one use of an approved call."""

    __tablename__ = "consumptions"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"), index=True)
    started_at: Mapped[int]
    ended_at: Mapped[int | None] = mapped_column(default=None)
    result: Mapped[str | None] = mapped_column(default=None)
    """ok, error, unknown or rolled_back, as the agent says; one of `states.Unreported` where
    nobody does; none while the lease is alive."""
    detail: Mapped[str | None] = mapped_column(default=None)
    """What the agent says of it."""

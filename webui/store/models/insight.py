"""How people decide, as numbers of days and weeks; kept by the worker out of the log."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class InsightCount(Model):
    """What was counted of one thing in one unit of time, under one cut (docs/decisions/0007)."""

    __tablename__ = "insight_counts"

    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(primary_key=True)
    """The cut: of this agent's calls only; empty: of all agents'."""
    tool: Mapped[str] = mapped_column(primary_key=True)
    """The cut: of this tool's calls only; empty: of all tools'."""
    facet: Mapped[str] = mapped_column(primary_key=True)
    """What `name` names: see `insights.counting.Facet`."""
    unit: Mapped[int] = mapped_column(primary_key=True)
    """A day since the epoch; or, below 0, a week: see `insights.units`."""
    name: Mapped[str] = mapped_column(primary_key=True)

    asked: Mapped[int]
    approved: Mapped[int]
    denied: Mapped[int]
    answered: Mapped[int]
    changes: Mapped[int]
    expired: Mapped[int]
    unseen: Mapped[int]
    """Expired, and no page had shown it to anybody."""
    gone: Mapped[int]
    """Withdrawn, superseded, or ended with its session."""
    glass: Mapped[int]
    waited: Mapped[int]
    """Of an hour of the day: how many waited in it, day by day."""
    quick: Mapped[int]
    """Approved within two seconds on screen."""
    unopened: Mapped[int]
    """Approved on the page without the full view."""
    untimed: Mapped[int]
    """Approved where nobody counts seconds: in a chat, by a token, on the command line."""
    w0: Mapped[int]
    w1: Mapped[int]
    w2: Mapped[int]
    w3: Mapped[int]
    w4: Mapped[int]
    w5: Mapped[int]
    w6: Mapped[int]
    w7: Mapped[int]
    w8: Mapped[int]
    w9: Mapped[int]
    w10: Mapped[int]
    w11: Mapped[int]
    w12: Mapped[int]
    w13: Mapped[int]
    """Durations, by bucket: see `insights.buckets`."""

    __table_args__ = (
        # what is too old for the page is dropped
        Index("ix_insight_counts_unit", "unit"),
        # its key is how it is read: rows of one cut and facet lie side by side
        {"sqlite_with_rowid": False},
    )


class InsightCursor(Model):
    """Up to which event of its log an org was counted."""

    __tablename__ = "insight_cursors"

    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    seq: Mapped[int]

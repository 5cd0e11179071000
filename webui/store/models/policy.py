"""The organization's policies, version by version, and what their rules have counted."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Policy(Model):
    """One accepted version of an org's policy; which one is in force, the org says."""

    __tablename__ = "policies"

    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """From 1; it only grows."""
    revision: Mapped[str]
    """The hash of the text."""
    text: Mapped[str]
    author: Mapped[str]
    """As the log names them."""
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[int]


class PolicyCount(Model):
    """A counter in one window of the calendar; a missing row stands at 0."""

    __tablename__ = "policy_counts"

    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    counter: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    """Of the window, ms."""
    value: Mapped[int]

"""Where people are told that something waits, and what they were told."""

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Destination(Model):
    """A place where one person is told, with their wishes for it."""

    __tablename__ = "destinations"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    """mail (the account's own address), service or browser; alarm: the same address for alarms
    alone, of whoever runs the org."""
    name: Mapped[str]
    """What pages show: never a token."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """A service's URL, encrypted under the org's data key; none for the other kinds."""
    status: Mapped[str] = mapped_column(default="active")
    """active, paused or removed."""
    about: Mapped[str] = mapped_column(default="decide")
    """decide, escalated or alerts: see `notices.wishes`."""
    risk_from: Mapped[str] = mapped_column(default="low")
    tools: Mapped[str] = mapped_column(default="")
    """Patterns with blanks between them; empty: all tools."""
    every: Mapped[int] = mapped_column(default=0)
    """Minutes between digests; 0: at once, unless there are hours."""
    hours: Mapped[str] = mapped_column(default="")
    """Hours of the day for digests, with blanks between them."""
    quiet_from: Mapped[int | None] = mapped_column(default=None)
    """Minute of the day, in the person's time zone, like `quiet_to`."""
    quiet_to: Mapped[int | None] = mapped_column(default=None)
    critical_at_once: Mapped[bool] = mapped_column(default=False)
    """Critical calls wait for no digest and for no quiet hours."""
    remind_before: Mapped[int] = mapped_column(default=0)
    """Minutes before the deadline; 0: no reminder."""
    sound: Mapped[bool] = mapped_column(default=False)
    """For the browser."""
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[int | None] = mapped_column(default=None)
    """The breaker: nothing is sent before this time."""
    last_error: Mapped[str | None] = mapped_column(default=None)
    """Why the last message did not arrive; none once one did."""
    created_at: Mapped[int]

    __table_args__ = (Index("ix_destinations_person", "org_id", "user_id"),)


class Notice(Model):
    """One thing that one person is told at one destination, on its way."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    destination_id: Mapped[str] = mapped_column(ForeignKey("destinations.id"))
    approval_id: Mapped[str]
    """Or the id of a held write."""
    seq: Mapped[int]
    """Of the event that it tells of."""
    why: Mapped[str]
    """decide, delegate, manager, escalated, resumed, reminder, break_glass or write."""
    in_place_of: Mapped[str | None] = mapped_column(default=None)
    """User id of the person for whom a delegate is told."""
    digest: Mapped[bool] = mapped_column(default=False)
    """It goes out together with the others that wait at its destination."""
    status: Mapped[str] = mapped_column(default="waiting")
    """waiting, sending, delivered, dead, or dropped: it was needed no more."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[int]
    lease_until: Mapped[int | None] = mapped_column(default=None)
    last_error: Mapped[str | None] = mapped_column(default=None)
    """Why it did not arrive, or is needed no more."""
    created_at: Mapped[int]
    ended_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (
        # one event is told once at each place
        Index("ix_notices_once", "destination_id", "seq", "why", unique=True),
        Index("ix_notices_due", "status", "next_at"),
        Index("ix_notices_approval", "approval_id", "id"),
    )

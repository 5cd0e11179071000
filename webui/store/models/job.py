"""Work beside the requests, and the draft of a policy that is asked along."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model

OPEN_JOB = text("state IN ('queued', 'running')")
"""Which jobs somebody has yet to finish; few, however many there were."""


class Job(Model):
    """One long piece of work: who asked, how far it is, and what came of it."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    kind: Mapped[str]
    state: Mapped[str]
    """queued, running, done, failed or cancelled."""
    input: Mapped[str]
    """JSON of what was asked for."""
    made_by: Mapped[str]
    """As the log names them."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    """What `done` grows to; 0 before that is known."""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was begun; more than once after a restart."""
    taken_by: Mapped[str | None] = mapped_column(default=None)
    """The attempt that works on it: whoever cannot name it has lost it."""
    lease_expires_at: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[int]
    started_at: Mapped[int | None] = mapped_column(default=None)
    ended_at: Mapped[int | None] = mapped_column(default=None)
    result: Mapped[str | None] = mapped_column(default=None)
    """JSON, of bounded size."""
    error: Mapped[str | None] = mapped_column(default=None)
    """Why it failed, as a sentence."""

    __table_args__ = (
        Index("ix_jobs_org", "org_id", "kind", "id"),
        Index("ix_jobs_open", "id", sqlite_where=OPEN_JOB, postgresql_where=OPEN_JOB),
        Index("ix_jobs_ended", "ended_at"),
    )


class PolicyShadow(Model):
    """The one draft of an org that is asked about every new call and decides none."""

    __tablename__ = "policy_shadows"

    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    text: Mapped[str]
    revision: Mapped[str]
    made_from: Mapped[int]
    """The number of the version in force when it began; 0 for none."""
    started_by: Mapped[str]
    started_at: Mapped[int]
    position: Mapped[str]
    """The id up to which calls were looked at."""
    state: Mapped[str] = mapped_column(default="{}")
    """JSON of its counters, its figures and the newest disagreements."""
    error: Mapped[str | None] = mapped_column(default=None)
    """Why it stands still, as a sentence; none while it goes on."""

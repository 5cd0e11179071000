"""Jobs for screens and workers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from webui.approvals.jobs import anything_due
from webui.store.models import Job


def one(session: Session, org_id: str, kind: str, job_id: str) -> Job | None:
    """Return one job of an org; of another kind it is as unknown as an unknown one."""
    return session.scalar(
        select(Job).where(Job.id == job_id, Job.org_id == org_id, Job.kind == kind)
    )


def newest(
    session: Session, org_id: str, kind: str, limit: int, before: str | None = None
) -> Sequence[Job]:
    """Return jobs of a kind, newest first, without what they were given and what came of them."""
    found = select(Job).where(Job.org_id == org_id, Job.kind == kind)
    if before is not None:
        found = found.where(Job.id < before)
    found = found.options(defer(Job.input), defer(Job.result))
    return session.scalars(found.order_by(Job.id.desc()).limit(limit)).all()


def any_due(session: Session, now: int) -> bool:
    """Say whether a worker would find something to do."""
    due = select(Job.id).where(anything_due(now)).limit(1)
    return session.scalar(due) is not None

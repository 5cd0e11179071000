"""Long work beside the requests: asked for by a person, taken by one node, begun anew if it dies.

A job is held under a lease that its worker renews. Whoever cannot name the attempt any more has
lost it: the lease ran out, or somebody cancelled.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.people.standing import By, lock_org
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import Job
from webui.store.models.job import OPEN_JOB
from webui.store.transaction import Transaction

LEASE: Final = 15_000
"""ms without a sign of life after which another node begins a job anew."""
ATTEMPTS_MAX: Final = 5
OPEN_MAX: Final = 5
"""Jobs of one org that wait or run at once."""
KEPT: Final = 30 * 86_400_000
"""ms for which a finished job and its result are kept."""
RESULT_MAX: Final = 262_144
"""Characters of a result."""
DIED: Final = sentence(
    "It was begun %(count)s times and never came to an end; the server's log may say why.",
    count=ATTEMPTS_MAX,
)


class State(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job as its worker knows it."""

    id: str
    org_id: str
    kind: str
    token: str
    attempt: int
    input: Mapping[str, Any]
    created_at: int


def ask_for(
    tx: Transaction, org_id: str, kind: str, wanted: Mapping[str, Any], by: By
) -> str:
    """Put a job into the queue and return its id.

    Raises:
        ConflictError: so many of this org's wait or run already.

    """
    lock_org(tx, org_id)
    waiting = select(func.count()).where(Job.org_id == org_id, OPEN_JOB)
    if (tx.session.scalar(waiting) or 0) >= OPEN_MAX:
        raise ConflictError(
            "too_many_jobs",
            sentence(
                "%(count)s jobs of this organization wait or run already; let one end, or "
                "cancel one.",
                count=OPEN_MAX,
            ),
        )
    job = Job(
        id=new_id("job", tx.now),
        org_id=org_id,
        kind=kind,
        state=State.QUEUED,
        input=json.dumps(wanted),
        made_by=by.name,
        created_at=tx.now,
    )
    tx.session.add(job)
    tx.session.flush()
    return job.id


def anything_due(tx_now: int) -> ColumnElement[bool]:
    """Return the condition of jobs that somebody should take."""
    died = and_(Job.state == State.RUNNING, Job.lease_expires_at < tx_now)
    return and_(OPEN_JOB, or_(Job.state == State.QUEUED, died))


def claim(tx: Transaction, only: str | None = None) -> Claimed | None:
    """Take the oldest job that waits or whose worker died; `only` if its id is given."""
    due = anything_due(tx.now)
    wanted = select(Job).where(due).order_by(Job.id).limit(1)
    if only is not None:
        wanted = wanted.where(Job.id == only)
    job = tx.session.scalar(wanted.with_for_update(skip_locked=True))
    if job is None:
        return None
    if job.attempts >= ATTEMPTS_MAX:
        _end(tx, Job.id == job.id, State.FAILED, error=DIED)
        return None
    token = secrets.token_hex(8)
    tx.session.execute(
        update(Job)
        .where(Job.id == job.id, due)
        .values(
            state=State.RUNNING,
            taken_by=token,
            attempts=Job.attempts + 1,
            lease_expires_at=tx.now + LEASE,
            started_at=func.coalesce(Job.started_at, tx.now),
            done=0,
        )
    )
    return Claimed(
        job.id,
        job.org_id,
        job.kind,
        token,
        job.attempts + 1,
        json.loads(job.input),
        job.created_at,
    )


def beat(tx: Transaction, job: Claimed, done: int, total: int) -> bool:
    """Say that a job lives and how far it is; False: it is not ours any more, so stop."""
    still = (
        update(Job)
        .where(_ours(job))
        .values(done=done, total=total, lease_expires_at=tx.now + LEASE)
        .returning(Job.id)
    )
    return tx.session.execute(still).first() is not None


def finish(tx: Transaction, job: Claimed, result: Mapping[str, Any]) -> bool:
    """Keep what came of a job, if it is still ours."""
    text = json.dumps(result, ensure_ascii=False)
    if len(text) > RESULT_MAX:
        return fail(tx, job, sentence("Its result is too large to be kept."))
    return _end(tx, _ours(job), State.DONE, result=text, done=Job.total)


def fail(tx: Transaction, job: Claimed, why: str) -> bool:
    """End a job that cannot be done, with the sentence why."""
    return _end(tx, _ours(job), State.FAILED, error=why)


def give_back(tx: Transaction, job: Claimed) -> None:
    """Let another worker begin it anew at once: this one has to stop. No attempt is counted."""
    values = {"state": State.QUEUED, "taken_by": None, "lease_expires_at": None}
    tx.session.execute(
        update(Job).where(_ours(job)).values(**values, attempts=Job.attempts - 1)
    )


def cancel(tx: Transaction, org_id: str, kind: str, job_id: str) -> bool:
    """End a job that waits or runs; False: it had ended already.

    Raises:
        NotFoundError: there is none of this kind in the org.

    """
    which = and_(Job.id == job_id, Job.org_id == org_id, Job.kind == kind)
    if _end(tx, and_(which, OPEN_JOB), State.CANCELLED):
        return True
    if tx.session.scalar(select(Job.id).where(which)) is None:
        raise NotFoundError(kind)
    return False


def forget_old(tx: Transaction) -> int:
    """Drop jobs that ended long ago, with their results."""
    old = delete(Job).where(Job.ended_at < tx.now - KEPT).returning(Job.id)
    return len(tx.session.execute(old).all())


def _ours(job: Claimed) -> ColumnElement[bool]:
    return and_(Job.id == job.id, Job.taken_by == job.token, Job.state == State.RUNNING)


def _end(tx: Transaction, which: ColumnElement[bool], state: State, **more: Any) -> bool:
    ended = {"state": state, "ended_at": tx.now, "taken_by": None, "lease_expires_at": None}
    changed = update(Job).where(which).values(**ended, **more).returning(Job.id)
    options = {"synchronize_session": False}
    return tx.session.execute(changed, execution_options=options).first() is not None

"""What the pages of the policy lab's long work share: jobs as they are shown, and calls in lists."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.authorization import POLICY_READ, VIEW
from webui.approvals.errors import NotFoundError
from webui.approvals.jobs import DIED, State
from webui.approvals.policy import Verdict, rule_told
from webui.preview import visible
from webui.sentences import kept, sentence, sentence_in
from webui.store.models import Job, User
from webui.store.queries import jobs
from webui.store.queries.recorded import rows_with
from webui.web.access import may_view, require
from webui.web.context import house
from webui.web.person import Person
from webui.web.rows import RowView, row_view

VERDICTS = {
    Verdict.ALLOW: sentence("allow"),
    Verdict.REQUIRE_APPROVAL: sentence("require approval"),
    Verdict.DENY: sentence("deny"),
}
"""What a policy says of a call, in words."""
PAST = 30
"""Past jobs on a page."""
LONGEST_TEXT = 131_072
_WORDS = {
    State.QUEUED: sentence("Waits for its turn"),
    State.RUNNING: sentence("Runs"),
    State.DONE: sentence_in("a job", "Done"),
    State.FAILED: sentence("Failed"),
    State.CANCELLED: sentence_in("a job", "Cancelled"),
}
_BADGES = {
    State.QUEUED: "pending",
    State.RUNNING: "executing",
    State.DONE: "approved",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class JobView:
    """A job on a page."""

    id: str
    state: str
    word: str
    badge: str
    """The status whose badge it wears."""
    open: bool
    share: int
    """How far it is, in a hundredth."""
    made_by: str
    created_at: int
    ended_at: int | None
    error: str | None
    again: bool
    """It was begun anew."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A call in a list of the lab."""

    row: RowView
    rule: str
    words: str = ""
    """What both policies say of it, where that differs from call to call."""


def reader() -> Person:
    """Return the person, who may read the policy and see all calls of their org."""
    require(POLICY_READ)
    return require(VIEW)


def job_of(session: Session, org_id: str, kind: str, job_id: str) -> Job:
    """Return a job of the org.

    Raises:
        NotFoundError: there is none.

    """
    job = jobs.one(session, org_id, kind, job_id)
    if job is None:
        raise NotFoundError(kind)
    return job


def job_views(session: Session, found: Sequence[Job]) -> list[JobView]:
    """Return jobs as they are shown."""
    ids = {job.made_by.removeprefix("user:") for job in found}
    users = select(User.id, User.display_name).where(User.id.in_(ids))
    names = dict(session.execute(users).all())
    return [_view(job, names) for job in found]


def _view(job: Job, names: Mapping[str, str]) -> JobView:
    state = State(job.state)
    name = names.get(job.made_by.removeprefix("user:"))
    return JobView(
        id=job.id,
        state=job.state,
        word=_WORDS[state],
        badge=_BADGES[state],
        open=state in {State.QUEUED, State.RUNNING},
        share=job.done * 100 // job.total if job.total else 0,
        made_by=sentence_in("by whom", "the command line")
        if name is None
        else visible(name),
        created_at=job.created_at,
        ended_at=job.ended_at,
        error=_why(job.error),
        again=job.attempts > 1,
    )


def _why(error: str | None) -> str | None:
    """Return why a job ended, which was kept in English."""
    if error is None:
        return None
    return DIED if error == DIED else kept(error)


def past(session: Session, org_id: str, kind: str) -> list[JobView]:
    """Return the newest jobs of a kind."""
    return job_views(session, jobs.newest(session, org_id, kind, PAST))


def result_of(job: Job) -> dict[str, Any] | None:
    """Return what came of a job."""
    return None if job.result is None else json.loads(job.result)


def listed(
    session: Session, org_id: str, calls: Iterable[Mapping[str, Any]]
) -> list[Listed]:
    """Return calls in the order given, as the history shows them, as far as this person may see them."""
    wanted = list(calls)
    found = rows_with(session, org_id, [call["approval"] for call in wanted])
    now = house().store.now()
    shown = []
    for call in wanted:
        row = found.get(call["approval"])
        if row is not None and may_view(row.approval):
            url = url_for("approval.page", approval_id=row.approval.id)
            view = row_view(row, now, url)
            shown.append(
                Listed(view, visible(rule_told(call.get("rule", ""))), _both(call))
            )
    return shown


def _both(call: Mapping[str, Any]) -> str:
    """Return what policy and draft say of a call, where they differ from call to call."""
    if "live" not in call:
        return ""
    return sentence(
        "policy: %(live)s, the draft %(draft)s",
        live=said(call["live"]),
        draft=said(call["draft"]),
    )


def said(verdict: str) -> str:
    """Return a verdict as it was kept, in words."""
    return VERDICTS[Verdict(verdict)]

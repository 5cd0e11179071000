"""The reviewers' API on long work of the policy lab: backtests and suggestions."""

import json
from typing import Any

from flask import Response, request

from webui.api.answers import answer_json, answer_page
from webui.api.keys import runtime
from webui.api.operations import Query, operation
from webui.api.paging import page_of
from webui.api.permitted import person_with
from webui.api.reading import read_body
from webui.api.schemas import BacktestBody, SuggestionsBody
from webui.approvals import jobs
from webui.approvals.authorization import POLICY_READ, VIEW
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.approvals.people.standing import By
from webui.audit.chain import rfc3339
from webui.replays import backtest, suggestions
from webui.replays.backtest import ask_for_backtest
from webui.replays.suggestions import ask_for_suggestions
from webui.store.models import Job
from webui.store.queries import jobs as queries
from webui.store.queries.identity import Signed

_BACKTESTS = "/api/v1/review/policy/backtests"
_SUGGESTIONS = "/api/v1/review/policy/suggestions"
_PAGES = (
    Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
    Query("cursor", {"type": "string"}, "`next_cursor` of the page before."),
)


@operation(
    "POST",
    _BACKTESTS,
    "Replay a draft over the recorded calls; answers at once with the job that does it",
    body=BacktestBody,
    reviewer=True,
    answers={202: "Job"},
)
def start_backtest() -> Response:
    """Put a backtest into the queue."""
    who, body = _asker(), read_body(BacktestBody)
    days = None if body.all else body.days
    job_id = runtime().store.write(
        lambda tx: ask_for_backtest(tx, who.org_id, body.text, days, By(who.user_id))
    )
    return _answer(who.org_id, backtest.KIND, job_id, 202)


@operation(
    "GET",
    _BACKTESTS,
    "The backtests of the last 30 days, newest first, without their results",
    reviewer=True,
    queries=_PAGES,
    answers={200: "JobList"},
)
def list_backtests() -> Response:
    """Return a page of backtests."""
    return _listed(backtest.KIND)


@operation(
    "GET",
    f"{_BACKTESTS}/<backtest_id>",
    "One backtest: how far it is, and its result once it is done",
    reviewer=True,
    answers={200: "Job"},
)
def read_backtest(backtest_id: str) -> Response:
    """Return a backtest."""
    return _answer(person_with(POLICY_READ, VIEW).person.org_id, backtest.KIND, backtest_id)


@operation(
    "POST",
    f"{_BACKTESTS}/<backtest_id>/cancel",
    "End a backtest that waits or runs; one that has ended stays as it is",
    reviewer=True,
    answers={200: "Job"},
)
def cancel_backtest(backtest_id: str) -> Response:
    """Cancel a backtest."""
    return _cancelled(backtest.KIND, backtest_id)


@operation(
    "POST",
    _SUGGESTIONS,
    "Look for calls that people always approve; answers at once with the job that does it",
    body=SuggestionsBody,
    reviewer=True,
    answers={202: "Job"},
)
def start_suggestions() -> Response:
    """Put a search for suggestions into the queue."""
    who, body = _asker(), read_body(SuggestionsBody)
    numbers = (body.approvals, body.people, body.days)
    job_id = runtime().store.write(
        lambda tx: ask_for_suggestions(tx, who.org_id, *numbers, By(who.user_id))
    )
    return _answer(who.org_id, suggestions.KIND, job_id, 202)


@operation(
    "GET",
    _SUGGESTIONS,
    "The searches for suggestions of the last 30 days, newest first, without their results",
    reviewer=True,
    queries=_PAGES,
    answers={200: "JobList"},
)
def list_suggestions() -> Response:
    """Return a page of searches."""
    return _listed(suggestions.KIND)


@operation(
    "GET",
    f"{_SUGGESTIONS}/<search_id>",
    "One search for suggestions, and what it found",
    reviewer=True,
    answers={200: "Job"},
)
def read_suggestions(search_id: str) -> Response:
    """Return a search."""
    org_id = person_with(POLICY_READ, VIEW).person.org_id
    return _answer(org_id, suggestions.KIND, search_id)


@operation(
    "POST",
    f"{_SUGGESTIONS}/<search_id>/cancel",
    "End a search that waits or runs; one that has ended stays as it is",
    reviewer=True,
    answers={200: "Job"},
)
def cancel_suggestions(search_id: str) -> Response:
    """Cancel a search."""
    return _cancelled(suggestions.KIND, search_id)


def _asker() -> Signed:
    """Return the person, who asks for work themselves: a token made for an agent only reads."""
    holder = person_with(POLICY_READ, VIEW)
    if holder.agent_context:
        raise NotAllowedError(
            "agent_context",
            "This token is made for an agent: it reads, and begins nothing.",
        )
    return holder.person


def _cancelled(kind: str, job_id: str) -> Response:
    org_id = _asker().org_id
    runtime().store.write(lambda tx: jobs.cancel(tx, org_id, kind, job_id))
    return _answer(org_id, kind, job_id)


def _listed(kind: str) -> Response:
    who, page = person_with(POLICY_READ, VIEW).person, page_of(request.args)
    with runtime().store.reading() as session:
        found = queries.newest(session, who.org_id, kind, page.limit, page.cursor)
    cursor = found[-1].id if len(found) == page.limit else None
    return answer_page([job_document(each) for each in found], page, cursor)


def _answer(org_id: str, kind: str, job_id: str, status: int = 200) -> Response:
    with runtime().store.reading() as session:
        job = queries.one(session, org_id, kind, job_id)
    if job is None:
        raise NotFoundError(kind)
    result = None if job.result is None else json.loads(job.result)
    return answer_json(job_document(job) | {"result": result}, status)


def job_document(job: Job) -> dict[str, Any]:
    """Return how far a job is."""
    return {
        "id": job.id,
        "state": job.state,
        "progress": round(job.done / job.total, 4) if job.total else 0.0,
        "attempts": job.attempts,
        "made_by": job.made_by,
        "created_at": rfc3339(job.created_at),
        "ended_at": None if job.ended_at is None else rfc3339(job.ended_at),
        "error": job.error,
    }

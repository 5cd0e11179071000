"""The small admin API: a reviewer's token lists, approves and denies (spec: api.md).

Kept for the tools of policy gateways of this kind. Off by default: to everyone else it does
not exist, since even localhost is an attack surface.
"""

import re
from collections.abc import Sequence
from typing import Any

from flask import Response, abort, request

from webui.api.answers import answer_json, answer_page
from webui.api.documents import approval_document
from webui.api.keys import access, person, runtime, standing
from webui.api.operations import Query, operation
from webui.api.paging import page_of
from webui.api.reading import read_body
from webui.api.schemas import DecideBody
from webui.approvals.arguments import open_arguments
from webui.approvals.authorization import DECIDE, VIEW
from webui.approvals.deciding import decide
from webui.approvals.errors import Fault, InvalidError, NotAllowedError, NotFoundError
from webui.approvals.reviewing import (
    Look,
    Reviewer,
    owner_now,
    resource_of,
    seal_of,
)
from webui.approvals.states import Verdict
from webui.gating import refuse_unseen
from webui.preview import PREVIEW_VERSION, masked_arguments
from webui.store.models import Approval
from webui.store.queries import calls
from webui.store.queries.calls import Filters, Row, Vote
from webui.store.queries.identity import TokenHolder
from webui.store.queries.seeing import seen_by

_CURSOR = "^([0-9]{1,15}-apr_[0-9A-Z]{26})?$"


def _only_if_switched_on() -> None:
    if not runtime().settings.admin_api:
        abort(404)


def _visible(holder: TokenHolder, row: Row | None) -> Row:
    """Return the row if this token may show it; else it is as if it did not exist."""
    if row is None or not access(holder, VIEW, resource_of(row.approval)).allowed:
        raise NotFoundError("approval")
    return row


@operation(
    "GET",
    "/api/pending",
    "What waits for a decision",
    reviewer=True,
    queries=(
        Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
        Query(
            "cursor",
            {"type": "string", "pattern": _CURSOR},
            "`next_cursor` of the page before.",
        ),
    ),
    answers={200: "ApprovalList"},
)
def list_pending() -> Response:
    """Return the open approvals that this person may see, the most urgent first."""
    _only_if_switched_on()
    holder = person()
    who, house = holder.person, runtime()
    page = page_of(request.args)
    with house.store.reading() as session:
        rows = calls.queue(
            session,
            who.org_id,
            house.store.now(),
            Filters(seen=seen_by(session, standing(holder))),
            limit=page.limit,
            after=_place(page.cursor),
        )
        votes = calls.votes(session, [row.approval.id for row in rows])
    items = [
        _plain(row.approval, votes.get(row.approval.id, []))
        | {"line": row.approval.line, "agent_name": row.agent_name}
        for row in rows
        if access(holder, VIEW, resource_of(row.approval)).allowed
    ]
    for item in items:
        del item["ctx"]  # as long as arguments may be: the line has to do
    return answer_page(items, page, _cursor(rows) if len(rows) == page.limit else None)


def _cursor(rows: Sequence[Row]) -> str:
    last = rows[-1].approval
    return f"{last.expires_at}-{last.id}"


def _place(cursor: str) -> tuple[int, str] | None:
    """Return (expires_at, id) of the last row of the page before."""
    if not cursor:
        return None
    if not re.fullmatch(_CURSOR, cursor):
        raise InvalidError(
            "This page cannot be given.",
            [Fault("/cursor", "must be the next_cursor of the page before")],
        )
    at, _, last = cursor.partition("-")
    return int(at), last


@operation(
    "GET",
    "/api/pending/<approval_id>",
    "One approval as a reviewer sees it",
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def read_pending(approval_id: str) -> Response:
    """Return the approval as its page shows it, secrets masked, and the seal to decide it with."""
    _only_if_switched_on()
    holder = person()
    with runtime().store.reading() as session:
        row = _visible(holder, calls.one(session, holder.person.org_id, approval_id))
        arguments = open_arguments(session, runtime().keyring, row.approval).value
        votes = calls.votes(session, [approval_id]).get(approval_id, [])
        owner = owner_now(session, row.approval)
    answer = access(holder, DECIDE, resource_of(row.approval, owner))
    document = _document(row.approval, votes) | {
        "seal": seal_of(row.approval, PREVIEW_VERSION),
        "may_decide": answer.allowed,
        "why_not": None if answer.allowed else answer.explanation,
        "arguments": masked_arguments(arguments, runtime().profile(holder.person.org_id)),
    }
    return answer_json(document)


def _document(approval: Approval, votes: Sequence[Vote]) -> dict[str, Any]:
    """Return an approval as people see it; only the agent itself gets its secrets back."""
    document = _plain(approval, votes)
    profile = runtime().profile(approval.org_id)
    return document | masked_arguments({"ctx": document["ctx"]}, profile)


def _plain(approval: Approval, votes: Sequence[Vote]) -> dict[str, Any]:
    house = runtime()
    return approval_document(
        approval, votes, public_url=house.public_url, now=house.store.now()
    )


@operation(
    "POST",
    "/api/approve/<approval_id>",
    "Approve",
    body=DecideBody,
    body_optional=True,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def approve(approval_id: str) -> Response:
    """Approve; a repeat is fine, anything else after settlement is 409."""
    return _decide(approval_id, Verdict.APPROVE)


@operation(
    "POST",
    "/api/deny/<approval_id>",
    "Deny",
    body=DecideBody,
    body_optional=True,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def deny(approval_id: str) -> Response:
    """Deny; a repeat is fine, anything else after settlement is 409."""
    return _decide(approval_id, Verdict.DENY)


def _decide(approval_id: str, verdict: Verdict) -> Response:
    _only_if_switched_on()
    holder = person()
    who = holder.person
    body = read_body(DecideBody, optional=True)
    with runtime().store.reading() as session:
        row = _visible(holder, calls.one(session, who.org_id, approval_id))
        if not holder.carries(DECIDE):
            refused = access(holder, DECIDE, resource_of(row.approval))
            raise NotAllowedError("scope_missing", refused.explanation)
        if verdict is Verdict.APPROVE:
            refuse_unseen(session, runtime().keyring, row.approval)
    reviewer = Reviewer(
        who.user_id,
        who.display_name,
        "token",
        session_id=f"token:{holder.token_id}",
        address=request.remote_addr or "",
        user_agent=request.headers.get("User-Agent", "")[:300],
        agent_context=holder.agent_context,
        method="token",
    )
    look = Look(body.seal, PREVIEW_VERSION)
    decided = runtime().store.write(
        lambda tx: decide(tx, reviewer, who.org_id, approval_id, verdict, body.reason, look)
    )
    if decided.refusal is not None:
        raise decided.refusal
    with runtime().store.reading() as session:
        votes = calls.votes(session, [approval_id]).get(approval_id, [])
    return answer_json(_document(decided.approval, votes))

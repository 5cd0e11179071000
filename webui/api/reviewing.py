"""The reviewers' API, reading: what a person may see, and one call as its page shows it."""

import re
from collections.abc import Sequence

from flask import Response, request
from sqlalchemy.orm import Session

from webui.api.answers import answer_json, answer_page
from webui.api.keys import access, person, runtime, standing
from webui.api.operations import Query, operation
from webui.api.paging import page_of
from webui.api.people import alone, bar, listed, one_now
from webui.approvals.answering.reviewing import owners_now, resource_of
from webui.approvals.authorization import VIEW
from webui.approvals.ending import current_status
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.states import OPEN, Risk, Status
from webui.store.queries import calls, settled
from webui.store.queries.calls import Filters, Row
from webui.store.queries.identity import TokenHolder
from webui.store.queries.seeing import seen_by

CURSOR = "^([0-9]{1,15}-apr_[0-9A-Z]{26})?$"
PAGING = (
    Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
    Query(
        "cursor",
        {"type": "string", "pattern": CURSOR},
        "`next_cursor` of the page before.",
    ),
)


@operation(
    "GET",
    "/api/v1/review/approvals",
    "What a reviewer may see: without a status what waits, the most urgent first",
    reviewer=True,
    queries=(
        Query(
            "status",
            {"enum": [str(status) for status in Status]},
            "Of this status; settled ones come newest first.",
        ),
        Query(
            "risk",
            {"enum": [str(risk) for risk in Risk]},
            "Handled as of this risk at least.",
        ),
        Query("tool", {"type": "string"}, "Of this tool; a star at the end fits any end."),
        Query("agent", {"type": "string"}, "Of this agent, by name or id."),
        Query("session", {"type": "string"}, "Of this session."),
        Query("mine", {"enum": ["1"]}, "Only what I may decide; a page may be shorter."),
        *PAGING,
    ),
    answers={200: "ReviewList"},
)
def list_reviews() -> Response:
    """Return a page of what the person may see; arguments are left out."""
    holder = person()
    page = page_of(request.args)
    after = place_of(page.cursor)
    with runtime().store.reading() as session:
        found, cursor = _found(session, holder, after, page.limit)
        shown = [row for row in found if _fits(row, holder)]
        if request.args.get("mine"):
            shown = _mine(session, holder, shown)
        items = listed(session, shown)
    return answer_page(items, page, cursor)


def _found(
    session: Session, holder: TokenHolder, after: tuple[int, str] | None, limit: int
) -> tuple[Sequence[Row], str | None]:
    """Return a page, and where the next one begins."""
    asked, org_id = request.args, holder.person.org_id
    filters = Filters(
        tool=asked.get("tool", ""),
        agent=asked.get("agent", ""),
        risk=asked.get("risk", ""),
        session=asked.get("session", ""),
        status=asked.get("status", ""),
        seen=seen_by(session, standing(holder)),
    )
    if not filters.status or filters.status in OPEN:
        now = runtime().store.now()
        found = calls.queue(session, org_id, now, filters, limit, after)
        return found, cursor_of(found) if len(found) == limit else None
    ended = settled.history(session, org_id, filters, after, limit)
    if ended.looked_to is not None:  # looking stopped there before the page was full
        return ended.rows, "{}-{}".format(*ended.looked_to)
    return ended.rows, cursor_of(ended.rows) if len(ended.rows) == limit else None


def _fits(row: Row, holder: TokenHolder) -> bool:
    """Say whether a row may be seen and is what was asked for, by its status of now."""
    approval, asked = row.approval, request.args
    status = asked.get("status")
    risk = Risk(asked.get("risk", Risk.LOW))
    return (
        (not status or current_status(approval, runtime().store.now()) == status)
        and Risk(approval.handled_as).level >= risk.level
        and approval.session == asked.get("session", approval.session)
        and access(holder, VIEW, resource_of(approval)).allowed
    )


def _mine(session: Session, holder: TokenHolder, rows: Sequence[Row]) -> list[Row]:
    owners = owners_now(session, (row.approval for row in rows))
    votes = calls.votes(session, [row.approval.id for row in rows])
    return [
        row
        for row in rows
        if bar(
            holder,
            row,
            owners[row.approval.agent_id],
            votes.get(row.approval.id, []),
        )
        is None
    ]


def cursor_of(rows: Sequence[Row]) -> str:
    """Return the place after the last row of a page."""
    last = rows[-1].approval
    at = last.expires_at if last.status in OPEN else last.settled_at
    return f"{at}-{last.id}"


def place_of(cursor: str) -> tuple[int, str] | None:
    """Return (ms, id) of the last row of the page before.

    Raises:
        InvalidError: it is no cursor of ours.

    """
    if not cursor:
        return None
    if not re.fullmatch(CURSOR, cursor):
        raise InvalidError(
            "This page cannot be given.",
            [Fault("/cursor", "must be the next_cursor of the page before")],
        )
    at, _, last = cursor.partition("-")
    return int(at), last


@operation(
    "GET",
    "/api/v1/review/approvals/<approval_id>",
    "One approval as its page shows it, secrets masked, with the seal to decide it",
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def read_review(approval_id: str) -> Response:
    """Return the approval, whether this person may decide it, and what a yes asks for."""
    holder = person()
    with runtime().store.reading() as session:
        row = one_now(session, holder, approval_id)
        document = alone(session, holder, row)
    return answer_json(document)

"""The small admin API: a reviewer's token lists, approves and denies (spec: api.md).

Kept for the tools of policy gateways of this kind. Off by default: to everyone else it does
not exist, since even localhost is an attack surface.
"""

from flask import Response, abort, request

from webui.api.answers import answer_json, answer_page
from webui.api.keys import access, person, reviewer, runtime, standing
from webui.api.operations import operation
from webui.api.paging import page_of
from webui.api.people import alone, check_carries, listed, visible
from webui.api.reading import read_body
from webui.api.reviewing import PAGING, cursor_of, place_of
from webui.api.schemas import DecideBody
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look, resource_of
from webui.approvals.authorization import VIEW
from webui.approvals.states import Verdict
from webui.gating import refuse_unseen
from webui.preview import PREVIEW_VERSION
from webui.store.queries import calls
from webui.store.queries.calls import Filters
from webui.store.queries.identity import TokenHolder
from webui.store.queries.seeing import seen_by


def _only_if_switched_on() -> None:
    if not runtime().settings.admin_api:
        abort(404)


@operation(
    "GET",
    "/api/pending",
    "What waits for a decision",
    reviewer=True,
    admin_api=True,
    queries=PAGING,
    answers={200: "ReviewList"},
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
            after=place_of(page.cursor),
        )
        shown = [
            row for row in rows if access(holder, VIEW, resource_of(row.approval)).allowed
        ]
        items = listed(session, shown)
    return answer_page(items, page, cursor_of(rows) if len(rows) == page.limit else None)


@operation(
    "GET",
    "/api/pending/<approval_id>",
    "One approval as a reviewer sees it",
    reviewer=True,
    admin_api=True,
    answers={200: "ReviewApproval"},
)
def read_pending(approval_id: str) -> Response:
    """Return the approval as its page shows it, secrets masked, and the seal to decide it with."""
    _only_if_switched_on()
    return _answer(person(), approval_id)


def _answer(holder: TokenHolder, approval_id: str) -> Response:
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, holder.person.org_id, approval_id))
        document = alone(session, holder, row)
    return answer_json(document)


@operation(
    "POST",
    "/api/approve/<approval_id>",
    "Approve",
    body=DecideBody,
    body_optional=True,
    reviewer=True,
    admin_api=True,
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
    admin_api=True,
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
    checked = None
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, who.org_id, approval_id))
        check_carries(holder, row)
        if verdict is Verdict.APPROVE:
            keyring = runtime().keyring
            checked = refuse_unseen(session, keyring, row.approval, who.user_id, body.seen)
    by = reviewer(holder)
    look = Look(body.seal, PREVIEW_VERSION, checked=checked)
    decided = runtime().store.write(
        lambda tx: decide(tx, by, who.org_id, approval_id, verdict, body.reason, look)
    )
    if decided.refusal is not None:
        raise decided.refusal
    return _answer(holder, approval_id)

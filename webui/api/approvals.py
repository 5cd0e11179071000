"""The agents' calls on approvals: file, look, wait, withdraw."""

from collections.abc import Sequence

from flask import Response, g, request

from webui.api.answers import (
    answer_approval,
    answer_document,
    answer_json,
    answer_page,
    load_own,
)
from webui.api.documents import in_list
from webui.api.keys import agent_with, runtime
from webui.api.limited import telling_limits
from webui.api.operations import Query, operation
from webui.api.paging import CURSOR, page_of, whole_number
from webui.api.reading import idempotency_key, read_ask, read_body
from webui.api.schemas import CancelBody, EmptyBody, MessageBody
from webui.api.waiting import bring_up_to_date, hold, unchanged
from webui.approvals import ending
from webui.approvals.answering import conversation
from webui.approvals.answering.settling import is_due
from webui.approvals.asking import intake
from webui.approvals.errors import DeskError, Fault, InvalidError
from webui.approvals.states import Status
from webui.asks import AskBody
from webui.store.models import Approval
from webui.store.queries import calls, own

WAIT_MAX = 60
READ = "approvals:read"
WRITE = "approvals:write"
_JSONRPC = Query(
    "format",
    {"type": "string", "enum": ["jsonrpc"]},
    "Add `jsonrpc_error` for MCP gateways.",
)


@operation(
    "POST",
    "/api/v1/approvals",
    "File an approval",
    body=AskBody,
    queries=(_JSONRPC,),
    answers={201: "Approval", 200: "Approval"},
)
@agent_with(WRITE)
def file_approval() -> Response:
    """File a call, or get the approval that already stands for it."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    house = runtime()
    key = idempotency_key()
    ask = read_ask(AskBody)
    with telling_limits(ask):
        filed = house.store.write(
            lambda tx: intake.submit_or_refuse(tx, filer, ask, house.limits, key)
        )
    if isinstance(filed, DeskError):
        raise filed
    return answer_approval(
        filed.approval,
        canonical=None if filed.reused else ask.canonical,
        status=200 if filed.reused else 201,
        reused=filed.reused,
    )


@operation(
    "GET",
    "/api/v1/approvals/<approval_id>",
    "Read an approval, or wait for its decision",
    queries=(
        Query(
            "wait",
            {"type": "integer", "minimum": 0, "maximum": WAIT_MAX},
            "Seconds to hold the answer while it is pending.",
        ),
        _JSONRPC,
    ),
    answers={200: "Approval", 304: ""},
)
@agent_with(READ)
def read_approval(approval_id: str) -> Response:
    """Answer at once unless it is pending and the caller wants to wait."""
    seconds = _wanted_wait()
    approval = load_own(approval_id)
    if is_due(approval, runtime().store.now()):
        bring_up_to_date(g.filer.org_id, approval_id)
        approval = load_own(approval_id)
    if seconds and unchanged(approval.status, approval.version, approval.message_count):
        hold(approval_id, seconds)
        approval = load_own(approval_id)
    return answer_approval(approval)


def _wanted_wait() -> int:
    seconds = whole_number(request.args.get("wait", "0"))
    if seconds is None or seconds > WAIT_MAX:
        raise InvalidError(
            f"`wait` must be whole seconds from 0 to {WAIT_MAX}.",
            [Fault("/wait", f"must be 0 to {WAIT_MAX}")],
        )
    return seconds


@operation(
    "GET",
    "/api/v1/approvals",
    "List the agent's own approvals; a page may be short while `next_cursor` is there",
    queries=(
        Query("status", {"enum": [str(status) for status in Status]}, "Of this status."),
        Query("session", {"type": "string"}, "Only of this session."),
        Query("tool", {"type": "string"}, "Only of this tool."),
        Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
        Query(
            "cursor",
            {"type": "string", "pattern": CURSOR},
            "`next_cursor` of the page before.",
        ),
    ),
    answers={200: "ApprovalList"},
)
@agent_with(READ)
def list_approvals() -> Response:
    """Return a page of the agent's approvals, newest first; arguments are left out."""
    page = page_of(request.args)
    with runtime().store.reading() as session:
        found = own.of_agent(
            session,
            g.filer.agent_id,
            runtime().store.now(),
            status=request.args.get("status", ""),
            run_session=request.args.get("session", ""),
            tool=request.args.get("tool", ""),
            before=page.cursor,
            limit=page.limit + 1,
        )
        votes = calls.votes(session, [approval.id for approval in found.rows])
    items = [
        in_list(answer_document(approval, votes.get(approval.id, []), ()))
        for approval in found.rows[: page.limit]
    ]
    more = len(found.rows) > page.limit
    return answer_page(items, page, items[-1]["id"] if more else found.looked_to)


@operation(
    "POST",
    "/api/v1/approvals/<approval_id>/cancel",
    "Withdraw an approval",
    body=CancelBody,
    body_optional=True,
    answers={200: "Approval"},
)
@agent_with(WRITE)
def cancel_approval(approval_id: str) -> Response:
    """Withdraw the agent's own open approval."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    read_body(CancelBody, optional=True)
    approval = runtime().store.write(
        lambda tx: ending.cancel(tx, filer.org_id, filer.agent_id, approval_id)
    )
    return answer_approval(approval)


@operation(
    "POST",
    "/api/v1/approvals/<approval_id>/messages",
    "Say something to the reviewers",
    body=MessageBody,
    answers={200: "Approval"},
)
@agent_with(WRITE)
def write_to_reviewers(approval_id: str) -> Response:
    """Add to the conversation; the answer to a request for changes lets it wait again."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    body = read_body(MessageBody)
    return answer_approval(
        runtime().store.write(
            lambda tx: conversation.reply(tx, filer, approval_id, body.text)
        )
    )


@operation(
    "POST",
    "/api/v1/sessions/<path:name>/end",
    "End a session: its open approvals are cancelled",
    body=EmptyBody,
    body_optional=True,
    answers={200: "EndedList"},
)
@agent_with(WRITE)
def end_session(name: str) -> Response:
    """Cancel what this agent's session still has open, and nobody else's."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    read_body(EmptyBody, optional=True)
    ended = runtime().store.write(
        lambda tx: ending.end_session(tx, filer.org_id, filer.agent_id, name)
    )
    return _answer_ended(ended)


@operation(
    "POST",
    "/api/v1/runs/<path:name>/end",
    "End a run: its open approvals are cancelled",
    body=EmptyBody,
    body_optional=True,
    answers={200: "EndedList"},
)
@agent_with(WRITE)
def end_run(name: str) -> Response:
    """Cancel what this agent's run still has open; other runs go on."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    read_body(EmptyBody, optional=True)
    ended = runtime().store.write(
        lambda tx: ending.end_run(tx, filer.org_id, filer.agent_id, name)
    )
    return _answer_ended(ended)


def _answer_ended(ended: Sequence[Approval]) -> Response:
    items = [in_list(answer_document(approval, [], ())) for approval in ended]
    return answer_json({"items": items, "next_cursor": None})

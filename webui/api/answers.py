"""Answers that show an approval to its own agent."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g, request

from webui.api.documents import (
    approval_document,
    edit_document,
    jsonrpc_error,
    with_arguments,
)
from webui.api.keys import runtime
from webui.api.paging import Page
from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.errors import NotFoundError
from webui.approvals.states import OPEN
from webui.store.models import Approval, Message
from webui.store.queries import calls, conversations
from webui.store.queries.calls import Vote

JSON = "application/json"


def load_own(approval_id: str) -> Approval:
    """Return the calling agent's own approval.

    Raises:
        NotFoundError: it is another agent's or another org's, or nowhere.

    """
    with runtime().store.reading() as session:
        approval = session.get(Approval, approval_id)
    if (
        approval is None
        or approval.org_id != g.filer.org_id
        or approval.agent_id != g.filer.agent_id
    ):
        raise NotFoundError("approval")
    return approval


def answer_document(
    approval: Approval, votes: Sequence[Vote], messages: Sequence[Message] | None = None
) -> dict[str, Any]:
    """Return an approval's document as of now; its conversation is looked up if not given."""
    house = runtime()
    if messages is None:
        messages = messages_on(approval)
    return approval_document(
        approval, votes, messages, public_url=house.public_url, now=house.store.now()
    )


def messages_on(approval: Approval) -> Sequence[Message]:
    """Return the conversation about an approval; where there is none, none is looked for."""
    if approval.message_count == 0:
        return ()
    with runtime().store.reading() as session:
        return conversations.messages(session, approval)


def told_of_edit(approval: Approval) -> dict[str, Any]:
    """Return what its agent is told of an edit; nothing where there was none."""
    if approval.edited_hash is None:
        return {}
    with runtime().store.reading() as session:
        asked = open_arguments(session, runtime().keyring, approval).value
        effective = effective_arguments(session, runtime().keyring, approval).value
    return edit_document(approval, asked, effective)


def etag_of(status: str, version: int, messages: int) -> str:
    """Return the entity tag of an approval's state and conversation."""
    return f"{version}-{status}-{messages}"


def votes_on(approval: Approval) -> list[Vote]:
    """Return the decisions on an approval; a fresh one has none, so none are looked for."""
    if approval.version == 1:
        return []
    with runtime().store.reading() as session:
        return calls.votes(session, [approval.id]).get(approval.id, [])


def answer_approval(
    approval: Approval,
    *,
    canonical: bytes | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    """Answer with the approval and its arguments, or 304 where the caller has it."""
    document = answer_document(approval, votes_on(approval)) | more
    tag = etag_of(document["status"], document["version"], approval.message_count)
    if request.method == "GET" and request.if_none_match.contains_weak(tag):
        return Response(status=304, headers={"ETag": f'"{tag}"'})
    if canonical is None:
        with runtime().store.reading() as session:
            canonical = open_arguments(session, runtime().keyring, approval).canonical
    document |= told_of_edit(approval)
    if _wants_jsonrpc() and document["status"] in OPEN:
        document["jsonrpc_error"] = jsonrpc_error(document)
    response = Response(with_arguments(document, canonical), status, content_type=JSON)
    response.headers["ETag"] = f'"{tag}"'
    if document["status"] in OPEN:
        response.headers["Retry-After"] = str(document["retry_after"])
    return response


def _wants_jsonrpc() -> bool:
    # The toolkit makes an error to say that a parameter is missing: nearly no call has any.
    return bool(request.query_string) and request.args.get("format") == "jsonrpc"


def answer_page(
    items: Sequence[Mapping[str, Any]], page: Page, cursor: str | None
) -> Response:
    """Answer with one page of a list, and a Link to the next one if there is one."""
    response = answer_json({"items": items, "next_cursor": cursor})
    if cursor is not None:
        response.headers["Link"] = f'<{page.link(request.path, cursor)}>; rel="next"'
    return response


def answer_json(document: Mapping[str, Any], status: int = 200) -> Response:
    """Answer with a JSON document."""
    return Response(json.dumps(document, ensure_ascii=False), status, content_type=JSON)

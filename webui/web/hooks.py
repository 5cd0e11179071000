"""Where sources send their webhooks: no person, no cookie, no form; a signature instead."""

import json
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from webui import problems
from webui.approvals.errors import NotFoundError
from webui.inbox import answering
from webui.inbox.taking import Taken, take
from webui.receivers.kind import Inbound, Refused
from webui.receivers.reading import MAX_BODY
from webui.web.context import house
from webui.web.csrf import protection
from webui.web.doors import public

blueprint = Blueprint("hooks", __name__)
NOBODY = (
    "No source takes deliveries at this address: compare it with the one on the source's page, "
    "where a paused source is resumed too."
)


@blueprint.post("/hooks/<source_id>")
@protection.exempt  # type: ignore[untyped-decorator] # published without types
@public
def receive(source_id: str) -> Response:
    """Take one delivery: 202 when it is filed, 200 when it was known or asks for nothing."""
    try:
        inbound = _inbound()
        own = answering.answer(house(), source_id, inbound)
        if own is not None:
            return Response(own.body, own.status, content_type=own.content_type)
        return _answer(take(house(), source_id, inbound))
    except NotFoundError as error:
        return problems.problem(404, error.code, NOBODY)
    except Refused as refused:
        return problems.problem(refused.status, refused.code, refused.detail)


def _inbound() -> Inbound:
    """Read the delivery as it came; the size is refused before the body is held."""
    # one byte more: a body without a length is cut off at the limit, not refused
    request.max_content_length = MAX_BODY + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = None
    if body is None or len(body) > MAX_BODY:
        raise Refused(413, "too_large", "The body is larger than 1 MiB (1,048,576 bytes).")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Inbound(headers, body, request.remote_addr or "")


def _answer(taken: Taken) -> Response:
    """Name the approval; of several actions in one delivery, the first and all of them."""
    listed = [{"id": each, "status": status} for each, status in taken.approvals]
    document: dict[str, Any] = listed[0] if listed else {"id": None, "status": "ignored"}
    if len(listed) > 1:
        document = document | {"approvals": listed}
    return Response(
        json.dumps(document),
        taken.status_code,
        {"Cache-Control": "no-store"},
        content_type="application/json",
    )

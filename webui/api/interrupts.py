"""What an interrupted graph is resumed with, for the program that runs it."""

from typing import Any

from flask import Response, g

from webui.api.answers import answer_json
from webui.api.approvals import WRITE
from webui.api.documents import RETRY_AFTER
from webui.api.keys import agent_with, runtime
from webui.api.operations import operation
from webui.inbox.resuming import resume


@operation(
    "GET",
    "/api/v1/interrupts/<approval_id>",
    "Read what to resume an interrupted graph with",
    answers={200: "Interrupt", 202: "Interrupt"},
)
@agent_with(WRITE)
def read_interrupt(approval_id: str) -> Response:
    """Answer 202 until all of it is answered; the first 200 uses every yes in it."""
    filer = g.filer
    found = resume(runtime(), filer.org_id, filer.agent_id, approval_id)
    document: dict[str, Any] = {
        "id": approval_id,
        "complete": found.complete,
        "approvals": [{"id": each, "status": status} for each, status in found.approvals],
        "resume": found.value,
    }
    response = answer_json(document, 200 if found.complete else 202)
    if not found.complete:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response

"""The conversation about a call on its page: what was said, and a form to say more."""

from flask import Blueprint, redirect, request

from webui.approvals.answering.conversation import say
from webui.approvals.errors import DeskError
from webui.problems import status_of
from webui.web.access import approval_or_404, me
from webui.web.approval import Answer, answer_as_it_stands, seen_now
from webui.web.context import house
from webui.web.doors import open_to_agents
from webui.web.leading import kept_line
from webui.web.links import link
from webui.web.render import part, wants_part

blueprint = Blueprint("talk", __name__, url_prefix="/approvals/<approval_id>")


@blueprint.post("/messages")
@open_to_agents  # to be refused where it is recorded
def write(approval_id: str) -> Answer:
    """Say something to the agent; it decides nothing."""
    by, org_id = me().reviewer(), me().org_id
    text = request.form.get("text", "").strip().replace("\r\n", "\n")
    with house().store.reading() as session:
        approval_or_404(session, approval_id)
    refusal: DeskError | None
    try:
        refusal = (
            house().store.write(lambda tx: say(tx, by, org_id, approval_id, text)).refusal
        )
    except DeskError as error:
        refusal = error
    if wants_part():
        return _part(approval_id, refusal, text)
    if refusal is not None:
        return answer_as_it_stands(
            approval_id, status_of(refusal), error=refusal.detail, text_typed=text
        )
    there = {"approval_id": approval_id, "_anchor": "conversation"}
    return redirect(link("approval.page", kept_line(), **there), 303)


def _part(approval_id: str, refusal: DeskError | None, text: str) -> tuple[str, int]:
    """Answer with the conversation alone, so that no other form on the page is touched."""
    _, detail = seen_now(approval_id)
    error, status = (None, 200) if refusal is None else (refusal.detail, status_of(refusal))
    typed = "" if refusal is None else text
    return part(
        "approval/_conversation.html",
        detail=detail,
        kept_line=kept_line(),
        talk_error=error,
        text_typed=typed,
    ), status

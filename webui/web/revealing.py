"""Showing a person one masked value of a call, on the page that shows all of it."""

from flask import Blueprint, request, url_for

from webui.approvals.answering.revealing import reveal
from webui.approvals.answering.reviewing import Look, owner_now
from webui.approvals.errors import DeskError, InvalidError
from webui.gating import Reveal, path_to
from webui.preview import PREVIEW_VERSION, visible
from webui.problems import status_of
from webui.sentences import sentence
from webui.web.access import approval_or_404, may_reveal, me
from webui.web.approval import Answer, answer_as_it_stands, everything, full_page
from webui.web.context import house
from webui.web.detail import detail_of, needs_confirming
from webui.web.doors import open_to_agents
from webui.web.fresh import require_fresh
from webui.web.looked import note_opened_full
from webui.web.readings import shown_here
from webui.web.typed import NOTHING

blueprint = Blueprint("revealing", __name__, url_prefix="/approvals/<approval_id>")


@blueprint.post("/reveal")
@open_to_agents  # to be refused where it is recorded
def reveal_it(approval_id: str) -> Answer:
    """Record that one value is shown to this person, then show it in its place.

    The answer is the full page with its proof at the end; nothing else ever shows the value.
    """
    try:
        which, path = _asked_for(approval_id)
        look = Look(request.form.get("seal", ""), PREVIEW_VERSION)
        by, org_id = me().reviewer(), me().org_id
        done = house().store.write(
            lambda tx: reveal(tx, by, org_id, approval_id, look, path, which.part)
        )
        if done.refusal is not None:
            raise done.refusal
    except DeskError as error:
        return answer_as_it_stands(
            approval_id, status_of(error), error=visible(error.detail)
        )
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        detail = detail_of(session, row)
        shown = everything(session, row, which if detail.seal == look.seal else None)
    note_opened_full(row.approval, detail.seal)
    return full_page(row, detail, shown, NOTHING, revealed=visible(path))


def _asked_for(approval_id: str) -> tuple[Reveal, str]:
    """Return the value that the form names and its path; whoever may see it proves who they are."""
    runtime = house()
    with runtime.store.reading() as session:
        approval = approval_or_404(session, approval_id).approval
        shown = shown_here(session, approval)
        may = may_reveal(approval, owner_now(session, approval)).allowed
        if me().agent_context or not may:
            return Reveal("arguments", ()), ""  # it is refused where that is recorded
        try:
            which = Reveal.read(request.form.get("at", ""))
            path = path_to(session, runtime.keyring, approval, which)
        except LookupError:
            raise InvalidError(
                sentence("Nothing is masked there; open the full arguments again.")
            ) from None
    if needs_confirming(shown):
        require_fresh(url_for("approval.full", approval_id=approval_id))
    return which, path

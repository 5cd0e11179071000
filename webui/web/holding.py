"""Claiming a call, letting go of it, undoing a verdict, and taking a yes back, from its page."""

from collections.abc import Callable

from flask import Blueprint, request

from webui.approvals.answering.claiming import claim, release
from webui.approvals.answering.reviewing import Decided
from webui.approvals.answering.revoking import revoke
from webui.approvals.answering.undoing import undo
from webui.approvals.errors import DeskError
from webui.problems import status_of
from webui.store.transaction import Transaction
from webui.web.access import approval_or_404, me
from webui.web.approval import Answer, answer_as_it_stands, answered
from webui.web.context import house
from webui.web.doors import open_to_agents

blueprint = Blueprint("holding", __name__, url_prefix="/approvals/<approval_id>")


@blueprint.post("/claim")
@open_to_agents  # to be refused where it is recorded
def claim_it(approval_id: str) -> Answer:
    """Say that this person looks into it."""
    by, org_id = me().reviewer(), me().org_id
    lease = house().settings.claim * 1000
    return _done(approval_id, lambda tx: claim(tx, by, org_id, approval_id, lease=lease))


@blueprint.post("/release")
def release_it(approval_id: str) -> Answer:
    """Let go of it."""
    by, org_id = me().reviewer(), me().org_id
    return _done(approval_id, lambda tx: release(tx, by, org_id, approval_id))


@blueprint.post("/undo")
@open_to_agents  # to be refused where it is recorded
def undo_it(approval_id: str) -> Answer:
    """Undo their own verdict before it settles the call."""
    by, org_id = me().reviewer(), me().org_id
    return _done(approval_id, lambda tx: undo(tx, by, org_id, approval_id))


@blueprint.post("/revoke")
@open_to_agents  # to be refused where it is recorded
def revoke_it(approval_id: str) -> Answer:
    """Take the yes back before it is used."""
    by, org_id = me().reviewer(), me().org_id
    reason = request.form.get("reason", "").strip().replace("\r\n", "\n")
    return _done(approval_id, lambda tx: revoke(tx, by, org_id, approval_id, reason))


def _done(approval_id: str, work: Callable[[Transaction], Decided]) -> Answer:
    with house().store.reading() as session:
        approval_or_404(session, approval_id)
    try:
        done = house().store.write(work)
    except DeskError as error:
        return answer_as_it_stands(approval_id, status_of(error), error=error.detail)
    refusal = done.refusal
    if refusal is not None:
        return answer_as_it_stands(approval_id, status_of(refusal), error=refusal.detail)
    return answered(approval_id, done)

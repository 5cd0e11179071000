"""One approval: its page, its full arguments, and the decision."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.arguments import effective_arguments
from webui.approvals.errors import DeskError
from webui.approvals.reviewing import Decided
from webui.approvals.states import OPEN
from webui.gating import shown_of
from webui.preview import canonical_pieces
from webui.problems import status_of
from webui.store.queries.calls import Row
from webui.web.access import approval_or_404
from webui.web.context import house
from webui.web.detail import Detail, detail_of
from webui.web.doors import open_to_agents
from webui.web.looked import note_opened_full, note_viewed
from webui.web.render import page as whole_page
from webui.web.render import part, wants_part
from webui.web.verdicts import VERDICTS, DecideForm, give, nonce_of

blueprint = Blueprint("approval", __name__, url_prefix="/approvals/<approval_id>")
Answer = str | tuple[str, int] | BaseResponse


@blueprint.get("")
def page(approval_id: str) -> str:
    """Show one call; `?decide=` opens a confirmation."""
    row, detail = _seen(approval_id)
    note_viewed(row.approval, detail.seal)
    return whole_page("approval/page.html", **_context(detail, request.args.get("decide")))


@blueprint.get("/panel")
def panel(approval_id: str) -> str:
    """Return the call alone, to stand beside the queue."""
    row, detail = _seen(approval_id)
    note_viewed(row.approval, detail.seal)
    return part("approval/_detail.html", **_context(detail))


@blueprint.get("/full")
def full(approval_id: str) -> str:
    """Show every byte; at the end of a gated call stands the proof that it was shown."""
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        detail = detail_of(session, row)
        shown = _everything(session, row)
    note_opened_full(row.approval, detail.seal)
    may_approve = detail.why_not is None or detail.can.break_glass
    context = _context(detail) | shown
    context["nonce"] = nonce_of(approval_id, detail.seal) if may_approve else None
    return whole_page("approval/full.html", **context)


@blueprint.post("/decide")
@open_to_agents  # to be refused where it is recorded
def decide(approval_id: str) -> Answer:
    """Take a verdict; the answer is the call as it then stands."""
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        shown = shown_of(session, house().keyring, row.approval)
    try:
        decided = give(row.approval, DecideForm.read(request.form), shown)
    except DeskError as error:
        return answer_as_it_stands(approval_id, status_of(error), error=error.detail)
    return answered(approval_id, decided)


def answered(approval_id: str, decided: Decided) -> Answer:
    """Answer what was done: with the call as it stands for a script, else lead to its page."""
    if decided.refusal is not None:
        return answer_as_it_stands(
            approval_id, status_of(decided.refusal), late_words=decided.refusal.detail
        )
    if wants_part():
        return answer_as_it_stands(approval_id, 200)
    return redirect(url_for("approval.page", approval_id=approval_id), 303)


def answer_as_it_stands(approval_id: str, status: int, **more: Any) -> tuple[str, int]:
    """Answer with the call as it stands now, whatever happened to the form."""
    _, detail = _seen(approval_id)
    failed = status >= 400 and detail.status in OPEN  # noqa: PLR2004 - an HTTP refusal
    context = _context(detail, request.form.get("verdict") if failed else None) | more
    context["reason_typed"] = request.form.get("reason", "") if failed else ""
    if wants_part():
        return part("approval/_detail.html", **context), status
    return whole_page("approval/page.html", **context), status


def _seen(approval_id: str) -> tuple[Row, Detail]:
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        return row, detail_of(session, row)


def _context(detail: Detail, deciding: str | None = None) -> dict[str, Any]:
    return {
        "detail": detail,
        "deciding": deciding if deciding in VERDICTS else None,
        "nonce": None,
        "reason_typed": "",
        "reason_required": detail.reason_required,
    }


def _everything(session: Session, row: Row) -> dict[str, Any]:
    approval, runtime = row.approval, house()
    arguments = effective_arguments(session, runtime.keyring, approval).value
    shown = shown_of(session, runtime.keyring, approval, "full")
    return {
        "tree": shown.call.root._replace(name=""),
        "place": shown.place.root._replace(name=""),
        "warnings": shown.warnings,
        "canonical": canonical_pieces(arguments, runtime.profile(approval.org_id)),
        "depth": shown.call.depth,
        "node_count": shown.call.node_count,
    }

"""One approval: its page, its full arguments, and the decision."""

from typing import Any

from flask import Blueprint, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.answering.reviewing import Decided
from webui.approvals.errors import DeskError, InvalidError
from webui.approvals.states import OPEN, Risk, Status, Verdict
from webui.gating import Reveal, Shown
from webui.preview import canonical_of, visible
from webui.problems import status_of
from webui.store.queries.calls import Row
from webui.web.access import approval_or_404
from webui.web.context import house
from webui.web.detail import Detail, detail_of
from webui.web.doors import open_to_agents
from webui.web.editing import edit_of, editor_for
from webui.web.grant_offer import offer_for, retyped, wish_of
from webui.web.leading import has_decided, kept_line, next_after
from webui.web.links import link
from webui.web.looked import note_opened_full, note_viewed
from webui.web.readings import read_call, shown_here
from webui.web.render import page as whole_page
from webui.web.render import part, wants_part
from webui.web.typed import NOTHING, Typed
from webui.web.verdicts import DecideForm, give, nonce_of, was_opened

blueprint = Blueprint("approval", __name__, url_prefix="/approvals/<approval_id>")
Answer = str | tuple[str, int] | BaseResponse


@blueprint.get("")
def page(approval_id: str) -> str:
    """Show one call; `?decide=` opens a confirmation."""
    detail, context = _asked(approval_id)
    return whole_page("approval/page.html", detail=detail, **context)


@blueprint.get("/panel")
def panel(approval_id: str) -> str:
    """Return the call alone, to stand beside the queue."""
    detail, context = _asked(approval_id)
    return part("approval/_detail.html", detail=detail, **context)


def _asked(approval_id: str) -> tuple[Detail, dict[str, Any]]:
    row, detail = seen_now(approval_id)
    note_viewed(row.approval, detail.seal)
    return detail, deciding_context(row, detail, Typed(request.args.get("decide")))


@blueprint.get("/full")
def full(approval_id: str) -> str:
    """Show every byte; at the end of a gated call stands the proof that it was shown."""
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        detail = detail_of(session, row)
        shown = everything(session, row)
    note_opened_full(row.approval, detail.seal)
    return full_page(row, detail, shown, Typed(request.args.get("decide")))


def full_page(
    row: Row, detail: Detail, shown: dict[str, Any], typed: Typed, **more: Any
) -> str:
    """Return the full page; at its end stands the proof that all was shown."""
    proves = bool(detail.can.offers) or detail.can.break_glass
    context = deciding_context(row, detail, typed) | shown | more
    context["nonce"] = nonce_of(row.approval.id, detail.seal) if proves else None
    return whole_page("approval/full.html", detail=detail, **context)


@blueprint.post("/decide")
@open_to_agents  # to be refused where it is recorded
def decide(approval_id: str) -> Answer:
    """Take a verdict; the answer is the call as it then stands."""
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        shown = shown_here(session, row.approval)
    form: DecideForm | None = None
    try:
        form = DecideForm.read(request.form)
        decided = _given(row, form, shown)
    except DeskError as error:
        faults = error.faults if isinstance(error, InvalidError) else ()
        typed = Typed.sent(request.form, faults)
        if form is not None and was_opened(approval_id, form):
            return _end_of_full_again(approval_id, typed, error)
        return answer_as_it_stands(
            approval_id, status_of(error), typed, error=visible(error.detail)
        )
    return answered(approval_id, decided)


def _given(row: Row, form: DecideForm, shown: Shown) -> Decided:
    edit = None
    with house().store.reading() as session:
        if form.verdict is Verdict.EDIT:
            edit = edit_of(session, row.approval, form.seal, request.form)
        grant = (
            wish_of(session, row.approval, form.verdict, shown.risk, request.form)
            if form.grant
            else None
        )
    return give(row.approval, form, shown, edit, grant)


def _end_of_full_again(approval_id: str, typed: Typed, error: DeskError) -> tuple[str, int]:
    """Answer whoever read it all with all of it: elsewhere their form would be lost."""
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        detail = detail_of(session, row)
        shown = everything(session, row)
    return full_page(row, detail, shown, typed, error=visible(error.detail)), status_of(
        error
    )


def answered(approval_id: str, decided: Decided) -> Answer:
    """Answer what was done: with the call as it stands for a script, else lead to its page."""
    if decided.refusal is not None:
        return answer_as_it_stands(
            approval_id, status_of(decided.refusal), late_words=decided.refusal.detail
        )
    if wants_part():
        return answer_as_it_stands(approval_id, 200, just_decided=True)
    return redirect(link("approval.page", kept_line(), approval_id=approval_id), 303)


def answer_as_it_stands(
    approval_id: str,
    status: int,
    typed: Typed = NOTHING,
    *,
    just_decided: bool = False,
    **more: Any,
) -> tuple[str, int]:
    """Answer with the call as it stands now, whatever happened to the form."""
    row, detail = seen_now(approval_id)
    kept = typed if detail.status in OPEN else NOTHING
    context = deciding_context(row, detail, kept, just_decided=just_decided) | more
    if wants_part():
        return part("approval/_detail.html", detail=detail, **context), status
    return whole_page("approval/page.html", detail=detail, **context), status


def seen_now(approval_id: str) -> tuple[Row, Detail]:
    """Return a call as this person sees it now."""
    with house().store.reading() as session:
        row = approval_or_404(session, approval_id)
        return row, detail_of(session, row)


def deciding_context(
    row: Row, detail: Detail, typed: Typed, *, just_decided: bool = False
) -> dict[str, Any]:
    """Return what the forms of a call need besides the call."""
    deciding = typed.verdict if typed.verdict in detail.can.offers else None
    editor = offer = onward = None
    with house().store.reading() as session:
        is_done = not detail.can.offers or detail.status == Status.NEEDS_REVISION
        decided = is_done and (
            just_decided or detail.can.undo or has_decided(session, row.approval)
        )
        if decided:
            onward = next_after(session, row.approval)
        if deciding == Verdict.EDIT:
            editor = editor_for(session, row.approval, typed)
        if detail.can.grant:
            offer = offer_for(session, row.approval, Risk(detail.risk))
    again = offer
    if offer is not None and typed.arguments is not None:
        again = retyped(offer, typed.arguments, typed.faults)
    return {
        "grant_offer": offer,
        "grant_typed": again,
        "deciding": deciding,
        "nonce": None,
        "typed": typed,
        "editor": editor,
        "decided": decided,
        "next": onward,
        "kept_line": kept_line(),
    }


def everything(session: Session, row: Row, reveal: Reveal | None = None) -> dict[str, Any]:
    """Return what the full page shows, one masked value in the clear if that is asked for."""
    approval = row.approval
    shown = shown_here(session, approval, "full", reveal)
    return {
        "tree": shown.call.root._replace(name=""),
        "place": shown.place.root._replace(name=""),
        "warnings": shown.warnings,
        "canonical": canonical_of(read_call(session, approval)),
        "depth": shown.call.depth,
        "node_count": shown.call.node_count,
    }

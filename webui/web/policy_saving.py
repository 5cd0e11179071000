"""Putting a draft in force: what it changes is shown first, and what somebody else changed meanwhile."""

from dataclasses import replace

from flask import Blueprint, redirect, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import POLICY_WRITE
from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.ruling.policies import NOTE_MAX, Accepted, PolicyRefusedError
from webui.policyfile import require_no_file
from webui.problems import status_of
from webui.sentences import sentence
from webui.store.transaction import Transaction
from webui.web.access import me, require
from webui.web.context import desk, house
from webui.web.fresh import require_fresh
from webui.web.once import Secret
from webui.web.policy import KEPT, SAID, address, show
from webui.web.policy_draft import Draft, Step, read_draft
from webui.web.policy_views import DiffView, diff_view, find, live_view
from webui.web.render import page as whole_page

blueprint = Blueprint("policy_saving", __name__, url_prefix="/policy")
Answer = BaseResponse | str | tuple[str, int]
_MEND_FIRST = sentence("This cannot be saved before what is wrong with it is mended.")


@blueprint.post("/review")
def review() -> Answer:
    """Show what saving a draft would change."""
    require(POLICY_WRITE)
    return _reviewed(read_draft(request.form))


def _reviewed(draft: Draft, error: str = "", status: int = 200) -> Answer:
    """Return the page that stands before the save, made anew of what is in force by now."""
    org_id, store = me().org_id, house().store
    with store.reading() as session:
        checked, findings = find(session, org_id, draft.text, store.now())
        live, text = live_view(session, org_id)
        number = 0 if live is None else live.number
        theirs = _since(session, draft.base, text) if draft.base != number else None
    if not checked.acceptable:
        return show(Step(draft, error=_MEND_FIRST)), 422
    if theirs is not None:
        error, status = "", 409
    return whole_page(
        "policy/review.html",
        # Whoever saves now has seen what is in force now.
        draft=replace(draft, base=number),
        began_with=draft.base,
        live=live,
        number=number,
        theirs=theirs,
        diff=diff_view(text, draft.text),
        findings=findings,
        note_max=NOTE_MAX,
        error=error,
    ), status


def _since(session: Session, base: int, text: str) -> DiffView:
    """Return what others changed since the version that a draft was made from."""
    known = policies.versions(session, me().org_id, before=base + 1, limit=1)
    was = known[0].text if known and known[0].number == base else ""
    return diff_view(was, text)


@blueprint.post("")
def save() -> Answer:
    """Put a draft in force."""
    org_id, draft = require(POLICY_WRITE).org_id, read_draft(request.form)
    by, settings = By(_fresh(draft)), house().settings

    def unit(tx: Transaction) -> Accepted:
        require_no_file(tx, settings, org_id)
        return policies.accept(
            tx, org_id, draft.text, by, expected=draft.base, note=draft.note
        )

    try:
        accepted = house().store.write(unit)
    except PolicyRefusedError:
        return show(Step(draft, error=_MEND_FIRST)), 422
    except (ConflictError, InvalidError) as error:
        return _reviewed(draft, error.detail, status_of(error))
    tell_saved(accepted)
    return redirect(address(), 303)


def tell_saved(accepted: Accepted) -> None:
    """Keep the sentence that the next page says."""
    number = accepted.version.number
    words = (
        sentence("Version %(number)s is in force.", number=number)
        if accepted.changed
        else sentence(
            "Version %(number)s is in force already with the same text; nothing was changed.",
            number=number,
        )
    )
    desk().once.keep(me().session_hash, Secret(SAID, "", words))


def _fresh(draft: Draft) -> str:
    """Return the id of the person, if they proved who they are lately; the draft outlives it."""
    try:
        return require_fresh(address()).signed.user_id
    except HTTPException:
        kept = Secret(KEPT, f"{draft.base} {draft.note}", draft.text)
        desk().once.keep(me().session_hash, kept)
        raise

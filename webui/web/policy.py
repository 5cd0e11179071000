"""The policy: what is in force, and an editor that says what is wrong while one writes."""

from flask import Blueprint, request, url_for

from webui.approvals.authorization import POLICY_READ, POLICY_WRITE
from webui.approvals.policy.shelf import shelf
from webui.approvals.ruling.policies import NOTE_MAX
from webui.sentences import sentence
from webui.web.access import may, me, require
from webui.web.context import desk, house
from webui.web.policy_draft import (
    Draft,
    Step,
    brought_back,
    brought_in,
    from_shelf,
    read_draft,
)
from webui.web.policy_views import file_view, find, live_view
from webui.web.render import page as whole_page
from webui.web.render import part

blueprint = Blueprint("policy", __name__, url_prefix="/policy")
SAID, KEPT = "policy", "policy draft"
"""What is kept between two pages of one session: a sentence, and a draft."""


@blueprint.get("")
def page() -> str:
    """Show the policy in force, or a draft that a sign-in held up, or one of the shelf."""
    require(POLICY_READ)
    session_hash = me().session_hash
    said, kept = (desk().once.take(session_hash, kind) for kind in (SAID, KEPT))
    if kept is not None:
        base, _, note = kept.name.partition(" ")
        told = sentence("Your draft is here as it was.")
        return show(Step(Draft(kept.text, int(base), note), told))
    name = request.args.get("shelf")
    if name is not None:
        return show(from_shelf(_present(), name))
    return show(Step(_present(), said.text if said else ""))


def _present() -> Draft:
    with house().store.reading() as session:
        live, text = live_view(session, me().org_id)
    return Draft(text, live.number if live else 0)


def show(step: Step) -> str:
    """Return the editor's page with a draft in it."""
    org_id, store = me().org_id, house().store
    with store.reading() as session:
        live, text = live_view(session, org_id)
        _, findings = find(session, org_id, step.draft.text, store.now())
        file = file_view(session, org_id)
    return whole_page(
        "policy/page.html",
        live=live,
        draft=step.draft,
        is_changed=step.draft.text != text,
        findings=findings,
        file=file,
        shelf=shelf(),
        note_max=NOTE_MAX,
        may_write=may(POLICY_WRITE).allowed,
        told=step.told,
        error=step.error,
    )


@blueprint.post("/draft")
def draft() -> str | tuple[str, int]:
    """Look at a draft, or put something else in its place; nothing is saved."""
    require(POLICY_READ)
    given, wanted = read_draft(request.form), request.form.get("do", "")
    steps = {
        "shelf": lambda: from_shelf(given, request.form.get("shelf", "")),
        "import": lambda: brought_in(given),
        "back": lambda: brought_back(given),
    }
    step = steps[wanted]() if wanted in steps else Step(given)
    return (show(step), 422) if step.error else show(step)


@blueprint.post("/findings")
def findings() -> str:
    """Say what is wrong with a text, for a page that is open."""
    org_id, store = require(POLICY_READ).org_id, house().store
    with store.reading() as session:
        _, found = find(session, org_id, read_draft(request.form).text, store.now())
    return part("policy/_findings.html", findings=found)


def address() -> str:
    """Return where the editor is."""
    return url_for("policy.page")

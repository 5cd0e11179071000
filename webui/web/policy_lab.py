"""The test bench: one call against a draft or what is in force, with the trace of every rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session

from webui.approvals.authorization import POLICY_READ
from webui.approvals.call.json_faults import Unreadable
from webui.approvals.call.strict_json import read_document
from webui.approvals.policy import Rulebook
from webui.approvals.ruling.bench import Trial, try_call
from webui.approvals.states import Risk
from webui.sentences import capital, sentence
from webui.store.queries.programs import names_of
from webui.web.access import me, require
from webui.web.context import house
from webui.web.policy_draft import Draft, read_draft
from webui.web.policy_trace import TriedView, tried_view
from webui.web.policy_views import find, live_view
from webui.web.render import page as whole_page

blueprint = Blueprint("policy_lab", __name__, url_prefix="/policy/lab")
MOST_AGENTS = 500
LONGEST = 200
"""Characters of a tool's name and of what surrounds a call, as the agents' API takes them."""
DRAFT, LIVE = "draft", "live"
_FIELDS = ("tool", "arguments", "agent", "risk", "session", "scope")


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, and what is wrong with it, by field."""

    typed: Mapping[str, str]
    which: str
    faults: Mapping[str, str] = field(default_factory=dict)


@blueprint.get("")
def page() -> str:
    """Show the bench for the policy in force."""
    require(POLICY_READ)
    typed = {"tool": request.args.get("tool", "")[:LONGEST]}
    return _show(Draft(""), Form(typed, LIVE))


@blueprint.post("")
def try_it() -> str | tuple[str, int]:
    """Try a call out; nothing is recorded and nothing counted."""
    require(POLICY_READ)
    draft = read_draft(request.form)
    typed = {name: request.form.get(name, "") for name in _FIELDS}
    which = request.form.get("which", DRAFT if draft.text else LIVE)
    form = Form(typed, which if draft.text else LIVE)
    if "try" not in request.form:  # it comes from the editor, with a draft and no call yet
        return _show(draft, form)
    trial, faults = _read(typed)
    if trial is None:
        return _show(draft, Form(typed, form.which, faults)), 422
    return _show(draft, form, trial)


def _show(draft: Draft, form: Form, trial: Trial | None = None) -> str:
    org_id, store = me().org_id, house().store
    with store.reading() as session:
        live, text = live_view(session, org_id)
        on_draft = form.which == DRAFT
        checked, findings = find(
            session, org_id, draft.text if on_draft else text, store.now()
        )
        book = Rulebook(checked.policy) if on_draft and checked.policy else None
        readable = book is not None if on_draft else live is not None
        tried = _tried(session, book, trial) if readable else None
        agents = names_of(session, org_id, MOST_AGENTS)
    return whole_page(
        "policy/lab.html",
        draft=draft,
        form=form,
        live=live,
        live_text=text,
        findings=findings,
        readable=readable,
        tried=tried,
        agents=agents,
        risks=[str(risk) for risk in Risk],
    )


def _tried(
    session: Session, book: Rulebook | None, trial: Trial | None
) -> TriedView | None:
    store = house().store
    if trial is None:
        return None
    found = try_call(session, me().org_id, book, trial, store.now())
    assert found is not None  # there is one
    return tried_view(found, store.now(), house().limits.ttl)


def _read(typed: Mapping[str, str]) -> tuple[Trial | None, Mapping[str, str]]:
    """Return the call that was typed, or what is wrong with it."""
    faults: dict[str, str] = {}
    tool = typed["tool"].strip()
    if not tool:
        faults["tool"] = sentence("Name a tool, such as github.merge_pull_request.")
    for name in ("tool", "session", "scope"):
        if len(typed[name]) > LONGEST:
            faults[name] = sentence(
                "This is longer than %(most)s characters; shorten it.", most=LONGEST
            )
    if typed["risk"] and typed["risk"] not in set(Risk):
        faults["risk"] = sentence("Choose one of the list.")
    arguments: dict[str, Any] = {}
    try:
        arguments = _object(typed["arguments"])
    except Unreadable as error:
        faults["arguments"] = capital(error.detail)
    if faults:
        return None, faults
    return Trial(
        tool,
        arguments,
        typed["agent"] or None,
        typed["risk"] or None,
        typed["session"].strip() or None,
        typed["scope"].strip() or None,
    ), {}


def _object(text: str) -> dict[str, Any]:
    """Return the arguments; an empty field is a call without any."""
    return dict(read_document(text.encode()).value) if text.strip() else {}

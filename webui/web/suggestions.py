"""Suggestions: what people approve again and again, as rules to paste; nothing changes here."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals import jobs
from webui.approvals.errors import DeskError
from webui.approvals.people.standing import By
from webui.approvals.policy import rule_told
from webui.preview import visible
from webui.replays.suggestions import APPROVALS, DAYS, KIND, PEOPLE, ask_for_suggestions
from webui.sentences import plural
from webui.store.models import Agent, Job, User
from webui.web.access import me
from webui.web.context import house
from webui.web.render import page as whole_page
from webui.web.render import part, wants_part
from webui.web.replayed import job_of, job_views, past, reader, result_of

blueprint = Blueprint("suggestions", __name__, url_prefix="/policy/suggestions")
Answer = BaseResponse | tuple[str, int]
PERIODS = tuple(
    (str(days), plural("%(number)s day", "%(number)s days", days)) for days in (30, 90)
)
_DIGITS = 6


@blueprint.get("")
def page() -> str:
    """Show the form, and what was looked for before."""
    return _show(None, {"approvals": APPROVALS, "people": PEOPLE, "days": DAYS})


def _show(error: str | None, typed: dict[str, int]) -> str:
    org_id = reader().org_id
    with house().store.reading() as session:
        return whole_page(
            "suggestions/page.html",
            typed=typed,
            periods=PERIODS,
            past=past(session, org_id, KIND),
            error=error,
        )


@blueprint.post("")
def start() -> Answer:
    """Begin a search, and show how far it is."""
    person = reader()
    typed = {name: _number(name) for name in ("approvals", "people", "days")}
    by = By(person.signed.user_id)
    try:
        job_id = house().store.write(
            lambda tx: ask_for_suggestions(tx, person.org_id, **typed, by=by)
        )
    except DeskError as error:
        return _show(error.detail, typed), problems.status_of(error)
    return redirect(url_for("suggestions.one", search_id=job_id), 303)


def _number(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


@blueprint.get("/<search_id>")
def one(search_id: str) -> str:
    """Show how far a search is, or what it found; its part alone for a script."""
    org_id = reader().org_id
    with house().store.reading() as session:
        context = _shown(session, job_of(session, org_id, KIND, search_id))
    if wants_part():
        return part("suggestions/_one.html", **context)
    return whole_page("suggestions/one.html", **context)


@blueprint.post("/<search_id>/cancel")
def cancel(search_id: str) -> Answer:
    """End a search that waits or runs."""
    org_id = reader().org_id
    house().store.write(lambda tx: jobs.cancel(tx, org_id, KIND, search_id))
    return redirect(url_for("suggestions.one", search_id=search_id), 303)


def _shown(session: Session, job: Job) -> dict[str, Any]:
    (view,) = job_views(session, [job])
    result = result_of(job)
    if result is None:
        return {"job": view, "result": None, "found": []}
    found = result["suggestions"]
    people = {user for each in found for user in each["people_ids"]}
    agents = {agent for each in found for agent in each["agent_ids"]}
    users = select(User.id, User.display_name).where(User.id.in_(people))
    ours = select(Agent.id, Agent.name).where(
        Agent.org_id == me().org_id, Agent.id.in_(agents)
    )
    who, which = dict(session.execute(users).all()), dict(session.execute(ours).all())
    return {
        "job": view,
        "result": result,
        "found": [
            each
            | {
                "tool": visible(each["tool"]),
                "who": [visible(who.get(user, user)) for user in each["people_ids"]],
                "by": [visible(which.get(agent, agent)) for agent in each["agent_ids"]],
                "asked_by": [visible(rule_told(rule)) for rule in each["asked_by"]],
            }
            for each in found
        ],
    }

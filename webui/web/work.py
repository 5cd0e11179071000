"""Access: projects and issues, and what protects them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.agents import issues, projects
from webui.approvals.agents.issues import IssueChange
from webui.approvals.agents.protections import BEARERS, NOUN, effect_on, protect
from webui.approvals.authorization import AGENTS, MEMBERS
from webui.approvals.authorization.protection import Strength
from webui.approvals.errors import DeskError, Fault, InvalidError, NotFoundError
from webui.approvals.people.standing import By
from webui.preview import visible
from webui.sentences import sentence
from webui.store.queries import work
from webui.store.transaction import Transaction
from webui.web.access import may, require, require_one
from webui.web.context import house
from webui.web.render import page as whole_page

blueprint = Blueprint("work", __name__, url_prefix="/access")
MOST = 200
PER_PAGE = 50
POLICIES: dict[str, dict[str, Any]] = {
    "none": {},
    "private": {"agentVisibility": {"mode": "private"}},
    "protected": {"assignmentPolicy": {"mode": "protected"}},
    "approval": {"protectedAgent": {"requiresApproval": True}},
}
POLICY_WORDS = (
    ("none", sentence("None: any active member or agent may assign it")),
    ("private", sentence("Private: assigning takes a grant")),
    ("protected", sentence("Protected: assigning takes a grant")),
    ("approval", sentence("Requires approval: a person says yes each time")),
    ("json", sentence("As written in JSON below")),
)
"""What the form offers; the last one saves the text."""
EFFECTS: Mapping[Strength, str] = {
    Strength.NONE: sentence("None"),
    Strength.RESTRICTED: sentence("Restricted"),
    Strength.REQUIRES_APPROVAL: sentence("Requires approval"),
    Strength.UNKNOWN: sentence("Unknown"),
}
Answer = BaseResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A protection policy as a form and a sentence show it."""

    kind: str
    bearer_id: str
    chosen: str
    text: str
    effect: str
    effect_word: str
    sentence: str


@blueprint.get("/work")
def page() -> str:
    """Show the projects and issues of the org."""
    return show()


def show(error: str | None = None, typed: Mapping[str, str] | None = None) -> str:
    """Return the page, with what was refused and what had been typed."""
    org_id = require_one(MEMBERS, AGENTS).org_id
    with house().store.reading() as session:
        found = work.projects(session, org_id, MOST + 1)
        rows = work.issues(
            session, org_id, before=request.args.get("before", ""), most=PER_PAGE + 1
        )
    return whole_page(
        "work/page.html",
        projects=[
            (row, policy_view("project", row.id, row.protection)) for row in found[:MOST]
        ],
        more_projects=len(found) > MOST,
        most=MOST,
        issues=[
            (row, policy_view("issue", row.issue.id, row.issue.protection))
            for row in rows[:PER_PAGE]
        ],
        older=rows[PER_PAGE - 1].issue.id if len(rows) > PER_PAGE else None,
        policies=POLICY_WORDS,
        may_manage=may(AGENTS).allowed,
        error=error,
        typed=typed or {},
    )


def policy_view(kind: str, bearer_id: str, text: str) -> PolicyView:
    """Return a policy as it is kept, for a page."""
    policy = json.loads(text)
    effect = effect_on(kind, policy)
    chosen = next((name for name, known in POLICIES.items() if known == policy), "json")
    laid_out = json.dumps(policy, ensure_ascii=False, indent=1) if policy else ""
    return PolicyView(
        kind,
        bearer_id,
        chosen,
        laid_out,
        effect.strength.name.lower(),
        EFFECTS[effect.strength],
        visible(effect.sentence),
    )


def _change(unit: Callable[[Transaction, str, By], object]) -> Answer:
    """Have one verb done and return to the page; a refusal stands there."""
    person = require(AGENTS)
    org_id, by = person.org_id, By(person.signed.user_id)
    typed = {name: value[:200] for name, value in request.form.items()}
    try:
        house().store.write(lambda tx: unit(tx, org_id, by) and None)
    except NotFoundError:
        raise
    except DeskError as error:
        return show(error.detail, typed), problems.status_of(error)
    return redirect(url_for("work.page"), 303)


@blueprint.post("/projects")
def create_project() -> Answer:
    """Make a project."""
    name = request.form.get("name", "")
    return _change(lambda tx, org, by: projects.create_project(tx, org, by, name))


@blueprint.post("/projects/<project_id>")
def rename_project(project_id: str) -> Answer:
    """Give a project another name."""
    name = request.form.get("name", "")
    return _change(
        lambda tx, org, by: projects.rename_project(tx, org, by, project_id, name)
    )


@blueprint.post("/projects/<project_id>/delete")
def delete_project(project_id: str) -> Answer:
    """Delete a project with nothing in it."""
    return _change(lambda tx, org, by: projects.delete_project(tx, org, by, project_id))


@blueprint.post("/issues")
def create_issue() -> Answer:
    """Make an issue."""
    change = _issue_change()
    return _change(lambda tx, org, by: issues.create_issue(tx, org, by, change))


@blueprint.post("/issues/<issue_id>")
def change_issue(issue_id: str) -> Answer:
    """Change an issue as its form says; what the form leaves out stays."""
    change = _issue_change()
    return _change(lambda tx, org, by: issues.change_issue(tx, org, by, issue_id, change))


def _issue_change() -> IssueChange:
    form = request.form
    return IssueChange(
        form.get("title"),
        form.get("project"),
        form.get("parent"),
        form.get("agent"),
        form.get("user"),
        form.get("status") or None,
    )


@blueprint.post("/protection/<kind>/<bearer_id>")
def put_protection(kind: str, bearer_id: str) -> Answer:
    """Put a protection policy on an agent, a project or an issue."""
    if kind not in BEARERS:
        raise NotFoundError(NOUN)
    person = require(AGENTS)
    org_id, by = person.org_id, By(person.signed.user_id)
    try:
        policy = _policy()
        house().store.write(lambda tx: protect(tx, org_id, by, kind, bearer_id, policy))
    except NotFoundError:
        raise
    except DeskError as error:
        from webui.web import reporting  # noqa: PLC0415 - it shows policies of ours

        back = reporting.show if kind == "agent" else show
        return back(error.detail), problems.status_of(error)
    there = "reporting.page" if kind == "agent" else "work.page"
    return redirect(url_for(there), 303)


def _policy() -> object:
    chosen = request.form.get("policy", "")
    if chosen in POLICIES:
        return POLICIES[chosen]
    try:
        return json.loads(request.form.get("json", "").strip() or "{}")
    except (ValueError, RecursionError):
        raise InvalidError(
            sentence(
                'The policy is not JSON; write an object, such as {"protectedAgent": '
                '{"requiresApproval": true}}.'
            ),
            [Fault("/policy", sentence("is not JSON"))],
        ) from None

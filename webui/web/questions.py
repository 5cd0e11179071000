"""Access: "May X do Y?", with an address that can be passed on."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

from flask import Blueprint, request
from sqlalchemy.orm import Session

from webui.approvals.agents import questions
from webui.approvals.agents.outside import principal_id
from webui.approvals.agents.questions import Answer, Asked
from webui.approvals.authorization import AGENTS, ALL, MEMBERS
from webui.approvals.authorization.facts import Kind
from webui.approvals.authorization.protection import Strength
from webui.approvals.errors import InvalidError
from webui.preview import visible
from webui.sentences import joined, sentence, sentence_in
from webui.store.queries.grants import names_of
from webui.web.access import require_one
from webui.web.context import house
from webui.web.render import page as whole_page

blueprint = Blueprint("questions", __name__, url_prefix="/access")
KINDS = {
    "org": sentence("organization"),
    "agent": sentence("agent"),
    "approval": sentence("approval"),
    "project": sentence("project"),
    "issue": sentence("issue"),
    "policy": sentence("policy"),
    "source": sentence("source"),
    "audit": sentence("audit"),
}
EFFECTS = {
    Strength.NONE: sentence_in("a protection policy", "none"),
    Strength.RESTRICTED: sentence("restricted"),
    Strength.REQUIRES_APPROVAL: sentence("requires approval"),
    Strength.UNKNOWN: sentence("unknown"),
}
FIELDS = ("type", "actor", "action", "kind", "id", "project", "agent")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer as the page says it."""

    allowed: bool
    who: str
    reason: str
    explanation: str
    grant: str
    grant_permission: str
    effect: str
    sentence: str


@blueprint.get("/question")
def page() -> str:
    """Ask, and answer what the address asks."""
    org_id = require_one(MEMBERS, AGENTS).org_id
    given = {name: request.args.get(name, "").strip()[:LONGEST] for name in FIELDS}
    found, error = None, None
    if given["action"]:
        with house().store.reading() as session:
            try:
                found = _answered(session, org_id, given)
            except InvalidError as refusal:
                said = (joined(" ", (f.pointer, f.detail)) for f in refusal.faults)
                told = (joined("", (each, ".")) for each in said)
                error = joined(" ", (refusal.detail, *told))
    return whole_page(
        "questions/page.html",
        given=given,
        answer=found,
        error=error,
        actions=sorted(ALL),
        kinds=[(kind, KINDS[kind]) for kind in get_args(Kind)],
    )


def _answered(session: Session, org_id: str, given: dict[str, str]) -> AnswerView:
    if given["kind"] not in KINDS or given["type"] not in {"user", "agent"}:
        raise InvalidError(
            sentence("The question names a kind that is not known; choose another.")
        )
    kind: Literal["user", "agent"] = "user" if given["type"] == "user" else "agent"
    actor_id = principal_id(session, org_id, kind, given["actor"]) or given["actor"]
    scope = {
        key: value
        for key, value in (
            ("projectId", given["project"]),
            ("assigneeAgentId", _agent(session, org_id, given["agent"])),
        )
        if value
    }
    resource_id = given["id"]
    if given["kind"] == "agent":
        resource_id = _agent(session, org_id, resource_id)
    asked = Asked(
        kind,
        actor_id,
        given["action"],
        cast("Kind", given["kind"]),
        resource_id,
        scope or None,
    )
    found = questions.answer(session, org_id, asked, house().store.now())
    return _view(session, org_id, asked, found)


def _agent(session: Session, org_id: str, name: str) -> str:
    return principal_id(session, org_id, "agent", name) or name


def _view(session: Session, org_id: str, asked: Asked, found: Answer) -> AnswerView:
    access, names = found.access, names_of(session, org_id, [asked.actor_id])
    return AnswerView(
        access.allowed,
        visible(names.get(asked.actor_id, asked.actor_id)),
        str(access.reason),
        visible(access.explanation),
        access.grant.id if access.grant else "",
        access.grant.permission if access.grant else "",
        EFFECTS[found.effect.strength],
        visible(found.effect.sentence),
    )

"""`POST /api/v1/authorize`: an orchestrator asks, and may have it filed what a policy holds."""

from typing import Any

from flask import Response, g

from webui.api.answers import answer_document, answer_json
from webui.api.keys import agent_with, runtime
from webui.api.limited import telling_limits
from webui.api.operations import operation
from webui.api.question_schemas import AuthorizeBody, QuestionBody
from webui.api.reading import idempotency_key, read_body
from webui.approvals.agents import one_use, questions
from webui.approvals.agents.one_use import Outcome
from webui.approvals.agents.questions import Answer, Asked
from webui.approvals.asking.ask import Ask
from webui.approvals.authorization import Access
from webui.approvals.call.canonical import canonical
from webui.approvals.errors import ConflictError
from webui.asks import AskBody, check_body, prepare


@operation(
    "POST",
    "/api/v1/authorize",
    "May this principal do this to that?",
    body=AuthorizeBody,
    answers={200: "Access"},
)
@agent_with("authorize")
def ask_authorize() -> Response:
    """Answer by the rows of now; a yes that a person gave to this very question is spent."""
    filer, house = g.filer, runtime()
    body = read_body(AuthorizeBody)
    key, asked = idempotency_key(), asked_by(body)
    with house.store.reading() as session:
        now = house.store.now()
        found = questions.answer(session, filer.org_id, asked, now)
        if found.access.allowed or not one_use.waits(found, asked):
            return answer_json(access_document(found.access))
        ready = one_use.body_of(session, found, asked)
        settled = one_use.has_yes(session, filer.org_id, asked, now)
    document: dict[str, Any] = {"approval_body": ready}
    if not (body.file or settled or key):
        return answer_json(access_document(found.access) | document)
    ask = _prepared(ready)
    with telling_limits(ask):
        outcome = house.store.write(
            lambda tx: one_use.ask_anew(
                tx, filer, asked, ask, house.limits, house.lease, key, file=body.file
            )
        )
    if isinstance(outcome, ConflictError):
        raise outcome
    return _answered(outcome, document)


def _prepared(ready: dict[str, Any]) -> Ask:
    filer = g.filer
    return prepare(
        check_body(AskBody, ready),
        canonical(ready["arguments"]).decode(),
        org_id=filer.org_id,
        agent_id=filer.agent_id,
        report=False,
    )


def _answered(outcome: Outcome, document: dict[str, Any]) -> Response:
    access = outcome.answer.access
    if access.allowed:
        return answer_json(access_document(access))
    if outcome.filed is not None:
        document["approval"] = answer_document(outcome.filed, [])
    return answer_json(access_document(access) | document)


def asked_by(body: QuestionBody) -> Asked:
    """Return a question as the rules take it."""
    return Asked(
        body.actor.type,
        body.actor.id or "",
        body.action,
        body.resource.type,
        body.resource.id or "",
        None if body.scope is None else _said(body.scope.model_dump()),
        _said(body.resource.model_dump(exclude={"type", "id"})),
    )


def _said(members: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


def access_document(access: Access) -> dict[str, Any]:
    """Return an answer as JSON says it."""
    grant = access.grant
    return {
        "allowed": access.allowed,
        "reason": str(access.reason),
        "explanation": access.explanation,
        "action": access.permission,
        "grant": None
        if grant is None
        else {
            "id": grant.id,
            "permission": grant.permission,
            "scope": grant.scope or {},
            "approval": grant.approval_id or None,
        },
    }


def preview_document(found: Answer) -> dict[str, Any]:
    """Return an answer with what protection policies do to assigning it."""
    effect = found.effect
    return access_document(found.access) | {
        "policy": {
            "effect": effect.strength.name.lower(),
            "explanation": effect.sentence or None,
        }
    }

"""`POST /api/v1/evaluate`: what policy would say of a call, with nothing recorded."""

from typing import Any

from flask import Response, g

from webui.api.answers import answer_json
from webui.api.approvals import WRITE
from webui.api.keys import agent_with, runtime
from webui.api.operations import operation
from webui.api.reading import read_body
from webui.api.schemas import EvaluateBody
from webui.approvals.policy import Call, Ruling, Verdict
from webui.approvals.ruling.rulebooks import live_rulebook
from webui.approvals.ruling.rulings import hinted, ruling_on
from webui.approvals.states import Risk
from webui.approvals.words import WHY_ASKED


@operation(
    "POST",
    "/api/v1/evaluate",
    "What would policy say of this call? Nothing is recorded and nothing counted",
    body=EvaluateBody,
    answers={200: "Evaluated"},
)
@agent_with(WRITE)
def evaluate_call() -> Response:
    """Answer by the policy and the counters of now; the call itself may be ruled otherwise."""
    filer, house = g.filer, runtime()
    body = read_body(EvaluateBody)
    call = Call(
        body.tool,
        body.arguments,
        agent=filer.agent_id,
        project=filer.project_id,
        owner=filer.owner_id,
        risk=hinted(body.risk) or str(Risk.MEDIUM),
        session=body.session,
        scope=body.scope,
    )
    with house.store.reading() as session:
        connection = session.connection()
        book = live_rulebook(connection, filer.org_id)
        ruling = (
            None
            if book is None
            else ruling_on(connection, book, filer.org_id, call, house.store.now())
        )
    return answer_json(_document(ruling))


def _document(ruling: Ruling | None) -> dict[str, Any]:
    """Return what an agent is told: which rule, and why; not how people are asked."""
    if ruling is None:
        return {
            "verdict": str(Verdict.REQUIRE_APPROVAL),
            "rule": {"name": None, "hash": None, "line": None},
            "sentence": WHY_ASKED,
            "message": None,
            "policy_revision": None,
            "idempotent": False,
            "irreversible": False,
        }
    rule = ruling.rule
    return {
        "verdict": str(ruling.verdict),
        "rule": {"name": rule.name, "hash": rule.hash, "line": rule.line},
        "sentence": ruling.sentence,
        "message": ruling.message if ruling.verdict is Verdict.DENY else None,
        "policy_revision": ruling.policy_revision,
        "idempotent": ruling.idempotent,
        "irreversible": ruling.irreversible,
    }

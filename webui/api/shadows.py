"""The reviewers' API on the draft that runs beside the policy."""

from typing import Any

from flask import Response

from webui.api.answers import answer_json
from webui.api.keys import runtime
from webui.api.operations import operation
from webui.api.permitted import person_with
from webui.api.policies import policy_document
from webui.api.reading import read_body
from webui.api.schemas import PolicyText, TakeOverBody
from webui.approvals.authorization import POLICY_READ, POLICY_WRITE, VIEW
from webui.approvals.people.standing import By
from webui.approvals.ruling import shadows
from webui.approvals.ruling.policies import Accepted
from webui.audit.chain import rfc3339
from webui.policyfile import require_no_file
from webui.replays.following import figures_of
from webui.store.models import PolicyShadow
from webui.store.transaction import Transaction

_HERE = "/api/v1/review/policy/shadow"


@operation(
    "GET",
    _HERE,
    "The draft that runs beside the policy, and how often both agreed; running is false where none does",
    reviewer=True,
    answers={200: "Shadow"},
)
def read_shadow() -> Response:
    """Return the draft with its figures."""
    who = person_with(POLICY_READ, VIEW).person
    with runtime().store.reading() as session:
        shadow = session.get(PolicyShadow, who.org_id)
    return answer_json(shadow_document(shadow))


@operation(
    "POST",
    _HERE,
    "Let a draft run beside the policy: it is asked about every new call and decides none",
    body=PolicyText,
    reviewer=True,
    answers={200: "Shadow"},
)
def start_shadow() -> Response:
    """Start a draft."""
    who, text = person_with(POLICY_WRITE, VIEW).person, read_body(PolicyText).text
    shadow = runtime().store.write(
        lambda tx: shadows.start_shadow(tx, who.org_id, text, By(who.user_id))
    )
    return answer_json(shadow_document(shadow))


@operation(
    "POST",
    f"{_HERE}/stop",
    "Let the draft run no more; what it counted is gone",
    reviewer=True,
    answers={200: "Shadow"},
)
def stop_shadow() -> Response:
    """Stop the draft."""
    who = person_with(POLICY_WRITE, VIEW).person
    runtime().store.write(lambda tx: shadows.stop_shadow(tx, who.org_id, By(who.user_id)))
    return answer_json(shadow_document(None))


@operation(
    "POST",
    f"{_HERE}/take-over",
    "Put the draft in force as a new version",
    body=TakeOverBody,
    reviewer=True,
    answers={200: "Policy"},
)
def take_over() -> Response:
    """Put the draft in force."""
    who, body = person_with(POLICY_WRITE, VIEW).person, read_body(TakeOverBody)
    org_id, by, settings = who.org_id, By(who.user_id), runtime().settings

    def unit(tx: Transaction) -> Accepted:
        require_no_file(tx, settings, org_id)
        return shadows.take_over(tx, org_id, by, expected=body.expected, note=body.note)

    return answer_json(policy_document(runtime().store.write(unit).version))


def shadow_document(shadow: PolicyShadow | None) -> dict[str, Any]:
    """Return a draft that runs, with its figures."""
    if shadow is None:
        return {"running": False}
    return {
        "running": shadow.error is None,
        "error": shadow.error,
        "revision": shadow.revision,
        "made_from": shadow.made_from,
        "started_by": shadow.started_by,
        "started_at": rfc3339(shadow.started_at),
        **figures_of(shadow),
    }

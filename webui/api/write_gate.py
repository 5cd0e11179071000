"""The services' call before they serve an agent that carries a person's identity."""

from flask import Response, g

from webui.api.answers import answer_json
from webui.api.documents import time_or_none
from webui.api.keys import agent_with, runtime
from webui.api.operations import operation
from webui.api.reading import read_body
from webui.api.schemas import WriteGateBody
from webui.approvals.errors import NotFoundError
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import masked, missing, not_held, write_of
from webui.approvals.gate.write_grants import Held, Service
from webui.problems import problem
from webui.store.queries import write_grants as queries
from webui.store.queries.identity import KeyHolder


@operation(
    "POST",
    "/api/v1/write-gate",
    "May this request, made with a person's identity, go on?",
    body=WriteGateBody,
    answers={200: "WritePass", 403: "WriteHeld"},
)
@agent_with("write-gate")
def ask_write_gate() -> Response:
    """Return the scopes the request keeps, or hold a write until its person said yes."""
    body, holder = read_body(WriteGateBody), g.agent
    if body.org_ref not in {holder.org_id, holder.org_slug}:
        raise NotFoundError("organization")
    held = list(dict.fromkeys(body.scopes_held))
    with runtime().store.reading() as session:
        gated = body.agent_context and queries.is_gated(session, holder.org_id)
        known = session.scalar(queries.person(holder.org_id, body.user)) if gated else None
    if not gated:
        return _pass(held)
    if known is None:
        raise NotFoundError("person")
    lacking = not_held(body.scopes_required, held)
    if lacking:
        return _not_held(lacking)
    if not missing(body.scopes_required, held):
        return _pass(masked(held))
    return _ask(body, holder, held)


def _ask(body: WriteGateBody, holder: KeyHolder, held: list[str]) -> Response:
    house = runtime()
    service = Service(holder.org_id, holder.agent_id, holder.key_id)
    masked_away = missing(body.scopes_required, held)
    write = write_of(body.method, body.path, masked_away, body.payload_hash)
    answer = house.store.write(
        lambda tx: write_grants.ask(tx, service, body.user, write, held, house.gate_limits)
    )
    if isinstance(answer, Held):
        return _refused(answer) if answer.refused else _hold(answer, holder.org_slug)
    return _pass(answer.scopes)


def _pass(scopes: list[str]) -> Response:
    return answer_json({"allowed": True, "effective_scopes": scopes})


def _not_held(lacking: list[str]) -> Response:
    return problem(
        403,
        "scope_missing",
        f"The person does not hold {', '.join(lacking)}; no approval can add to that.",
        missing=lacking,
    )


def _hold(held: Held, org_slug: str) -> Response:
    address = f"{runtime().public_url}/orgs/{org_slug}/write-gate/{held.nonce}"
    return problem(
        403,
        "approval_required",
        f"Ask the person to approve this write at {address}, then send it again unchanged.",
        error="approval_required",
        nonce=held.nonce,
        approval_url=address,
        scopes=held.scopes,
        expires_at=time_or_none(held.expires_at),
    )


def _refused(held: Held) -> Response:
    return problem(
        403,
        "write_refused",
        f"The person refused this write: {held.reason}"
        if held.reason
        else "The person refused this write.",
        error="write_refused",
        nonce=held.nonce,
        scopes=held.scopes,
        reason=held.reason,
        expires_at=time_or_none(held.expires_at),
    )

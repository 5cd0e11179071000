"""The agents' calls on the one use: gate, consume, renew, give back, report."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, g, request

from webui.api.answers import (
    JSON,
    answer_approval,
    answer_document,
    answer_json,
    told_of_edit,
    votes_on,
)
from webui.api.approvals import WRITE
from webui.api.documents import denial_reason, jsonrpc_error, time_or_none, with_arguments
from webui.api.keys import agent_with, runtime
from webui.api.limited import telling_limits
from webui.api.operations import Query, operation
from webui.api.reading import idempotency_key, read_ask, read_body
from webui.api.schemas import (
    ConsumeFingerprint,
    GateBody,
    LeaseBody,
    OutcomeBody,
    RollbackBody,
)
from webui.approvals.answering.quorum import YESES
from webui.approvals.call.arguments import effective_arguments, effective_hash
from webui.approvals.call.canonical import canonical, sha256_of
from webui.approvals.call.strict_json import read_document
from webui.approvals.errors import DeskError
from webui.approvals.ruling.terms import refused_because
from webui.approvals.states import OPEN, Status
from webui.approvals.use import leases, using
from webui.approvals.use.receipts import receipt
from webui.approvals.use.using import PrintUnder, Used
from webui.approvals.words import STATUS
from webui.asks import Call, check_body, fingerprint_of
from webui.problems import problem
from webui.store.models import Approval
from webui.store.queries.calls import Vote


@operation(
    "POST",
    "/api/v1/gate",
    "May I do this now?",
    body=GateBody,
    queries=(
        Query("format", {"type": "string", "enum": ["jsonrpc"]}, "Add `jsonrpc_error`."),
    ),
    answers={200: "GoOrAnswer", 202: "Wait"},
)
@agent_with(WRITE)
def ask_gate() -> Response:
    """Use a standing approval, or file the call; one answer in one transaction."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    house = runtime()
    key = idempotency_key()
    ask = read_ask(GateBody)
    with telling_limits(ask):
        answer = house.store.write(
            lambda tx: using.gate(tx, filer, ask, house.limits, house.lease, key)
        )
    if isinstance(answer, DeskError):
        raise answer
    if isinstance(answer, Used):
        return _go(answer, ask.canonical, reported=ask.report)
    return _not_now(answer.approval)


def _not_now(approval: Approval) -> Response:
    votes = votes_on(approval)
    document = answer_document(approval, votes)
    if approval.status in OPEN:
        more: dict[str, Any] = {"proceed": False, "approval": document}
        if request.args.get("format") == "jsonrpc":
            more["jsonrpc_error"] = jsonrpc_error(document)
        response = answer_json(more, 202)
        response.headers["Retry-After"] = str(document["retry_after"])
        return response
    if approval.status == Status.ANSWERED:
        return answer_json(
            {"proceed": False, "answer": document["answer"], "approval": document}
        )
    if approval.status == Status.DENIED:
        return _denied(approval, votes, document)
    if approval.status != Status.APPROVED:
        return _ended(approval, document)
    # PostgreSQL: approved between our look and our filing; the next ask will use it.
    return problem(
        409,
        "not_approved",
        "It was settled while you asked; ask again.",
        retry_after=1,
        approval=document,
        proceed=False,
    )


def _denied(
    approval: Approval, votes: Sequence[Vote], document: dict[str, Any]
) -> Response:
    by_rule = refused_because(approval)
    reason = by_rule or denial_reason(votes)
    who = "The policy" if by_rule else "A reviewer"
    detail = f"{who} denied this call: {reason}" if reason else f"{who} denied this call."
    more = {"rule": document["rule"]} if by_rule else {}
    return problem(
        403, "denied", detail, reason=reason, approval=document, proceed=False, **more
    )


def _ended(approval: Approval, document: dict[str, Any]) -> Response:
    """Answer the repeat of a key whose approval ended: waiting will not change that."""
    how = STATUS[Status(approval.status)].lower()
    return problem(
        409,
        str(approval.status),
        f"What this Idempotency-Key asked for is over ({how}); ask again with a new key.",
        approval=document,
        proceed=False,
    )


def _go(used: Used, given: bytes | None, *, reported: bool) -> Response:
    """Answer with the lease, the receipt, and the arguments that must be run.

    `given` are the canonical arguments of the request: where they are what was approved, as
    their hash says, the stored ones need not be decrypted.
    """
    house = runtime()
    approval, votes = used.approval, used.votes
    if given is not None and sha256_of(given) == effective_hash(approval):
        arguments = given
    else:
        with house.store.reading() as session:
            arguments = effective_arguments(session, house.keyring, approval).canonical
    document = {
        "proceed": True,
        "approval": answer_document(approval, votes) | told_of_edit(approval),
        "consumption": used.consumption_id,
        "lease_token": used.lease_token if reported else None,
        "lease_expires_at": time_or_none(used.lease_expires_at) if reported else None,
        "receipt": receipt(
            house.keyring,
            approval,
            consumption_id=used.consumption_id,
            consumed_at=used.started_at,
            # as granted: a repeat after a renewal carries the same receipt
            lease_expires_at=used.started_at + house.lease.length,
            deciders=_deciders(approval, votes),
        ),
    }
    return Response(with_arguments(document, arguments), 200, content_type=JSON)


def _deciders(approval: Approval, votes: Sequence[Vote]) -> list[str]:
    """Return who said yes, an edit among it; for a call that a standing grant covers, the grant."""
    if approval.grant_id is not None:
        return [f"grant:{approval.grant_id}"]
    return [vote.decision.user_id for vote in votes if vote.decision.verdict in YESES]


@operation(
    "POST",
    "/api/v1/approvals/<approval_id>/consume",
    "Take the one use of an approved call",
    body=Call,
    alternative=ConsumeFingerprint,
    answers={200: "Go"},
)
@agent_with(WRITE)
def consume_approval(approval_id: str) -> Response:
    """Succeed for exactly one caller, and only for exactly what was approved."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    house = runtime()
    key = idempotency_key()
    about_to_run, given = _about_to_run()
    answer = house.store.write(
        lambda tx: using.consume(tx, filer, approval_id, about_to_run, house.lease, key)
    )
    if isinstance(answer, DeskError):
        raise answer
    return _go(answer, given, reported=True)


def _about_to_run() -> tuple[str | PrintUnder, bytes | None]:
    """Return the fingerprint of what the caller is about to run, or how to make it of its bytes.

    With it come the canonical arguments, where the call itself was sent.
    """
    document = read_document(request.get_data(cache=True), envelope_levels=1).value
    if "fingerprint" in document:
        return check_body(ConsumeFingerprint, document).fingerprint, None
    call = check_body(Call, document)
    arguments = canonical(call.arguments)
    print_under = partial(fingerprint_of, g.filer.org_id, g.filer.agent_id, call, arguments)
    return print_under, arguments


@operation(
    "POST",
    "/api/v1/approvals/<approval_id>/heartbeat",
    "Renew the lease of a use",
    body=LeaseBody,
    answers={200: "Lease"},
)
@agent_with(WRITE)
def renew_lease(approval_id: str) -> Response:
    """Renew a living lease."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    body = read_body(LeaseBody)
    house = runtime()
    until = house.store.write(
        lambda tx: leases.heartbeat(tx, filer, approval_id, body.lease_token, house.lease)
    )
    return answer_json({"lease_expires_at": time_or_none(until)})


@operation(
    "POST",
    "/api/v1/approvals/<approval_id>/rollback",
    "Give the use back: the call did not take effect",
    body=RollbackBody,
    answers={200: "Approval"},
)
@agent_with(WRITE)
def roll_back(approval_id: str) -> Response:
    """Give the use back, while the lease is alive."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    body = read_body(RollbackBody)
    return answer_approval(
        runtime().store.write(
            lambda tx: leases.roll_back(
                tx, filer, approval_id, body.lease_token, body.error
            )
        )
    )


@operation(
    "POST",
    "/api/v1/approvals/<approval_id>/outcome",
    "Say how the run ended",
    body=OutcomeBody,
    answers={200: "Approval"},
)
@agent_with(WRITE)
def report_outcome(approval_id: str) -> Response:
    """Say how the run ended; a late ok with the same token still counts."""
    filer = g.filer  # the unit runs on the writer's thread, where `g` is not
    body = read_body(OutcomeBody)
    return answer_approval(
        runtime().store.write(
            lambda tx: leases.report(
                tx, filer, approval_id, body.lease_token, body.result, body.detail
            )
        )
    )

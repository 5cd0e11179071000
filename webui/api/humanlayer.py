"""HumanLayer's API for its stranded clients: change the base URL, and they ask here.

Forms: `humanlayer` 0.7.9, `core/cloud.py` and `core/models.py`. A client polls; the first read of
a yes uses it, and later reads of the same call repeat the answer.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, g, request
from sqlalchemy import select

from webui.api.answers import answer_json
from webui.api.approvals import WRITE
from webui.api.documents import time_or_none
from webui.api.humanlayer_answers import status_of_call, status_of_contact
from webui.api.humanlayer_bodies import (
    Contact,
    EscalationBody,
    FunctionCallBody,
    HumanContactBody,
)
from webui.api.keys import agent_with, person, runtime
from webui.api.limited import telling_limits
from webui.api.operations import operation
from webui.api.reading import read_body
from webui.approvals.answering import conversation
from webui.approvals.asking import idempotency, intake
from webui.approvals.asking.ask import Ask
from webui.approvals.call.arguments import open_arguments
from webui.approvals.call.strict_json import Document, read_document
from webui.approvals.ending import end_if_over
from webui.approvals.errors import DeskError, InvalidError, NotAllowedError, NotFoundError
from webui.approvals.states import OPEN
from webui.asks import AskBody, check_body, prepare
from webui.inbox.telling import answer_now
from webui.receivers.answers import Answer
from webui.store.models import Approval
from webui.store.transaction import Transaction

_BASE = "/api/humanlayer/v1"
_FUNCTION, _CONTACT = "function_call", "human_contact"


@operation(
    "POST",
    f"{_BASE}/function_calls",
    "HumanLayer: ask for a function call",
    body=FunctionCallBody,
    answers={200: "FunctionCall"},
)
@agent_with(WRITE)
def create_function_call() -> Response:
    """File it; the same call_id again is the same call."""
    body = read_body(FunctionCallBody)
    spec = _document_of("spec")
    asked = {
        "tool": body.spec.fn,
        "arguments": body.spec.kwargs,
        "allowed_decisions": ["approve", "deny"],
        "context": _context(spec.value, ("reject_options", "channel", "state")),
    }
    ask = _ask(_FUNCTION, body.run_id, body.call_id, asked, spec.raw("kwargs"))
    return _file(_FUNCTION, body.call_id, ask)


@operation(
    "GET",
    f"{_BASE}/function_calls/<call_id>",
    "HumanLayer: read a function call; the first read of a yes uses it",
    answers={200: "FunctionCall"},
)
@agent_with(WRITE)
def read_function_call(call_id: str) -> Response:
    """Answer `approved: null` until it is answered."""
    return _answer(_FUNCTION, call_id)


@operation(
    "POST",
    f"{_BASE}/contact_requests",
    "HumanLayer: ask people something",
    body=HumanContactBody,
    answers={200: "HumanContact"},
)
@agent_with(WRITE)
def create_human_contact() -> Response:
    """File a question that people answer in words."""
    body = read_body(HumanContactBody)
    arguments = _message(body.spec)
    asked = {
        "tool": _CONTACT,
        "arguments": arguments,
        "allowed_decisions": ["respond", "deny"],
        "context": _context(_document_of("spec").value, ("channel", "state")),
    }
    received = json.dumps(arguments, ensure_ascii=False)
    ask = _ask(_CONTACT, body.run_id, body.call_id, asked, received)
    return _file(_CONTACT, body.call_id, ask)


@operation(
    "GET",
    f"{_BASE}/contact_requests/<call_id>",
    "HumanLayer: read what people answered",
    answers={200: "HumanContact"},
)
@agent_with(WRITE)
def read_human_contact(call_id: str) -> Response:
    """Answer `response: null` until it is answered."""
    return _answer(_CONTACT, call_id)


@operation(
    "POST",
    f"{_BASE}/agent/function_calls/<call_id>/escalate_email",
    "HumanLayer: say to the reviewers that it is urgent; no e-mail is sent by this",
    body=EscalationBody,
    answers={200: "FunctionCall"},
)
@agent_with(WRITE)
def escalate_function_call(call_id: str) -> Response:
    """Add the message to the conversation."""
    return _escalate(_FUNCTION, call_id)


@operation(
    "POST",
    f"{_BASE}/agent/human_contacts/<call_id>/escalate_email",
    "HumanLayer: say to the reviewers that it is urgent; no e-mail is sent by this",
    body=EscalationBody,
    answers={200: "HumanContact"},
)
@agent_with(WRITE)
def escalate_human_contact(call_id: str) -> Response:
    """Add the message to the conversation."""
    return _escalate(_CONTACT, call_id)


def _escalate(kind: str, call_id: str) -> Response:
    """Tell the reviewers; whom to tell is the desk's to say, not the agent's."""
    body = read_body(EscalationBody)
    if body.additional_recipients or body.channel:
        raise InvalidError(
            "The desk says who is told of a call; leave out `additional_recipients` and "
            "`channel`. The message itself is shown to the reviewers."
        )
    filer, found = g.filer, _find(kind, call_id)
    runtime().store.write(
        lambda tx: conversation.reply(tx, filer, found, body.escalation_msg)
    )
    return _answer(kind, call_id)


_REFUSED = "HumanLayer: refused, for an agent never answers its own call"


@operation("POST", f"{_BASE}/agent/function_calls/<call_id>/respond", _REFUSED)
def respond_to_function_call(call_id: str) -> Response:  # noqa: ARG001
    """Refuse, and write down that it was tried; people answer on the dashboard."""
    return _refuse()


@operation("POST", f"{_BASE}/agent/human_contacts/<call_id>/respond", _REFUSED)
def respond_to_human_contact(call_id: str) -> Response:  # noqa: ARG001
    """Refuse, and write down that it was tried; people answer on the dashboard."""
    return _refuse()


def _refuse() -> Response:
    person()
    raise NotAllowedError(
        "wrong_channel", "People answer on the dashboard, or by the reviewers' API."
    )


def _document_of(member: str) -> Document:
    whole = read_document(request.get_data(cache=True), envelope_levels=2)
    return Document(whole.value[member], whole.raw(member))


def _context(spec: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Keep what reviewers and the client's next read need; a channel's bot token is a secret."""
    kept = {name: spec[name] for name in names if spec.get(name) is not None}
    channel = kept.get("channel")
    if isinstance(channel, dict):
        kept["channel"] = {
            name: {k: v for k, v in way.items() if k != "bot_token"}
            for name, way in channel.items()
            if isinstance(way, dict)
        }
    return kept


def _message(spec: Contact) -> dict[str, Any]:
    options = spec.response_options or []
    named = [option.model_dump(exclude_none=True) for option in options]
    more = {"subject": spec.subject, "response_options": named or None}
    return {"message": spec.msg} | {k: v for k, v in more.items() if v is not None}


def _ask(kind: str, run_id: str, call_id: str, asked: dict[str, Any], received: str) -> Ask:
    filer = g.filer
    body = check_body(
        AskBody,
        # two calls of one function are two questions, each with a yes of its own
        asked
        | {"run": run_id, "source_ref": _ref(kind, call_id), "ctx": {"call_id": call_id}},
    )
    return prepare(
        body,
        received,
        org_id=filer.org_id,
        agent_id=filer.agent_id,
    )


def _ref(kind: str, call_id: str) -> str:
    return f"{kind}:{call_id}"


def _file(kind: str, call_id: str, ask: Ask) -> Response:
    filer, house = g.filer, runtime()
    name = hashlib.sha256(_ref(kind, call_id).encode()).hexdigest()
    digest = hashlib.sha256(f"{ask.tool}\0{ask.run}\0".encode() + ask.canonical).digest()
    key = idempotency.Key(f"humanlayer:{name}", digest)
    with telling_limits(ask):
        filed = house.store.write(
            lambda tx: intake.submit_or_refuse(tx, filer, ask, house.limits, key)
        )
    if isinstance(filed, DeskError):
        raise filed
    return answer_json(_document(filed.approval, call_id, None))


def _find(kind: str, call_id: str) -> str:
    """Return the id of the agent's approval for a call; raises NotFoundError."""
    with runtime().store.reading() as session:
        found = session.scalar(
            select(Approval.id)
            .where(
                Approval.org_id == g.filer.org_id,
                Approval.agent_id == g.filer.agent_id,
                Approval.source_ref == _ref(kind, call_id),
                Approval.source_id.is_(None),
            )
            .order_by(Approval.id.desc())
            .limit(1)
        )
    if found is None:
        raise NotFoundError("call")
    return found


def _answer(kind: str, call_id: str) -> Response:
    found = _find(kind, call_id)
    filer, house = g.filer, runtime()

    def look(tx: Transaction) -> tuple[Approval, Answer | None]:
        row = end_if_over(tx, tx.session.get_one(Approval, found, with_for_update=True))
        if row.status in OPEN or row.settles_at is not None:
            return row, None
        return row, answer_now(tx, filer, row, house.lease)

    row, answer = house.store.write(look)
    return answer_json(_document(row, call_id, answer))


def _document(row: Approval, call_id: str, answer: Answer | None) -> dict[str, Any]:
    house = runtime()
    with house.store.reading() as session:
        arguments = open_arguments(session, house.keyring, row).value
    context = json.loads(row.context or "{}")
    times = {
        "requested_at": time_or_none(row.created_at),
        "responded_at": time_or_none(None if answer is None else row.settled_at),
    }
    if row.tool == _CONTACT and (row.source_ref or "").startswith(_CONTACT):
        options = arguments.get("response_options")
        spec = {"msg": arguments["message"], "subject": arguments.get("subject")}
        spec |= {"response_options": options, **_kept(context)}
        status = times | status_of_contact(answer, options or [])
    else:
        options = context.get("reject_options")
        spec = {"fn": row.tool, "kwargs": arguments, "reject_options": options}
        spec |= _kept(context)
        status = times | status_of_call(answer, options or [])
    return {"run_id": row.run, "call_id": call_id, "spec": spec, "status": status}


def _kept(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: context.get(name) for name in ("channel", "state")}

"""From the bytes of a request to a checked body and a prepared ask."""

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import g, request
from pydantic import ValidationError

from webui.api.schemas import AskBody, Body, Call, GateBody, to_ms
from webui.approvals import idempotency
from webui.approvals.canonical import (
    canonical,
    fingerprint_of_canonical,
    sha256_of,
    tool_def_hash,
)
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.intake import Ask
from webui.approvals.strict_json import read_document
from webui.preview import Profile, line

Checked = TypeVar("Checked", bound=Body)
_DEFAULT_DECISIONS = ("approve", "deny")


def read_body(model: type[Checked], *, optional: bool = False) -> Checked:
    """Read the JSON body strictly and check it.

    Raises:
        Unreadable: it is not JSON as we read it.
        InvalidError: a member is missing, unknown or of the wrong kind; lists all.

    """
    raw = request.get_data(cache=True)
    document = {} if optional and not raw else read_document(raw, envelope_levels=1).value
    return check_body(model, document)


def check_body(model: type[Checked], document: Mapping[str, Any]) -> Checked:
    """Check a document against a schema; no value is ever echoed."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = [
            Fault("".join(f"/{_escaped(part)}" for part in fault["loc"]), _told(fault))
            for fault in error.errors(include_url=False, include_input=False)
        ]
        places = ", ".join(fault.pointer or "/" for fault in faults[:5])
        raise InvalidError(
            f"The body does not fit: see {places}.", faults, code="schema"
        ) from None


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _told(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "is not a member of this body; remove it, or mend its name"
    if fault["type"] == "missing":
        return "is required"
    return str(fault["msg"]).removeprefix("Value error, ")


def idempotency_key() -> idempotency.Key | None:
    """Return the request's Idempotency-Key, bound to what it came with."""
    return idempotency.key_for(
        request.headers.get("Idempotency-Key"),
        request.method,
        request.path,
        request.get_data(cache=True),
    )


def fingerprint_of(org_id: str, agent_id: str, call: Call, arguments: bytes) -> str:
    """Return the fingerprint of a call whose arguments were written canonically."""
    definition = call.tool_def
    return fingerprint_of_canonical(
        arguments,
        org=org_id,
        agent=agent_id,
        tool=call.tool,
        tool_def=None
        if definition is None
        else tool_def_hash(
            definition.name, definition.description, definition.input_schema
        ),
        scope=call.scope,
        ctx=call.ctx,
    )


def prepare(
    body: AskBody,
    received: str,
    *,
    org_id: str,
    agent_id: str,
    profile: Profile,
) -> Ask:
    """Do all that needs no transaction: canonical form, hashes, the safe line."""
    arguments = canonical(body.arguments)
    definition = body.tool_def
    return Ask(
        tool=body.tool,
        fingerprint=fingerprint_of(org_id, agent_id, body, arguments),
        arguments_hash=sha256_of(arguments),
        canonical=arguments,
        received=received.encode(),
        line=line(body.tool, body.arguments, profile),
        tool_def=None
        if definition is None
        else tool_def_hash(
            definition.name, definition.description, definition.input_schema
        ),
        ctx=body.ctx,
        scope=body.scope,
        session=body.session,
        run=body.run,
        run_deadline=None if body.run_deadline is None else to_ms(body.run_deadline),
        on_behalf_of=body.on_behalf_of,
        source_ref=body.source_ref,
        risk=body.risk,
        expires_in=None if body.expires_in is None else body.expires_in * 1000,
        summary=body.summary,
        reason=body.reason,
        context=body.context,
        trace=None if body.trace is None else [step.model_dump() for step in body.trace],
        arguments_schema=body.arguments_schema,
        allowed_decisions=tuple(body.allowed_decisions or _DEFAULT_DECISIONS),
        revision_of=body.revision_of,
        callback_url=body.callback_url,
        report=body.report if isinstance(body, GateBody) else True,
    )


def read_ask(model: type[AskBody], profile: Profile) -> Ask:
    """Read the body of `approvals` or `gate` into an ask of the calling agent."""
    document = read_document(request.get_data(cache=True), envelope_levels=1)
    body = check_body(model, document.value)
    return prepare(
        body,
        document.raw("arguments"),
        org_id=g.filer.org_id,
        agent_id=g.filer.agent_id,
        profile=profile,
    )

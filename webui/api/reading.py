"""From the bytes of a request to a checked body and a prepared ask."""

from flask import abort, g, request

from webui.api.operations import BY_NAME
from webui.api.schemas import GateBody
from webui.approvals.asking import idempotency
from webui.approvals.asking.ask import Ask
from webui.approvals.call.strict_json import read_document
from webui.approvals.errors import Fault, InvalidError
from webui.asks import AskBody, Checked, check_body, prepare


def refuse_nul() -> None:
    """Refuse addresses with U+0000, which PostgreSQL cannot even be asked about."""
    if "\0" in request.path:
        abort(404)
    if not request.query_string:
        return
    names = [name for name, value in request.args.items(multi=True) if "\0" in value]
    if names:
        faults = [Fault(f"/{name}", "must not hold U+0000") for name in names]
        raise InvalidError("The query string holds U+0000; take it out.", faults)


def refuse_unknown_choices() -> None:
    """Refuse a word in the query string that is none of those a call offers."""
    if not request.query_string:
        return
    known = BY_NAME.get(request.endpoint or "")
    faults = [
        Fault(f"/{query.name}", f"must be one of {', '.join(query.schema['enum'])}")
        for query in (known.queries if known else ())
        if "enum" in query.schema
        and request.args.get(query.name, query.schema["enum"][0])
        not in query.schema["enum"]
    ]
    if faults:
        raise InvalidError("The query string does not fit.", faults)


def read_body(model: type[Checked], *, optional: bool = False) -> Checked:
    """Read the JSON body strictly and check it.

    Raises:
        Unreadable: it is not JSON as we read it.
        InvalidError: a member is missing, unknown or of the wrong kind; lists all.

    """
    raw = request.get_data(cache=True)
    document = {} if optional and not raw else read_document(raw, envelope_levels=1).value
    return check_body(model, document)


def idempotency_key() -> idempotency.Key | None:
    """Return the request's Idempotency-Key, bound to what it came with."""
    return idempotency.key_for(
        request.headers.get("Idempotency-Key"),
        request.method,
        request.path,
        request.get_data(cache=True),
    )


def read_ask(model: type[AskBody]) -> Ask:
    """Read the body of `approvals` or `gate` into an ask of the calling agent."""
    document = read_document(request.get_data(cache=True), envelope_levels=1)
    body = check_body(model, document.value)
    return prepare(
        body,
        document.raw("arguments"),
        org_id=g.filer.org_id,
        agent_id=g.filer.agent_id,
        report=body.report if isinstance(body, GateBody) else True,
    )

"""A call that wants a verdict, in the words of `POST /api/v1/approvals`: checked and prepared.

Agents say it to the API, sources by webhook; the words, limits and checks are the same.
Unknown members are refused: a typo must not drop a safeguard.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from webui.approvals.asking.ask import Ask
from webui.approvals.call.canonical import (
    canonical,
    fingerprint_of_canonical,
    sha256_of,
    tool_def_hash,
)
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.misfits import misfit
from webui.approvals.states import Status, Verdict
from webui.gating import NOT_MISLEADING
from webui.marking import READ, told_of
from webui.masking import profile_on
from webui.preview import line, preview
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.transaction import Transaction

EVERY_VERDICT = tuple(str(verdict) for verdict in Verdict)
YES_OR_NO = (str(Verdict.APPROVE), str(Verdict.DENY))


def without_nul(text: str) -> str:
    """Refuse U+0000; raises ValueError."""
    if "\0" in text:
        raise ValueError(sentence("must not hold U+0000, which databases cannot keep"))
    return text


def _callback(url: str) -> str:
    if not _is_web_address(url):
        raise ValueError(sentence("must be an http(s) URL without user-info"))
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port != 0  # reading the port checks it
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(named) and "@" not in parts.netloc


def _moment(text: str) -> str:
    # The library's own message would repeat what was sent, and answers never do.
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None and to_ms(text) >= 0
    except (ValueError, OverflowError):
        zoned = False
    if not zoned:
        raise ValueError(
            sentence("must be a time with its zone, such as 2026-05-01T12:00:00Z")
        )
    return text


def to_ms(moment: str) -> int:
    """Return an RFC 3339 time as ms since the epoch."""
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp() * 1000)


Text = Annotated[
    str,
    Field(json_schema_extra={"pattern": "^[^\\u0000]*$"}),
    AfterValidator(without_nul),
]
Name = Annotated[Text, Field(min_length=1, max_length=200)]
Line = Annotated[Text, Field(max_length=500)]
Prose = Annotated[Text, Field(max_length=8_000)]
Token = Annotated[Text, Field(min_length=1, max_length=100)]
Moment = Annotated[
    str,
    Field(max_length=40, json_schema_extra={"format": "date-time"}),
    AfterValidator(_moment),
]
Url = Annotated[
    Text,
    Field(max_length=2_000, json_schema_extra={"format": "uri"}),
    AfterValidator(_callback),
]


class Body(BaseModel):
    """Strict in types and names."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ToolDefinition(Body):
    """The tool as its own server defines it; a changed tool is another tool."""

    name: Name
    description: Prose | None = None
    input_schema: dict[str, Any] | None = None


class Call(Body):
    """A call as it is about to run: everything a yes is bound to."""

    tool: Name
    arguments: dict[str, Any]
    tool_def: ToolDefinition | None = None
    scope: Name | None = None
    ctx: dict[str, Any] = Field(default_factory=dict)


class Step(Body):
    """One earlier step of the run, as the agent tells it."""

    label: Line
    at: Moment | None = None
    link: Url | None = None


class AskBody(Call):
    """`POST /api/v1/approvals`: a call that wants a verdict, and why."""

    summary: Line | None = None
    reason: Prose | None = None
    context: Any = None
    risk: Literal["low", "medium", "high", "critical"] | None = None
    session: Name | None = None
    run: Name | None = None
    run_deadline: Moment | None = None
    on_behalf_of: Name | None = None
    triggered_by: Name | None = None
    source_ref: Name | None = None
    expires_in: Annotated[int, Field(ge=1, le=31_536_000)] | None = None
    allowed_decisions: (
        Annotated[
            list[Literal["approve", "deny", "edit", "respond", "request_changes"]],
            Field(
                min_length=1,
                max_length=5,
            ),
        ]
        | None
    ) = None
    arguments_schema: dict[str, Any] | None = None
    revision_of: Name | None = None
    trace: Annotated[list[Step], Field(max_length=100)] | None = None
    callback_url: Url | None = None


Checked = TypeVar("Checked", bound=Body)


def check_body(model: type[Checked], document: Mapping[str, Any]) -> Checked:
    """Check a document against a schema; no value is ever echoed."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = [
            Fault("".join(f"/{_escaped(part)}" for part in fault["loc"]), misfit(fault))
            for fault in error.errors(include_url=False, include_input=False)
        ]
        places = ", ".join(fault.pointer or "/" for fault in faults[:5])
        raise InvalidError(
            sentence("The body does not fit: see %(places)s.", places=places),
            faults,
            code="schema",
        ) from None


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def fingerprint_of(
    org_id: str, agent_id: str, call: Call, arguments: bytes, rule_hash: str | None = None
) -> str:
    """Return the fingerprint of a call whose arguments were written canonically."""
    return fingerprint_of_canonical(
        arguments,
        org=org_id,
        agent=agent_id,
        tool=call.tool,
        tool_def=_hash_of(call.tool_def),
        scope=call.scope,
        ctx=call.ctx,
        rule_hash=rule_hash,
    )


def _hash_of(definition: ToolDefinition | None) -> str | None:
    if definition is None:
        return None
    return tool_def_hash(definition.name, definition.description, definition.input_schema)


def prepare(
    body: AskBody,
    received: str,
    *,
    org_id: str,
    agent_id: str,
    report: bool = True,
    otherwise: tuple[str, ...] = EVERY_VERDICT,
) -> Ask:
    """Do all that needs no transaction: canonical form and hashes.

    `otherwise` are the verdicts that may be given where the body does not say which.
    """
    arguments = canonical(body.arguments)
    return Ask(
        tool=body.tool,
        fingerprint=fingerprint_of(org_id, agent_id, body, arguments),
        arguments_hash=sha256_of(arguments),
        canonical=arguments,
        received=received.encode(),
        told=partial(_told, body.arguments, received),
        tool_def=_hash_of(body.tool_def),
        ctx=body.ctx,
        scope=body.scope,
        session=body.session,
        run=body.run,
        run_deadline=None if body.run_deadline is None else to_ms(body.run_deadline),
        on_behalf_of=body.on_behalf_of,
        triggered_by=body.triggered_by,
        source_ref=body.source_ref,
        risk=body.risk,
        expires_in=None if body.expires_in is None else body.expires_in * 1000,
        summary=body.summary,
        reason=body.reason,
        context=body.context,
        trace=None if body.trace is None else [step.model_dump() for step in body.trace],
        arguments_schema=body.arguments_schema,
        allowed_decisions=tuple(body.allowed_decisions or otherwise),
        revision_of=body.revision_of,
        callback_url=body.callback_url,
        report=report,
        misleads=_misleads,
    )


def _told(
    arguments: Mapping[str, Any], received: str, tx: Transaction, row: Approval
) -> Mapping[str, Any]:
    """Read all of a call only if it waits: lists warn of nothing that is settled."""
    profile = profile_on(tx.connection, tx.keyring, row)
    if row.status == Status.PENDING:
        return told_of(row, arguments, profile, received or None) | READ
    return {"line": line(row.tool, arguments, profile)}


def _misleads(tx: Transaction, row: Approval, some: Mapping[str, Any]) -> bool:
    """Say whether a card would hide or could misrepresent some arguments of a call."""
    shown = preview(row.tool, some, profile_on(tx.connection, tx.keyring, row))
    return shown.truncated or bool(shown.flags - NOT_MISLEADING)

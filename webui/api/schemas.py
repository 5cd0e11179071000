"""What the agents' API takes. Unknown members are refused: a typo must not drop a safeguard.

The same models validate the requests and make the OpenAPI document.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Fingerprint = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold U+0000, which databases cannot keep")
    return text


def _callback(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError("must be an http(s) URL without user-info")
    return url


def _moment(text: str) -> str:
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("must carry its zone, for example 2026-05-01T12:00:00Z")
    return text


def to_ms(moment: str) -> int:
    """Return an RFC 3339 time as ms since the epoch."""
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp() * 1000)


Text = Annotated[str, AfterValidator(_without_nul)]
Name = Annotated[Text, Field(min_length=1, max_length=200)]
Line = Annotated[Text, Field(max_length=500)]
Prose = Annotated[Text, Field(max_length=8_000)]
Token = Annotated[Text, Field(min_length=1, max_length=100)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
Url = Annotated[str, Field(max_length=2_000), AfterValidator(_callback)]


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
    source_ref: Name | None = None
    expires_in: Annotated[int, Field(ge=1, le=31_536_000)] | None = None
    allowed_decisions: (
        Annotated[
            list[Literal["approve", "deny", "edit", "respond", "request_changes"]],
            Field(min_length=1, max_length=5),
        ]
        | None
    ) = None
    arguments_schema: dict[str, Any] | None = None
    revision_of: Name | None = None
    trace: Annotated[list[Step], Field(max_length=100)] | None = None
    callback_url: Url | None = None


class GateBody(AskBody):
    """`POST /api/v1/gate`, which asks: may I do this now."""

    report: bool = True


class ConsumeFingerprint(Body):
    """Consuming by the fingerprint of what is about to run."""

    fingerprint: Fingerprint


class LeaseBody(Body):
    """What proves that the caller holds the use."""

    lease_token: Token


class RollbackBody(LeaseBody):
    """The call is known not to have taken effect."""

    error: Prose = ""


class OutcomeBody(LeaseBody):
    """How the run ended."""

    result: Literal["ok", "error", "unknown"]
    detail: Prose = ""


class CancelBody(Body):
    """Withdrawing an approval; nothing needs to be said."""

    reason: Prose = ""


class EmptyBody(Body):
    """Nothing needs to be said."""


class DecideBody(Body):
    """The small admin API: a reason, and the seal where the risk asks for one."""

    reason: Annotated[str, Field(max_length=4_000), AfterValidator(_without_nul)] = ""
    seal: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

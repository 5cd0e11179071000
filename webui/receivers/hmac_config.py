"""The settings of a source of kind hmac: how it signs, and where its values lie."""

import re
from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from webui.approvals.errors import Fault
from webui.receivers.config import read_config
from webui.receivers.reading import split_pointer
from webui.sentences import sentence
from webui.signatures.hmac_header import Scheme

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)
_HEADER = re.compile(r"[a-z0-9-]{1,64}", re.ASCII | re.IGNORECASE)
_PREFIX = re.compile(r"[!-~]{0,32}", re.ASCII)


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        msg = sentence("must be a header name of letters, digits and hyphens")
        raise ValueError(msg)
    return text.lower()


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        msg = sentence("must be at most 32 visible ASCII characters, like sha256=")
        raise ValueError(msg)
    return text


def _pointer(text: str) -> str:
    split_pointer(text)
    return text


def _algorithm(value: object) -> object:
    if str(value).lower().replace("-", "") in {"sha1", "md5"}:
        msg = sentence(
            "%(value)s is broken: set the sender to sha256 or sha512", value=value
        )
        raise ValueError(msg)
    return value


def _scalar(value: object) -> object:
    if not isinstance(value, (str, int, bool, NoneType)):
        msg = sentence("must be a string, a whole number, true, false or null")
        raise ValueError(msg)  # noqa: TRY004  pydantic collects ValueErrors only
    return value


class Constant(BaseModel):
    """A value that every delivery of the source gets."""

    model_config = _STRICT
    constant: Any


class Place(BaseModel):
    """Where in the body a value lies; an optional one may be absent or null."""

    model_config = _STRICT
    pointer: Annotated[str, AfterValidator(_pointer)]
    optional: bool = False


def _rule(value: object) -> Constant | Place:
    """Read one entry of the field map; one sentence instead of a fault for each form."""
    try:
        if isinstance(value, str):
            return Place(pointer=value)
        if isinstance(value, dict):
            return Constant(**value) if "constant" in value else Place(**value)
    except (ValueError, TypeError):
        pass
    msg = sentence(
        'must be a JSON Pointer like "/ticket/tool_name", {"pointer": "...", '
        '"optional": true} or {"constant": ...}'
    )
    raise ValueError(msg)


Header = Annotated[str, AfterValidator(_header)]
Rule = Annotated[Constant | Place, BeforeValidator(_rule)]
Field_ = Literal[
    "tool",
    "arguments",
    "summary",
    "reason",
    "context",
    "risk",
    "session",
    "run",
    "run_deadline",
    "scope",
    "on_behalf_of",
    "triggered_by",
    "source_ref",
    "expires_in",
    "allowed_decisions",
    "arguments_schema",
    "revision_of",
    "trace",
    "callback_url",
    "tool_def",
    "ctx",
]
"""The fields of `POST /api/v1/approvals` (api.md)."""


class HmacConfig(BaseModel):
    """How a source signs and what its body means."""

    model_config = _STRICT

    signature_header: Header
    prefix: Annotated[str, AfterValidator(_prefix)] = ""
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Annotated[Literal["sha256", "sha512"], BeforeValidator(_algorithm)] = (
        "sha256"
    )
    signed: Literal["timestamp.body", "body"] = "timestamp.body"
    timestamp_header: Header | None = None
    tolerance_seconds: int = Field(default=300, ge=1, le=3600)
    message_id_header: Header | None = None
    message_id_path: Annotated[str, AfterValidator(_pointer)] | None = None
    only: dict[
        Annotated[str, AfterValidator(_pointer)], Annotated[Any, AfterValidator(_scalar)]
    ] = {}
    """Deliveries whose body has other values at these pointers ask for no approval."""
    fields: dict[Field_, Rule]

    @property
    def scheme(self) -> Scheme:
        """Return how the signature header is written."""
        return Scheme(self.prefix, self.encoding, self.algorithm)


def read_hmac_config(config: Mapping[str, Any]) -> HmacConfig:
    """Return the settings; raises InvalidError with everything that is wrong at once."""
    return read_config(HmacConfig, config, _contradictions(config))


def _contradictions(config: Mapping[str, Any]) -> list[Fault]:
    faults = []
    has_time = config.get("timestamp_header") is not None
    if config.get("signed", "timestamp.body") == "timestamp.body" and not has_time:
        faults.append(
            Fault(
                "/timestamp_header",
                sentence("is needed when timestamp.body is what is signed"),
            )
        )
    if config.get("signed") == "body" and has_time:
        faults.append(
            Fault(
                "/timestamp_header", sentence("proves nothing when only the body is signed")
            )
        )
    ids = [config.get(name) for name in ("message_id_header", "message_id_path")]
    if None not in ids:
        faults.append(
            Fault(
                "/message_id_path",
                sentence("or message_id_header: only one can name the id"),
            )
        )
    return faults + _unmapped(config.get("fields"))


def _unmapped(fields: object) -> list[Fault]:
    if not isinstance(fields, dict):
        return []
    faults = [
        Fault(f"/fields/{needed}", sentence("is needed: say where the body has it"))
        for needed in ("tool", "arguments")
        if needed not in fields
    ]
    arguments = fields.get("arguments")
    if isinstance(arguments, dict) and (
        "constant" in arguments or arguments.get("optional")
    ):
        faults.append(
            Fault(
                "/fields/arguments",
                sentence("must come from the body: people decide on them"),
            )
        )
    return faults

"""CloudEvents 1.0 over HTTP, structured and binary mode: for everything that has no kind of its own.

Source: github.com/cloudevents/spec, bindings/http-protocol-binding.md (v1.0.2). The event's
data is the body of `POST /api/v1/approvals`. Who sent it is proven as by `standard` or `hmac`.
Both sign the body and no `ce-` header, so in binary mode those decide nothing: neither which event
it is nor whether it asks.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from webui.approvals.call.strict_json import Document
from webui.approvals.errors import Fault, InvalidError
from webui.receivers import hmac_kind, standard
from webui.receivers.config import read_config, reject
from webui.receivers.kind import (
    Ignored,
    Inbound,
    Refused,
    SourceSecrets,
    Submission,
    Verified,
    misconfigured,
)
from webui.receivers.reading import check_size, read_body
from webui.receivers.standard import submission_of
from webui.sentences import sentence

name = "cloudevents"
label = "CloudEvents"
about = sentence(
    "Anything that sends CloudEvents; the decision goes back by callback or polling."
)
example: Mapping[str, Any] = {"types": ["org.example.approval.requested"]}
token: str | None = None
new_secret = standard.new_secret

STRUCTURED = "application/cloudevents+json"
MESSAGE_ID = "webhook-id"
_NEEDED = ("specversion", "id", "source", "type")
_VERSION = "1.0"
_MAX_ATTRIBUTE = 1_000
_MAX_SHOWN = 500
_NO_FIELDS = {"tool": "/tool", "arguments": "/arguments"}
_ID_UNSIGNED = sentence(
    "In binary mode nobody signs ce-id: send the event's id as the signed "
    "webhook-id too, or the event in structured mode (%(structured)s).",
    structured=STRUCTURED,
)
_TYPE_UNSIGNED = sentence(
    "This source takes events by their type, and in binary mode nobody "
    "signs ce-type: send the event in structured mode (%(structured)s), or "
    "take `types` out of the settings.",
    structured=STRUCTURED,
)


class _Hmac(BaseModel):
    """How the body is signed, in the words of the kind hmac."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    signature_header: str
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Literal["sha256", "sha512"] = "sha256"
    signed: Literal["timestamp.body", "body"] = "timestamp.body"
    timestamp_header: str | None = None


class _Config(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    types: list[str] = Field(default=[], max_length=50)
    """Events of other types ask for nothing, and none comes in binary mode; empty: all ask."""
    hmac: _Hmac | None = None
    """Without it, events are signed as Standard Webhooks says."""
    tolerance_seconds: int = Field(default=300, ge=1, le=3600)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    faults: list[Fault] = []
    try:
        settings = read_config(_Config, source.config)
    except InvalidError as error:
        faults += error.faults
        settings = _Config()
    try:
        _signing(settings).check_source(_as_signed(source, settings))
    except InvalidError as error:
        inside = "" if settings.hmac is None else "/hmac"
        faults += [
            fault
            if fault.pointer == "/secret"
            else Fault(inside + fault.pointer, fault.detail)
            for fault in error.faults
        ]
    reject(faults)


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:
    """Prove sender and time; an event is known again by its source and id, where both are signed.

    What the signature covers always counts besides: a replay under another event id is still a
    replay. In binary mode that alone counts, and the signed `webhook-id` must be the event's id.
    """
    check_size(delivery.body)
    try:
        settings = read_config(_Config, source.config)
    except InvalidError:
        raise misconfigured() from None
    proven: Verified = _signing(settings).verify(
        delivery, _as_signed(source, settings), now
    )
    structured = _is_structured(delivery.headers)
    event = _attributes(read_body(delivery) if structured else None, delivery.headers)
    if not structured:
        return proven
    return Verified((_id_of(event), *proven.message_ids), proven.signed_at)


def to_submissions(
    body: Document, headers: Mapping[str, str], config: Mapping[str, Any]
) -> list[Submission]:
    """Hand the event's data on; the API's own schema checks it. Raises Refused or Ignored."""
    try:
        settings = read_config(_Config, config)
    except InvalidError:
        raise misconfigured() from None
    structured = _is_structured(headers)
    event = _attributes(body if structured else None, headers)
    if not structured:
        _check_unsigned(event, headers, settings)
        return [submission_of(body)]
    if settings.types and event["type"] not in settings.types:
        raise Ignored(
            sentence("The event's type is not one that this source asks approval for.")
        )
    if "data_base64" in body.value:
        raise _unfit("data_base64", sentence("left out: send JSON in `data`"))
    if not isinstance(body.value.get("data"), dict):
        raise _unfit(
            "data", sentence("a JSON object, the body of `POST /api/v1/approvals`")
        )
    return [submission_of(Document(body.value["data"], body.raw("data")))]


def _check_unsigned(
    event: Mapping[str, str], headers: Mapping[str, str], settings: _Config
) -> None:
    """Refuse what only the `ce-` headers of binary mode could tell."""
    if settings.types:
        raise Refused(422, "event_type_unsigned", _TYPE_UNSIGNED)
    if settings.hmac is None and event["id"] != headers.get(MESSAGE_ID):
        raise Refused(422, "event_id_unsigned", _ID_UNSIGNED)


def _signing(settings: _Config) -> Any:
    return standard if settings.hmac is None else hmac_kind


def _as_signed(source: SourceSecrets, settings: _Config) -> SourceSecrets:
    tolerance = {"tolerance_seconds": settings.tolerance_seconds}
    if settings.hmac is None:
        return SourceSecrets(source.secrets, tolerance)
    words = settings.hmac.model_dump(exclude_none=True)
    return SourceSecrets(source.secrets, {**words, **tolerance, "fields": _NO_FIELDS})


def _is_structured(headers: Mapping[str, str]) -> bool:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.startswith("application/cloudevents") and media_type != STRUCTURED:
        raise Refused(
            415,
            "unsupported_media_type",
            sentence(
                "Send one event at a time, as %(structured)s or with ce- headers.",
                structured=STRUCTURED,
            ),
        )
    return media_type == STRUCTURED


def _attributes(body: Document | None, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that every event has; raises Refused for one that is missing."""
    found: dict[str, str] = {}
    for attribute in _NEEDED:
        if body is not None:
            value = body.value.get(attribute)
        else:
            value = headers.get(f"ce-{attribute}")
            value = value if value is None else _decoded(value)
        if not isinstance(value, str) or not 1 <= len(value) <= _MAX_ATTRIBUTE:
            raise _unfit(
                attribute,
                sentence(
                    "a string of 1 to %(max_attribute)s characters",
                    max_attribute=_MAX_ATTRIBUTE,
                ),
            )
        found[attribute] = value
    if found["specversion"] != _VERSION:
        raise _unfit("specversion", _VERSION)
    return found


def _decoded(value: str) -> str:
    """Return a header's value without its percent-encoding (binding, 3.1.3.2)."""
    quoted = value.startswith('"') and value.endswith('"') and len(value) > 1
    try:
        return unquote(json.loads(value) if quoted else value, errors="strict")
    except ValueError:
        return ""


def _id_of(event: Mapping[str, str]) -> str:
    pair = json.dumps([event["source"], event["id"]])  # never mistaken for another pair
    if len(pair) > _MAX_SHOWN:
        return "ce:sha256:" + hashlib.sha256(pair.encode()).hexdigest()
    return "ce:" + pair


def _unfit(attribute: str, form: str) -> Refused:
    return Refused(
        422,
        "event_invalid",
        sentence(
            "The CloudEvent's `%(attribute)s` must be %(form)s.",
            attribute=attribute,
            form=form,
        ),
    )

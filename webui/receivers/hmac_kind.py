"""Sources that sign with a digest in a header of their own, in a body of their own.

Policy gateways differ in the header, its prefix, what is signed and how the fields are
called, so all of that is settings (`hmac_config.py`) and no gateway's name is in here.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from webui.approvals.call.strict_json import Document
from webui.approvals.errors import InvalidError
from webui.receivers.config import check_both
from webui.receivers.hmac_config import Constant, HmacConfig, Place, read_hmac_config
from webui.receivers.kind import (
    Ignored,
    Inbound,
    Refused,
    SourceSecrets,
    Submission,
    Verified,
    misconfigured,
    refusal,
)
from webui.receivers.reading import (
    Found,
    at_pointer,
    check_size,
    read_body,
    received_arguments,
)
from webui.sentences import sentence
from webui.signatures import hmac_header
from webui.signatures.errors import BadSecret, NotSigned
from webui.signatures.freshness import read_timestamp

name = "hmac"
label = "HMAC header"
about = sentence("Policy gateways that sign with a keyed digest in a header of their own.")
example: Mapping[str, Any] = {
    "signature_header": "x-gateway-signature",
    "prefix": "sha256=",
    "signed": "body",
    "message_id_path": "/id",
    "fields": {"tool": "/tool", "arguments": "/arguments"},
}
token: str | None = None

_MAX_ID = 255


def new_secret() -> str:
    """Return 43 random characters."""
    return secrets.token_urlsafe(32)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_both(
        lambda: read_hmac_config(source.config), hmac_header.check_secret, source.secrets
    )


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:
    """Prove sender and, where it is signed, time; raises Refused.

    The sender's own message id lets its retries be known again. It may lie in a header
    nobody signed, so the digest of what was signed always counts as an id as well: a
    replay under a fresh id is still a replay.
    """
    check_size(delivery.body)
    try:
        config = read_hmac_config(source.config)
        content, signed_at = _signed_content(delivery, config, now)
        header = delivery.headers.get(config.signature_header)
        named = config.signature_header
        hmac_header.verify(config.scheme, source.secrets, header, content, named=named)
    except NotSigned as error:
        raise refusal(error) from None
    except (BadSecret, InvalidError):
        raise misconfigured() from None
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    sender_id = _sender_id(delivery, config)
    ids = (digest,) if sender_id is None else (f"id:{sender_id}", digest)
    return Verified(ids, signed_at)


def to_submissions(
    body: Document,
    headers: Mapping[str, str],  # noqa: ARG001 - every kind takes the same
    config: Mapping[str, Any],
) -> list[Submission]:
    """Fill the API's fields by the source's field map; raises Refused or Ignored."""
    try:
        settings = read_hmac_config(config)
    except InvalidError:
        raise misconfigured() from None
    _check_only(body, settings)
    submission: Submission = {}
    for field, rule in settings.fields.items():
        if isinstance(rule, Constant):
            submission[field] = rule.constant
        elif (found := _found(body, rule)) is not None:
            submission[field] = found.value
            if field == "arguments":
                submission["arguments_text"] = received_arguments(found.text)
    return [submission]


def _signed_content(
    delivery: Inbound, config: HmacConfig, now: int
) -> tuple[bytes, int | None]:
    if config.timestamp_header is None:
        return delivery.body, None
    timestamp = delivery.headers.get(config.timestamp_header)
    signed_at = read_timestamp(
        timestamp,
        now=now,
        tolerance_ms=config.tolerance_seconds * 1000,
        header=config.timestamp_header,
    )
    return hmac_header.timestamped(str(timestamp), delivery.body), signed_at


def _sender_id(delivery: Inbound, config: HmacConfig) -> str | None:
    """Return the id the sender gave this message, or None if the source names no place."""
    if config.message_id_header is not None:
        value: object = delivery.headers.get(config.message_id_header)
    elif config.message_id_path is not None:
        found = at_pointer(read_body(delivery), config.message_id_path)
        value = None if found is None else found.value
    else:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_ID:
        raise Refused(
            422,
            "message_id_missing",
            sentence(
                "The delivery has no message id of 1 to %(max_id)s characters where "
                "its source says it is.",
                max_id=_MAX_ID,
            ),
        )
    return value


def _check_only(body: Document, config: HmacConfig) -> None:
    for pointer, wanted in config.only.items():
        found = at_pointer(body, pointer)
        value: object = None if found is None else found.value
        # True == 1 in Python, not in JSON
        if (type(value), value) != (type(wanted), wanted):
            msg = sentence(
                "The value at %(pointer)s is not the one this source asks approval for.",
                pointer=pointer,
            )
            raise Ignored(msg)


def _found(body: Document, place: Place) -> Found | None:
    """Return what lies at a place; raises Refused if something needed is not there."""
    found = at_pointer(body, place.pointer)
    if place.optional and (found is None or found.value is None):
        return None
    if found is None:
        raise Refused(
            422,
            "field_missing",
            sentence(
                "The body has nothing at %(pointer)s, which the field map needs.",
                pointer=place.pointer,
            ),
        )
    return found

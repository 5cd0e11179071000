"""From a verified body to the values in it: strict JSON, JSON Pointer, received text."""

import re
from dataclasses import replace
from typing import Any, NamedTuple

from webui.approvals.call.json_faults import DEFAULT_LIMITS, Unreadable
from webui.approvals.call.strict_json import Document, read_arguments, read_document
from webui.receivers.kind import Inbound, Refused
from webui.sentences import sentence

MAX_BODY = 1024 * 1024
MAX_STEPS = 8
"""How deep in a delivery the arguments may lie."""

LIMITS = replace(DEFAULT_LIMITS, body_bytes=MAX_BODY)
_JSON_TYPE = re.compile(
    r"application/(?:[a-z0-9.+-]+\+)?json(?:\s*;\s*charset=\"?utf-8\"?)?\s*",
    re.ASCII | re.IGNORECASE,
)
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


def check_size(body: bytes) -> None:
    """Refuse a body beyond 1 MiB, before anything is computed over it."""
    if len(body) > MAX_BODY:
        raise Refused(
            413, "too_large", sentence("The body is larger than 1 MiB (1,048,576 bytes).")
        )


def read_body(delivery: Inbound) -> Document:
    """Read a delivery's JSON strictly, after its signature; raises Refused."""
    media_type = delivery.headers.get("content-type", "")
    if not _JSON_TYPE.fullmatch(media_type):
        raise Refused(
            415,
            "unsupported_media_type",
            sentence("Send JSON with Content-Type: application/json."),
        )
    try:
        return read_document(delivery.body, LIMITS, envelope_levels=MAX_STEPS)
    except Unreadable as error:
        raise unreadable(error) from None


def unreadable(error: Unreadable) -> Refused:
    """Turn a broken JSON rule into the answer its sender gets."""
    return Refused(error.status, error.code, error.detail)


def received_arguments(text: str) -> str:
    """Return the text of a call's arguments once it kept the rules for arguments."""
    try:
        read_arguments(text)
    except Unreadable as error:
        raise unreadable(error.below("/arguments")) from None
    return text


def split_pointer(pointer: str) -> list[str]:
    """Return the steps of a JSON Pointer (RFC 6901); raises ValueError."""
    if not _POINTER.fullmatch(pointer) or pointer.count("/") > MAX_STEPS:
        msg = sentence(
            'must be a JSON Pointer like "/ticket/id", of at most %(max_steps)s steps',
            max_steps=MAX_STEPS,
        )
        raise ValueError(msg)
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


class Found(NamedTuple):
    """A value inside a delivery, and its text as received."""

    value: Any
    text: str


def at_pointer(document: Document, pointer: str) -> Found | None:
    """Return what lies at a pointer, or None if nothing does; raises ValueError.

    Steps go through objects only: the place of an item in a list says nothing about it.
    """
    found = Found(document.value, document.text)
    for step in split_pointer(pointer):
        if not isinstance(found.value, dict) or step not in found.value:
            return None
        text = Document(found.value, found.text).raw(step)
        found = Found(found.value[step], text)
    return found

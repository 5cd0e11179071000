"""Test events: deliveries of a kind that the desk makes and signs itself, to try a source.

They go the way of every delivery: verified, told from replays, translated, filed. A kind that
can make one has a line in `SAMPLES`; the others are tried from their upstream.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from webui.receivers.hmac_config import Constant, HmacConfig, Place, read_hmac_config
from webui.receivers.kind import Inbound, SourceSecrets
from webui.receivers.reading import split_pointer
from webui.signatures import hmac_header, standard

TOOL: Final = "countersign.test"
ADDRESS: Final = "this desk"
_SAID: Final = "A test event of the desk's own: nothing runs, whatever the verdict."
_ELSE: Final = "test"
_TYPE: Final = {"content-type": "application/json"}

Sample = Callable[[SourceSecrets, int, str], Inbound]
"""Secrets and settings, the time (ms) and an id; returns a delivery that is good for them."""


def of_standard(source: SourceSecrets, now: int, event_id: str) -> Inbound:
    """Return a call of no consequence, signed as Standard Webhooks says."""
    call = {
        "tool": TOOL,
        "arguments": {"event": event_id},
        "reason": _SAID,
        "risk": "low",
    }
    body = json.dumps(call).encode()
    signed = standard.sign(source.secrets[:1], event_id, now=now, body=body)
    return Inbound(_TYPE | signed, body, ADDRESS)


def of_hmac(source: SourceSecrets, now: int, event_id: str) -> Inbound:
    """Return a body in which every place of the field map holds something that can be filed.

    Raises:
        InvalidError: the settings cannot be read.

    """
    config = read_hmac_config(source.config)
    body = json.dumps(_filled(config, event_id)).encode()
    headers, content = dict(_TYPE), body
    if config.timestamp_header is not None:
        headers[config.timestamp_header] = str(now // 1000)
        content = hmac_header.timestamped(str(now // 1000), body)
    if config.message_id_header is not None:
        headers[config.message_id_header] = event_id
    headers[config.signature_header] = hmac_header.sign(
        config.scheme, source.secrets[0], content
    )
    return Inbound(headers, body, ADDRESS)


def _filled(config: HmacConfig, event_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for field, rule in config.fields.items():
        if isinstance(rule, Place) and (not rule.optional or field == "reason"):
            _put(body, rule.pointer, _VALUES.get(field, _ELSE))
    arguments = config.fields["arguments"]
    assert not isinstance(arguments, Constant)  # such settings are refused
    _put(body, arguments.pointer, {"event": event_id})
    if config.message_id_path is not None:
        _put(body, config.message_id_path, event_id)
    for pointer, wanted in config.only.items():
        _put(body, pointer, wanted)
    return body


_VALUES: Final[Mapping[str, Any]] = {
    "tool": TOOL,
    "reason": _SAID,
    "summary": _SAID,
    "risk": "low",
    "context": {},
    "trace": {},
    "ctx": {},
    "tool_def": {},
    "arguments_schema": {},
    "scope": {},
    "expires_in": 600,
    "allowed_decisions": ["approve", "deny"],
}
"""What a field may hold where a word would be refused."""


def _put(body: dict[str, Any], pointer: str, value: object) -> None:
    """Put a value at a place, making the objects on the way; nothing is put over another."""
    *way, last = split_pointer(pointer) or [""]
    place: Any = body
    for step in way:
        place = place.setdefault(step, {})
        if not isinstance(place, dict):
            return
    if isinstance(place.get(last), dict) and isinstance(value, dict):
        place[last] = {**value, **place[last]}
    else:
        place[last] = value


SAMPLES: Final[Mapping[str, Sample]] = {"standard": of_standard, "hmac": of_hmac}
"""By the kind's name."""

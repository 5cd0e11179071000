"""CloudEvents made by the official `cloudevents` package (2.2), signed in both ways."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from webui.approvals.errors import InvalidError
from webui.asks import AskBody, check_body
from webui.receivers import cloudevents, standard
from webui.receivers.kind import Ignored, Inbound, Refused, SourceSecrets, Submission
from webui.receivers.reading import read_body
from webui.signatures.standard import sign

NOW = 1_767_225_600_000
SECRET = standard.new_secret()
TYPE = "org.example.approval.requested"
CALL = {"tool": "bank.transfer", "arguments": {"to": "DE89", "amount": 5}}
HMAC = {"hmac": {"signature_header": "x-sig", "signed": "body"}}
MODES = pytest.mark.parametrize("mode", ["structured", "binary"])


def message(mode: str, data: Any = CALL, **attributes: Any) -> tuple[dict[str, str], bytes]:
    given = {"type": TYPE, "source": "/payments ü", "id": "e-1", "time": datetime.now(UTC)}
    given |= {"datacontenttype": "application/json"}
    event = CloudEvent(given | attributes, data)
    make = to_structured_event if mode == "structured" else to_binary_event
    made = make(event)
    return {name.lower(): value for name, value in made.headers.items()}, made.body


def signed(headers: dict[str, str], body: bytes, message_id: str = "e-1") -> Inbound:
    return Inbound({**headers, **sign([SECRET], message_id, now=NOW, body=body)}, body, "")


def with_hmac(headers: dict[str, str], body: bytes) -> Inbound:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return Inbound({**headers, "x-sig": digest}, body, "")


def receive(inbound: Inbound, config: dict[str, Any] | None = None) -> Submission:
    source = SourceSecrets((SECRET,), config or {})
    cloudevents.verify(inbound, source, NOW)
    [submission] = cloudevents.to_submissions(
        read_body(inbound), inbound.headers, source.config
    )
    return submission


def refusal(inbound: Inbound, config: dict[str, Any] | None = None) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        receive(inbound, config)
    return caught.value.status, caught.value.code


@MODES
def test_an_event_s_data_is_the_call(mode: str) -> None:
    headers, body = message(mode)
    made = receive(signed(headers, body))
    assert json.loads(made.pop("arguments_text")) == CALL["arguments"]
    assert made == CALL
    assert receive(with_hmac(headers, body), HMAC)["tool"] == "bank.transfer"


def test_a_structured_event_is_known_again_by_its_source_and_id() -> None:
    source = SourceSecrets((SECRET,), {})
    one = cloudevents.verify(signed(*message("structured")), source, NOW)
    again = cloudevents.verify(signed(*message("structured"), "msg_2"), source, NOW)
    renamed = signed(*message("structured", id="e-2"), "msg_2")
    other = cloudevents.verify(renamed, source, NOW)
    assert one.message_id == again.message_id == 'ce:["/payments \\u00fc", "e-1"]'
    assert one.message_id != other.message_id
    # and what the signature covers counts too, whatever the headers say
    assert set(again.message_ids) & set(other.message_ids) == {"msg_2"}


@pytest.mark.parametrize("config", [{}, HMAC], ids=["standard", "hmac"])
@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "tool", "data"])
def test_a_changed_header_of_binary_mode_changes_nothing(
    name: str, config: dict[str, Any]
) -> None:
    headers, body = message("binary")
    made = with_hmac(headers, body) if config else signed(headers, body)
    changed = Inbound({**made.headers, f"ce-{name}": "e-9"}, body, "")
    source = SourceSecrets((SECRET,), config)
    known = cloudevents.verify(made, source, NOW)
    assert cloudevents.verify(changed, source, NOW) == known
    if name == "id" and not config:
        assert refusal(changed) == (422, "event_id_unsigned")
    else:
        assert receive(changed, config) == receive(made, config)


def test_the_signed_id_of_binary_mode_is_the_event_s_own() -> None:
    headers, body = message("binary", id="50%")
    assert headers["ce-id"] == "50%25"
    assert receive(signed(headers, body, "50%"))["tool"] == "bank.transfer"
    assert refusal(signed(headers, body, "msg_1")) == (422, "event_id_unsigned")


@pytest.mark.parametrize("signing", [{}, HMAC], ids=["standard", "hmac"])
def test_a_source_that_chooses_by_type_takes_no_event_whose_type_nobody_signed(
    signing: dict[str, Any],
) -> None:
    headers, body = message("binary")
    made = with_hmac(headers, body) if signing else signed(headers, body)
    for name in (TYPE, "org.example.other"):
        changed = Inbound({**made.headers, "ce-type": name}, body, "")
        config = {**signing, "types": [TYPE]}
        assert refusal(changed, config) == (422, "event_type_unsigned")


def test_neither_mode_can_be_passed_off_as_the_other() -> None:
    """Nobody signs the media type either."""
    headers, body = message("structured")
    binary, plain = message("binary")
    asked = signed({**headers, **binary, "content-type": "application/json"}, body)
    cloudevents.verify(asked, SourceSecrets((SECRET,), {}), NOW)
    [made] = cloudevents.to_submissions(read_body(asked), asked.headers, {})
    with pytest.raises(InvalidError):
        check_body(AskBody, {name: made[name] for name in made if name != "arguments_text"})
    asked = signed({**binary, "content-type": cloudevents.STRUCTURED}, plain)
    assert refusal(asked) == (422, "event_invalid")


def test_other_types_ask_for_nothing() -> None:
    config = {"types": [TYPE]}
    made = receive(signed(*message("structured")), config)
    assert made["tool"] == "bank.transfer"
    with pytest.raises(Ignored):
        receive(signed(*message("structured", type="org.example.other")), config)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"ce-id": ""}, "event_invalid"),
        ({"ce-source": "%ff"}, "event_invalid"),
        ({"ce-type": "x" * 1_001}, "event_invalid"),
        ({"ce-specversion": "0.3"}, "event_invalid"),
        ({"ce-specversion": "1.0 "}, "event_invalid"),
        ({"content-type": "text/xml"}, "unsupported_media_type"),
        ({"content-type": "application/cloudevents-batch+json"}, "unsupported_media_type"),
        ({"content-type": "application/cloudevents+avro"}, "unsupported_media_type"),
        ({"webhook-signature": "v1,AAAA"}, "signature_malformed"),
        ({"webhook-timestamp": "1"}, "timestamp_too_old"),
    ],
)
def test_a_bad_header_is_refused(headers: dict[str, str], code: str) -> None:
    inbound = signed(*message("binary"))
    changed = Inbound({**inbound.headers, **headers}, inbound.body, "")
    assert refusal(changed)[1] == code


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
@MODES
def test_an_event_without_what_each_has_is_refused(mode: str, missing: str) -> None:
    headers, body = message(mode)
    if mode == "structured":
        event = json.loads(body)
        del event[missing]
        body = json.dumps(event).encode()
    headers.pop(f"ce-{missing}", None)
    assert refusal(signed(headers, body)) == (422, "event_invalid")


@pytest.mark.parametrize(
    "change",
    [
        {"data": [1]},
        {"data": "text"},
        {"data": None},
        {"data_base64": "e30="},
        {"id": 7},
        {"type": None},
        {"specversion": 1.0},
    ],
    ids=str,
)
def test_a_structured_event_of_another_form_is_refused(change: dict[str, Any]) -> None:
    headers, body = message("structured")
    changed = json.dumps(json.loads(body) | change).encode()
    assert refusal(signed(headers, changed)) == (422, "event_invalid")


@pytest.mark.parametrize("name", ["arguments_text", "reply_to"])
@MODES
def test_members_that_are_ours_alone_are_refused(mode: str, name: str) -> None:
    data = CALL | {name: "{}"}
    assert refusal(signed(*message(mode, data))) == (422, "schema")


@MODES
def test_no_bit_can_be_turned(mode: str) -> None:
    inbound = signed(*message(mode))
    source = SourceSecrets((SECRET,), {})
    for at in range(0, len(inbound.body) * 8, 3):
        bits = bytearray(inbound.body)
        bits[at // 8] ^= 1 << at % 8
        with pytest.raises(Refused):
            cloudevents.verify(Inbound(inbound.headers, bytes(bits), ""), source, NOW)


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"types": "all"}, "/types"),
        ({"tolerance_seconds": 0}, "/tolerance_seconds"),
        ({"hmac": {}}, "/hmac/signature_header"),
        ({"hmac": {"signature_header": "x-sig"}}, "/hmac/timestamp_header"),
        (
            {"hmac": {"signature_header": "x sig", "signed": "body"}},
            "/hmac/signature_header",
        ),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_named(config: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidError) as caught:
        cloudevents.check_source(SourceSecrets((SECRET,), config))
    assert pointer in [fault.pointer for fault in caught.value.faults]

"""Sources that sign by Standard Webhooks: the body is our API's own."""

from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from webui.approvals.errors import InvalidError
from webui.receivers import standard
from webui.receivers.kind import Inbound, Refused, SourceSecrets, Submission
from webui.receivers.reading import read_body
from webui.signatures.standard import sign

NOW = 1_767_225_600_000
SECRET = standard.new_secret()
SOURCE = SourceSecrets((SECRET,), {})
BODY = b'{"tool":"bank.transfer","arguments": {"amount":1.0, "to":"DE89"} ,"risk":"high"}'


def delivery(body: bytes = BODY, headers: dict[str, str] | None = None) -> Inbound:
    signed = sign([SECRET], "msg_1", now=NOW, body=body)
    return Inbound(
        {"content-type": "application/json", **signed, **(headers or {})}, body, "192.0.2.1"
    )


def refusal(inbound: Inbound, source: SourceSecrets = SOURCE, now: int = NOW) -> Refused:
    with pytest.raises(Refused) as caught:
        receive(inbound, source, now)
    return caught.value


def receive(inbound: Inbound, source: SourceSecrets, now: int) -> Submission:
    standard.verify(inbound, source, now)
    [submission] = standard.to_submissions(
        read_body(inbound), inbound.headers, source.config
    )
    return submission


def test_a_message_of_the_official_package_becomes_a_submission() -> None:
    moment = datetime.fromtimestamp(NOW / 1000, UTC)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "webhook-id": "msg_2",
        "webhook-timestamp": str(NOW // 1000),
        "webhook-signature": Webhook(SECRET).sign("msg_2", moment, BODY.decode()),
    }
    inbound = Inbound(headers, BODY, "192.0.2.1")
    verified = standard.verify(inbound, SOURCE, NOW)
    assert (verified.message_id, verified.signed_at) == ("msg_2", NOW)
    assert standard.to_submissions(read_body(inbound), {}, {}) == [
        {
            "tool": "bank.transfer",
            "arguments": {"amount": 1, "to": "DE89"},
            "arguments_text": '{"amount":1.0, "to":"DE89"}',
            "risk": "high",
        }
    ]


def test_the_same_message_has_the_same_id_however_often_it_is_signed() -> None:
    inbound = delivery()
    assert standard.verify(inbound, SOURCE, NOW).message_ids == ("msg_1",)
    assert standard.verify(inbound, SOURCE, NOW + 60_000).message_ids == ("msg_1",)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"webhook-signature": "v1,"}, 400, "signature_malformed"),
        ({"webhook-signature": "v1," + "A" * 43 + "="}, 401, "signature_mismatch"),
        ({"webhook-id": "msg_2"}, 401, "signature_mismatch"),
        ({"webhook-id": ""}, 401, "signature_missing"),
        ({"webhook-timestamp": "soon"}, 400, "signature_malformed"),
        ({"webhook-timestamp": "1767225000"}, 401, "timestamp_too_old"),
        ({"webhook-timestamp": "1767226000"}, 401, "timestamp_too_new"),
        ({"content-type": "text/plain"}, 415, "unsupported_media_type"),
        ({"content-type": ""}, 415, "unsupported_media_type"),
        (
            {"content-type": "application/json; charset=latin-1"},
            415,
            "unsupported_media_type",
        ),
    ],
)
def test_a_refusal_says_what_to_mend(
    headers: dict[str, str], status: int, code: str
) -> None:
    refused = refusal(delivery(headers=headers))
    assert (refused.status, refused.code) == (status, code)
    assert SECRET not in refused.detail


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b"[]", 422, "schema"),
        (b'{"tool":"a","tool":"b"}', 422, "duplicate_key"),
        (b'{"arguments":{"x":NaN}}', 422, "non_finite"),
        (b"\xff", 422, "bad_utf8"),
        (b'{"arguments":[]}', 422, "schema"),
        (b'{"arguments":' + b'{"a":' * 33 + b"1" + b"}" * 34, 422, "too_deep"),
        (b'{"arguments":{},"arguments_text":"{}"}', 422, "schema"),
    ],
)
def test_only_strict_json_is_read(body: bytes, status: int, code: str) -> None:
    refused = refusal(delivery(body))
    assert (refused.status, refused.code) == (status, code)


def test_a_body_without_arguments_is_left_to_the_schema() -> None:
    inbound = delivery(b'{"tool":"x"}')
    assert standard.to_submissions(read_body(inbound), {}, {}) == [{"tool": "x"}]


def test_the_tolerance_is_a_setting_of_the_source() -> None:
    patient = SourceSecrets((SECRET,), {"tolerance_seconds": 3600})
    standard.verify(delivery(), patient, NOW + 3_600_000)
    assert refusal(delivery(), patient, NOW + 3_601_000).code == "timestamp_too_old"


@pytest.mark.parametrize("tolerance", [0, -1, 3601, "300", 1.5, None, True])
def test_a_tolerance_out_of_reason_is_refused(tolerance: Any) -> None:
    source = SourceSecrets((SECRET,), {"tolerance_seconds": tolerance})
    with pytest.raises(InvalidError) as caught:
        standard.check_source(source)
    assert caught.value.faults[0].pointer == "/tolerance_seconds"
    assert refusal(delivery(), source).code == "source_misconfigured"


def test_everything_wrong_with_a_source_is_told_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        standard.check_source(SourceSecrets(("x", SECRET, "whsec_"), {"a": 1, "b": 2}))
    pointers = [fault.pointer for fault in caught.value.faults]
    assert pointers == ["/a", "/b", "/secret", "/secret"]

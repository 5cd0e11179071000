"""Sources that sign in a header of their own: settings, proof, replay ids, field map."""

from typing import Any

import pytest

from webui.approvals.errors import InvalidError
from webui.receivers import hmac_kind
from webui.receivers.kind import Ignored, Inbound, Refused, SourceSecrets, Submission
from webui.receivers.reading import at_pointer, read_body, split_pointer
from webui.signatures.hmac_header import Scheme, sign, timestamped

NOW = 1_767_225_600_000
SECONDS = str(NOW // 1000)
SECRET = hmac_kind.new_secret()
FIELDS = {"tool": "/ticket/tool_name", "arguments": "/ticket/tool_input"}
CONFIG: dict[str, Any] = {
    "signature_header": "X-Gateway-Signature",
    "prefix": "sha256=",
    "timestamp_header": "X-Gateway-Timestamp",
    "fields": FIELDS,
}
BODY_ONLY = {**CONFIG, "signed": "body", "timestamp_header": None}
BODY = (
    b'{"event":"approval_requested","ticket":{"id":"tk_1","tool_name":"sh",'
    b'"tool_input": {"cmd":"ls", "n":1.0} ,"note":null}}'
)


def delivery(
    body: bytes = BODY, scheme: Scheme | None = None, headers: dict[str, str] | None = None
) -> Inbound:
    signature = sign(scheme or Scheme("sha256="), SECRET, timestamped(SECONDS, body))
    known = {
        "content-type": "application/json",
        "x-gateway-signature": signature,
        "x-gateway-timestamp": SECONDS,
    }
    return Inbound(known | (headers or {}), body, "192.0.2.1")


def delivery_of_body(body: bytes = BODY) -> Inbound:
    signature = sign(Scheme("sha256="), SECRET, body)
    headers = {"content-type": "application/json", "x-gateway-signature": signature}
    return Inbound(headers, body, "192.0.2.1")


def source(config: dict[str, Any] | None = None, *secrets: str) -> SourceSecrets:
    return SourceSecrets(secrets or (SECRET,), CONFIG if config is None else config)


def refusal(inbound: Inbound, config: dict[str, Any] | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        hmac_kind.verify(inbound, source(config), NOW)
    return caught.value


def submission(config: dict[str, Any], body: bytes = BODY) -> Submission:
    [submission] = hmac_kind.to_submissions(read_body(delivery(body)), {}, config)
    return submission


def faults(config: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidError) as caught:
        hmac_kind.check_source(source(config))
    for pointer, detail in caught.value.faults:
        assert pointer in caught.value.detail
        assert detail in caught.value.detail
    return dict(caught.value.faults)


def test_a_signed_delivery_becomes_a_submission() -> None:
    verified = hmac_kind.verify(delivery(), source(), NOW)
    assert verified.signed_at == NOW
    assert submission(CONFIG) == {
        "tool": "sh",
        "arguments": {"cmd": "ls", "n": 1},
        "arguments_text": '{"cmd":"ls", "n":1.0}',
    }


@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("prefix", ["", "v1="])
def test_header_prefix_encoding_and_algorithm_are_settings(
    encoding: Any, algorithm: Any, prefix: str
) -> None:
    how = {"encoding": encoding, "algorithm": algorithm, "prefix": prefix}
    inbound = delivery(scheme=Scheme(prefix, encoding, algorithm))
    hmac_kind.verify(inbound, source(CONFIG | how), NOW)
    assert refusal(inbound).code in {"signature_malformed", "signature_mismatch"}


def test_during_a_rotation_either_secret_is_good() -> None:
    hmac_kind.verify(delivery(), source(CONFIG, hmac_kind.new_secret(), SECRET), NOW)
    with pytest.raises(Refused):
        hmac_kind.verify(delivery(), source(CONFIG, hmac_kind.new_secret()), NOW)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"x-gateway-signature": ""}, 401, "signature_missing"),
        ({"x-gateway-signature": "sha256="}, 400, "signature_malformed"),
        ({"x-gateway-signature": "sha256=" + "0" * 64}, 401, "signature_mismatch"),
        ({"x-gateway-timestamp": str(NOW // 1000 + 1)}, 401, "signature_mismatch"),
        ({"x-gateway-timestamp": str(NOW // 1000 - 301)}, 401, "timestamp_too_old"),
        ({"x-gateway-timestamp": str(NOW // 1000 + 301)}, 401, "timestamp_too_new"),
        ({"x-gateway-timestamp": "now"}, 400, "signature_malformed"),
    ],
)
def test_a_refusal_says_what_to_mend(
    headers: dict[str, str], status: int, code: str
) -> None:
    refused = refusal(delivery(headers=headers))
    assert (refused.status, refused.code) == (status, code)


def test_how_the_signed_bytes_are_cut_is_a_setting_and_never_the_senders_choice() -> None:
    inbound = delivery_of_body(timestamped(SECONDS, BODY))
    shifted = Inbound({**inbound.headers, "x-gateway-timestamp": SECONDS}, BODY, "")
    hmac_kind.verify(shifted, source(), NOW)
    assert refusal(shifted, BODY_ONLY).code == "signature_mismatch"


def test_without_a_signed_time_ids_must_be_kept_for_ever() -> None:
    assert hmac_kind.verify(delivery_of_body(), source(BODY_ONLY), NOW).signed_at is None


def test_a_message_is_known_again_by_what_was_signed() -> None:
    once = hmac_kind.verify(delivery(), source(), NOW)
    again = hmac_kind.verify(delivery(), source(), NOW + 1000)
    other = hmac_kind.verify(delivery(BODY + b" "), source(), NOW)
    assert once.message_ids == again.message_ids != other.message_ids
    assert once.message_id.startswith("sha256:")


def test_a_replay_under_a_fresh_unsigned_id_is_still_known() -> None:
    config = CONFIG | {"message_id_header": "X-Delivery"}
    first = hmac_kind.verify(delivery(headers={"x-delivery": "1"}), source(config), NOW)
    replay = hmac_kind.verify(delivery(headers={"x-delivery": "2"}), source(config), NOW)
    assert first.message_id == "id:1"
    assert set(first.message_ids) & set(replay.message_ids)


def test_the_message_id_may_lie_in_the_body() -> None:
    config = CONFIG | {"message_id_path": "/ticket/id"}
    assert hmac_kind.verify(delivery(), source(config), NOW).message_id == "id:tk_1"
    numbered = delivery(b'{"ticket":{"id":17}}')
    assert hmac_kind.verify(numbered, source(config), NOW).message_id == "id:17"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"ticket":{"id":null}}',
        b'{"ticket":{"id":""}}',
        b'{"ticket":{"id":true}}',
        b'{"ticket":{"id":1.5}}',
        b'{"ticket":{"id":"' + b"x" * 256 + b'"}}',
        b'{"ticket":["id"]}',
    ],
)
def test_a_delivery_without_its_id_is_refused(body: bytes) -> None:
    refused = refusal(delivery(body), CONFIG | {"message_id_path": "/ticket/id"})
    assert (refused.status, refused.code) == (422, "message_id_missing")


def test_a_header_without_its_id_is_refused() -> None:
    refused = refusal(delivery(), CONFIG | {"message_id_header": "x-delivery"})
    assert refused.code == "message_id_missing"


def test_the_body_is_read_for_its_id_only_after_the_proof() -> None:
    config = CONFIG | {"message_id_path": "/ticket/id"}
    assert refusal(delivery(b"{"), config).code == "malformed_json"
    forged = Inbound({**delivery().headers}, b"{", "")
    assert refusal(forged, config).code == "signature_mismatch"


def test_constants_and_optional_fields_are_filled_in() -> None:
    fields = FIELDS | {
        "risk": {"constant": "high"},
        "context": {"constant": {"gateway": "g1"}},
        "source_ref": {"pointer": "/ticket/id"},
        "session": {"pointer": "/ticket/session", "optional": True},
        "reason": {"pointer": "/ticket/note", "optional": True},
    }
    filled = submission(CONFIG | {"fields": fields})
    assert filled["risk"] == "high"
    assert filled["context"] == {"gateway": "g1"}
    assert filled["source_ref"] == "tk_1"
    assert not {"session", "reason"} & filled.keys()


def test_a_missing_field_is_refused_and_named() -> None:
    with pytest.raises(Refused, match="nothing at /ticket/tool_name") as caught:
        submission(CONFIG, b'{"ticket":{}}')
    assert (caught.value.status, caught.value.code) == (422, "field_missing")


def test_a_null_that_is_needed_is_handed_on_for_the_schema_to_refuse() -> None:
    config = CONFIG | {"fields": FIELDS | {"reason": "/ticket/note"}}
    assert submission(config)["reason"] is None


def test_the_whole_body_may_be_the_arguments() -> None:
    config = CONFIG | {"fields": {"tool": {"constant": "x"}, "arguments": ""}}
    assert submission(config, b'{"a":1e0}')["arguments_text"] == '{"a":1e0}'


def test_arguments_keep_their_own_limits() -> None:
    deep = b'{"ticket":{"tool_name":"x","tool_input":' + b'{"a":' * 33 + b"1" + b"}" * 35
    with pytest.raises(Refused) as caught:
        submission(CONFIG, deep)
    assert caught.value.code == "too_deep"


def test_other_events_of_the_same_gateway_are_ignored() -> None:
    config = CONFIG | {"only": {"/event": "approval_requested"}}
    assert submission(config)["tool"] == "sh"
    for event in (b'"approval_consumed"', b"null", b"1"):
        body = b'{"event":' + event + b',"ticket":{"tool_name":"x","tool_input":{}}}'
        with pytest.raises(Ignored, match="/event"):
            submission(config, body)
    with pytest.raises(Ignored):
        submission(config, b"{}")


def test_true_is_not_one() -> None:
    config = CONFIG | {"only": {"/event": 1}}
    with pytest.raises(Ignored):
        submission(config, BODY.replace(b'"approval_requested"', b"true"))
    submission(config, BODY.replace(b'"approval_requested"', b"1"))


def test_everything_wrong_with_a_source_is_told_at_once() -> None:
    told = faults(
        {
            "signature_header": "x signature",
            "prefix": "sha 256",
            "encoding": "hax",
            "signed": "body",
            "timestamp_header": "x-time",
            "tolerance_seconds": 0,
            "message_id_header": [],
            "message_id_path": "id",
            "only": {"event": "x"},
            "fields": {"tol": "/x", "arguments": {"constant": {}}, "risk": 7, "run": "x"},
            "retries": 3,
        }
    )
    assert set(told) == {
        *["/signature_header", "/prefix", "/encoding", "/timestamp_header"],
        *["/tolerance_seconds", "/message_id_header", "/message_id_path", "/only/event"],
        *[
            "/fields/tol",
            "/fields/tool",
            "/fields/arguments",
            "/fields/risk",
            "/fields/run",
        ],
        "/retries",
    }
    assert told["/fields/tool"] == "is needed: say where the body has it"


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        ({"algorithm": "sha1"}, "/algorithm", "sha1 is broken"),
        ({"algorithm": "SHA-1"}, "/algorithm", "is broken"),
        ({"algorithm": "md5"}, "/algorithm", "is broken"),
        ({"algorithm": "sha384"}, "/algorithm", "one of sha256, sha512"),
        ({"timestamp_header": None}, "/timestamp_header", "is needed when"),
        ({"signed": "body"}, "/timestamp_header", "proves nothing"),
        (
            {"message_id_header": "x", "message_id_path": "/y"},
            "/message_id_path",
            "only one",
        ),
        ({"fields": None}, "/fields", "must be an object"),
        ({"fields": {**FIELDS, "tool": {"pointer": "x"}}}, "/fields/tool", "JSON Pointer"),
        (
            {"fields": {**FIELDS, "tool": {"constant": 1, "pointer": "/x"}}},
            "/fields/tool",
            "JSON Pointer",
        ),
        (
            {"fields": {**FIELDS, "arguments": {"pointer": "/x", "optional": True}}},
            "/fields/arguments",
            "must come from the body",
        ),
        ({"only": {"/event": ["x"]}}, "/only/~1event", "a string, a whole number"),
    ],
)
def test_a_wrong_setting_says_how_to_mend_it(
    change: dict[str, Any], pointer: str, detail: str
) -> None:
    assert detail in faults(CONFIG | change)[pointer]


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(InvalidError, match="at least 16 characters"):
        hmac_kind.check_source(source(CONFIG, "short"))


def test_a_source_that_became_wrong_takes_nothing() -> None:
    assert refusal(delivery(), {"signature_header": "x"}).code == "source_misconfigured"
    with pytest.raises(Refused) as caught:
        submission({"signature_header": "x"})
    assert caught.value.code == "source_misconfigured"


@pytest.mark.parametrize("pointer", ["a", "/~", "/~2", "/a~", "/a" * 9])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    with pytest.raises(ValueError, match="must be a JSON Pointer"):
        split_pointer(pointer)


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("", '{"a/b":{"m~n":[ 1 ],"":2},"c": [3]}'),
        ("/a~1b/m~0n", "[ 1 ]"),
        ("/a~1b/", "2"),
        ("/c", "[3]"),
        ("/c/0", None),
        ("/x", None),
        ("/a~1b/m~0n/0", None),
    ],
)
def test_a_pointer_finds_the_text_as_received(pointer: str, text: str | None) -> None:
    document = read_body(delivery(b'{"a/b":{"m~n":[ 1 ],"":2},"c": [3]}'))
    found = at_pointer(document, pointer)
    assert (found and found.text) == text

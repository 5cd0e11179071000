"""Standard Webhooks: equal to the official package, and deaf to everything forged."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from webui.signatures import standard
from webui.signatures.errors import BadSecret, Flaw, NotSigned

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
BODY = '{"tool":"bank.transfer","arguments":{"note":"café"}}'.encode()
GOOD = base64.b64encode(bytes(32)).decode()


def signed(
    now: int, secrets: Any = (SECRET,), body: bytes = BODY, message_id: str = "msg_1"
) -> dict[str, str]:
    return standard.sign(secrets, message_id, now=now, body=body)


def flaw_of(
    headers: dict[str, str], now: int, body: bytes = BODY, secrets: Any = (SECRET,)
) -> Flaw:
    with pytest.raises(NotSigned) as caught:
        standard.verify(secrets, headers, body, now=now)
    assert caught.value.detail.endswith(".")
    return caught.value.flaw


def test_what_the_official_package_signs_is_accepted(now: int) -> None:
    moment = datetime.fromtimestamp(now / 1000, UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now // 1000),
        "webhook-signature": Webhook(SECRET).sign("msg_1", moment, BODY.decode()),
    }
    assert standard.verify([SECRET], headers, BODY, now=now) == standard.Signed(
        "msg_1", now
    )


def test_the_official_package_accepts_what_we_sign() -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)  # that package reads the clock itself
    assert Webhook(SECRET).verify(BODY, signed(now))["tool"] == "bank.transfer"


def test_the_signature_is_the_one_of_the_format() -> None:
    digest = hmac.new(
        bytes(range(32)), b"msg_1.1767225600." + BODY, hashlib.sha256
    ).digest()
    headers = signed(1_767_225_600_999)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert headers["webhook-timestamp"] == "1767225600"


def test_a_new_secret_is_used_by_both_sides() -> None:
    secret = standard.generate_secret()
    assert secret != standard.generate_secret()
    assert len(standard.read_secret(secret)) == 32
    now = int(datetime.now(UTC).timestamp() * 1000)
    Webhook(secret).verify(BODY, signed(now, [secret]))


def test_during_a_rotation_both_secrets_sign_and_either_verifies(now: int) -> None:
    headers = signed(now, [SECRET, OTHER])
    assert headers["webhook-signature"].count("v1,") == 2
    for secrets in ([SECRET], [OTHER], [OTHER, SECRET]):
        standard.verify(secrets, headers, BODY, now=now)
    standard.verify([OTHER, SECRET], signed(now, [SECRET]), BODY, now=now)


def test_another_secret_does_not_verify(now: int) -> None:
    assert flaw_of(signed(now, [OTHER]), now) is Flaw.NO_MATCH


def test_entries_of_other_versions_and_broken_ones_are_skipped(now: int) -> None:
    headers = signed(now)
    headers["webhook-signature"] = f"v1a,{GOOD} v1,AA== {headers['webhook-signature']} v2"
    standard.verify([SECRET], headers, BODY, now=now)


def test_any_bytes_may_be_a_body(now: int) -> None:
    body = bytes(range(256))
    standard.verify([SECRET], signed(now, body=body), body, now=now)
    assert flaw_of(signed(now, body=body), now, body + b"\n") is Flaw.NO_MATCH


@pytest.mark.parametrize(
    ("shift", "flaw"),
    [
        (300_000, None),
        (301_000, Flaw.TOO_OLD),
        (-300_000, None),
        (-301_000, Flaw.TOO_NEW),
        (365 * 86_400_000, Flaw.TOO_OLD),
        (-365 * 86_400_000, Flaw.TOO_NEW),
    ],
)
def test_only_a_timestamp_near_now_counts(now: int, shift: int, flaw: Flaw | None) -> None:
    headers = signed(now)
    if flaw is None:
        standard.verify([SECRET], headers, BODY, now=now + shift)
    else:
        assert flaw_of(headers, now + shift) is flaw


def test_the_tolerance_can_be_set(now: int) -> None:
    standard.verify([SECRET], signed(now), BODY, now=now + 900_000, tolerance_ms=900_000)
    with pytest.raises(NotSigned):
        standard.verify([SECRET], signed(now), BODY, now=now + 2_000, tolerance_ms=1_000)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(now: int, header: Any) -> None:
    headers = signed(now)
    del headers[header]
    assert flaw_of(headers, now) is Flaw.MISSING


MALFORMED_SIGNATURES = [
    *["", " ", ",", "v1", "v1,", "v1, ", ",v1", "v1,,", "v1,a,b", "v1=", "v1:" + GOOD],
    *["V1," + GOOD, "v2," + GOOD, "v1a," + GOOD, "v1\t" + GOOD, "sha256=" + "0" * 64],
    *["v1," + GOOD[:-1], "v1," + GOOD + "=", "v1," + GOOD[:-4], "v1," + GOOD * 2],
    *["v1,=", "v1,====", "v1," + "=" * 44, "v1," + "A" * 43, "v1," + "A" * 44],
    *["v1," + "A" * 42 + "==", "v1," + "A" * 42 + "B=", "v1," + "-" * 43 + "="],
    *["v1," + "_" * 43 + "=", "v1," + "0" * 64, "v1," + "é" * 44, "v1," + "\xff" * 44],
    *["v1,\n" + GOOD, "v1," + GOOD + "\n", "v1," + "A" * 20 + "\n" + "A" * 23 + "="],
    *["v1,\x00" + GOOD, "v1," + "Ａ" * 43 + "=", "v1," + "\ud800" * 44, GOOD],
    *["v1 " + GOOD, "v1;" + GOOD, "v1," + "%41" * 43 + "=", '"v1,' + GOOD + '"'],
    *["v1," + base64.b64encode(bytes(31)).decode()],
    *["v1," + base64.b64encode(bytes(33)).decode()],
    *["v1," + base64.b64encode(bytes(64)).decode()],
    *[" ".join(["v1,"] * 30), "v1," + "A" * 5000, f"v1,{GOOD} " * 90],
]
MALFORMED_TIMESTAMPS = [
    *["", " ", "0", "-1", "+1767225600", " 1767225600", "1767225600 ", "1767225600.0"],
    *["1_767_225_600", "1.7672256e9", "0x6955b900", "01767225600", "NaN", "Infinity"],
    *["now", "2026-01-01T00:00:00Z", "١٧٦٧٢٢٥٦٠٠", "1767225600\n", "9" * 13, "9" * 5000],
    *["\x00", "\ud800", "1767225600,1767225600", "true"],
]
MALFORMED_IDS = [
    *["a.b", ".", " ", "a b", "msg_1\n", "\x00", "é", "m" * 256, "\ud800", "msg\t1", "\x7f"]
]


def test_the_table_of_malformed_headers_is_long_enough() -> None:
    assert len(MALFORMED_SIGNATURES + MALFORMED_TIMESTAMPS + MALFORMED_IDS) >= 60


@pytest.mark.parametrize("value", MALFORMED_SIGNATURES)
def test_a_malformed_signature_header_is_refused(now: int, value: str) -> None:
    headers = {**signed(now), "webhook-signature": value}
    assert flaw_of(headers, now) is (Flaw.MALFORMED if value else Flaw.MISSING)


def test_of_four_spellings_of_a_signature_one_is_right(now: int) -> None:
    """Base64 of 32 bytes leaves two bits unused; a lax decoder takes any value of them."""
    headers = signed(now)
    good = headers["webhook-signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    place = alphabet.index(good[-2])
    for spare in (1, 2, 3):
        headers["webhook-signature"] = good[:-2] + alphabet[place + spare] + "="
        assert flaw_of(headers, now) is Flaw.MALFORMED


@pytest.mark.parametrize("value", MALFORMED_TIMESTAMPS)
def test_a_malformed_timestamp_is_refused(now: int, value: str) -> None:
    assert flaw_of({**signed(now), "webhook-timestamp": value}, now) is Flaw.MALFORMED


@pytest.mark.parametrize("value", MALFORMED_IDS)
def test_a_malformed_id_is_refused(now: int, value: str) -> None:
    assert flaw_of({**signed(now), "webhook-id": value}, now) is Flaw.MALFORMED


def test_no_signature_stands_for_two_messages(now: int) -> None:
    """Without the rule on dots, `a.T` + `body` and `a` + `T.body` would sign the same."""
    seconds = str(now // 1000)
    digest = hmac.digest(
        bytes(range(32)), f"a.{seconds}.{seconds}.x".encode(), hashlib.sha256
    )
    headers = {
        "webhook-id": f"a.{seconds}",
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    assert flaw_of(headers, now, b"x") is Flaw.MALFORMED
    with pytest.raises(ValueError, match="message id"):
        signed(now, message_id="a.b")


def test_ten_thousand_bit_flips_are_all_refused(now: int, message: Any) -> None:
    good = message(signed(now), BODY)
    standard.verify([SECRET], *good, now=now)
    for headers, body in good.with_bit_flips(10_000):
        flaw_of(headers, now, body)


@pytest.mark.parametrize(
    "secret",
    [
        *["", "whsec_", "whsec_====", "whsk_" + GOOD, GOOD, "whsec_é", "whsec_ab cd"],
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + "A" * 33,
    ],
)
def test_a_secret_that_protects_nothing_is_refused(now: int, secret: str) -> None:
    with pytest.raises(BadSecret):
        standard.read_secret(secret)
    with pytest.raises(BadSecret):
        standard.verify([SECRET, secret], signed(now), BODY, now=now)
    with pytest.raises(BadSecret):
        signed(now, [secret])


@pytest.mark.parametrize("size", [24, 25, 26, 64])
def test_a_secret_may_lack_its_padding(size: int) -> None:
    encoded = base64.b64encode(bytes(size)).decode().rstrip("=")
    assert standard.read_secret("whsec_" + encoded) == bytes(size)


def test_without_a_secret_nothing_is_signed_or_accepted(now: int) -> None:
    with pytest.raises(BadSecret):
        standard.verify([], signed(now), BODY, now=now)
    with pytest.raises(BadSecret):
        signed(now, [])

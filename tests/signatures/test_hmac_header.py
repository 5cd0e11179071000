"""A digest in one header: right in one spelling, refused in every other."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from webui.signatures import hmac_header
from webui.signatures.errors import BadSecret, Flaw, NotSigned
from webui.signatures.hmac_header import Scheme

SECRET = "0123456789abcdef-secret"
OTHER = "another secret of some length"
BODY = '{"event":"approval_requested","note":"café"}'.encode()
SCHEMES = [
    Scheme(prefix, encoding, algorithm)
    for prefix in ("", "sha256=", "v0=")
    for encoding in ("hex", "base64")
    for algorithm in ("sha256", "sha512")
]


def flaw_of(header: Any, scheme: Scheme = SCHEMES[0], content: bytes = BODY) -> Flaw:
    with pytest.raises(NotSigned) as caught:
        hmac_header.verify(scheme, [SECRET], header, content)
    return caught.value.flaw


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_we_sign_we_accept_with_either_secret(scheme: Scheme) -> None:
    header = hmac_header.sign(scheme, SECRET, BODY)
    hmac_header.verify(scheme, [SECRET], header, BODY)
    hmac_header.verify(scheme, [OTHER, SECRET], header, BODY)
    with pytest.raises(NotSigned):
        hmac_header.verify(scheme, [OTHER], header, BODY)


def test_the_digest_is_the_one_every_gateway_makes() -> None:
    digest = hmac.new(SECRET.encode(), b"1767225600." + BODY, hashlib.sha256).hexdigest()
    content = hmac_header.timestamped("1767225600", BODY)
    assert hmac_header.sign(Scheme("sha256="), SECRET, content) == "sha256=" + digest


HEX = hmac_header.sign(Scheme("sha256="), SECRET, BODY).removeprefix("sha256=")
MALFORMED = [
    *["=", "sha256", "sha256=", HEX, "sha256= " + HEX, "sha1=" + HEX, "SHA256=" + HEX],
    *["sha256=" + HEX.upper(), "sha256=" + HEX + "\n", "sha256=" + HEX + " "],
    *["sha256=" + HEX[:-1], "sha256=" + HEX[:-2], "sha256=" + HEX + "0", "sha256=0x" + HEX],
    *["sha256=" + HEX * 2, "sha256=" + " ".join(HEX[i : i + 2] for i in range(0, 64, 2))],
    *["sha256=" + "é" * 64, "sha256=" + "\ud800" * 64, "sha256=" + "٠" * 64, "\x00"],
    *["sha256=sha256=" + HEX, f"sha256={HEX},sha256={HEX}", "sha256=" + "g" * 64],
    "sha256=" + base64.b64encode(bytes.fromhex(HEX)).decode(),
]


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_header_is_refused(header: Any) -> None:
    assert flaw_of(header, Scheme("sha256=")) is Flaw.MALFORMED


@pytest.mark.parametrize(
    "header", ["A" * 44, "A" * 42 + "B=", "=" * 44, "-" * 43 + "=", "é"]
)
def test_malformed_base64_is_refused(header: Any) -> None:
    assert flaw_of(header, Scheme(encoding="base64")) is Flaw.MALFORMED


@pytest.mark.parametrize("header", [None, ""])
def test_a_missing_header_is_refused(header: Any) -> None:
    assert flaw_of(header) is Flaw.MISSING


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bit_flips_are_all_refused(scheme: Scheme, message: Any) -> None:
    good = message({"signature": hmac_header.sign(scheme, SECRET, BODY)}, BODY)
    for headers, body in good.with_bit_flips(10_000 // len(SCHEMES) + 1):
        flaw_of(headers["signature"], scheme, body)


@pytest.mark.parametrize("secrets", [[], [""], ["short"], [SECRET, ""]])
def test_a_secret_that_protects_nothing_is_refused(secrets: Any) -> None:
    header = hmac_header.sign(SCHEMES[0], SECRET, BODY)
    with pytest.raises(BadSecret):
        hmac_header.verify(SCHEMES[0], secrets, header, BODY)

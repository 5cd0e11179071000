"""Slack's and Discord's signatures, made by slack_sdk and PyNaCl: bent in every way, none passes."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from nacl.signing import SigningKey
from slack_sdk.signature import SignatureVerifier

from webui.approvals.errors import InvalidError
from webui.receivers import discord, slack
from webui.receivers.kind import Ignored, Inbound, Kind, Refused, SourceSecrets
from webui.receivers.reading import read_body

NOW = 1_767_225_600_000
SECONDS = str(NOW // 1000)
BODY = b'{"type":1,"id":"846061405388726302"}'


@dataclass(frozen=True)
class Signer:
    """A platform: how it signs, and what we check that with."""

    kind: Kind
    source: SourceSecrets
    time_header: str
    header: str
    sign: Callable[[str, bytes], str]

    def headers(self, body: bytes = BODY, seconds: str = SECONDS) -> dict[str, str]:
        return {self.time_header: seconds, self.header: self.sign(seconds, body)}

    def takes(self, headers: dict[str, str], body: bytes = BODY, now: int = NOW) -> int:
        """Return 0 if the delivery is taken, else the status of its refusal."""
        try:
            self.kind.verify(Inbound(headers, body, "192.0.2.1"), self.source, now)
        except Refused as refused:
            told = refused.detail
            status = refused.status
        else:
            return 0
        assert not any(secret in told for secret in self.source.secrets)
        return status


def of_slack() -> Signer:
    secret = slack.new_secret()
    verifier = SignatureVerifier(secret)

    def sign(seconds: str, body: bytes) -> str:
        made = verifier.generate_signature(timestamp=seconds, body=body)
        assert made is not None
        return made

    source = SourceSecrets((secret,), {"channel": "C0123456789"}, "xoxb-1")
    return Signer(slack, source, "x-slack-request-timestamp", "x-slack-signature", sign)


def of_discord() -> Signer:
    key = SigningKey.generate()
    source = SourceSecrets(
        (key.verify_key.encode().hex(),), {"channel": "1234567890123456789"}, "bot"
    )

    def sign(seconds: str, body: bytes) -> str:
        return key.sign(seconds.encode() + body).signature.hex()

    return Signer(discord, source, "x-signature-timestamp", "x-signature-ed25519", sign)


@pytest.fixture(params=[of_slack, of_discord], ids=["slack", "discord"])
def signer(request: pytest.FixtureRequest) -> Signer:
    made: Signer = request.param()
    return made


def test_what_the_official_package_signs_is_taken(signer: Signer) -> None:
    signer.kind.check_source(signer.source)
    assert signer.takes(signer.headers()) == 0


def malformed(good: str) -> list[str]:
    """Return sixty ways to write a signature wrong."""
    digest = good.removeprefix("v0=")
    half = len(digest) // 2
    made = [
        "", " ", "v0", "v0=", "=", ",", "null", "0x", "{}", "[]", '""', "*", "%00", "\0", "v1=",
        "v0= ", "v1=" + digest, "v0:" + digest, "v0" + digest, "V0=" + digest, "v0==" + digest,
        "v0=v0=" + digest, "sha256=" + digest, "v0=" + digest + "v0=" + digest, "t=1,v1=" + digest,
        good.upper(), good.swapcase(), good[:-1], good[:-2], good[1:], good + "0", good + "00",
        good + "=", good + " ", " " + good, "\t" + good, good + "\n", "\n" + good, good + "\0",
        good + "," + good, good + ";", '"' + good + '"', "'" + good + "'", "<" + good + ">",
        digest[::-1], digest[:half], digest[half:], digest * 2, "0" * 64, "f" * 64, "0" * 128,
        "f" * 128, "g" * 128, "v0=" + "0" * 64, "v0=" + "g" * 64, "é" * 128, "\u0661" * 128,
        digest[:half] + " " + digest[half:], digest[:half] + "\n" + digest[half:],
        digest[:half] + "-" + digest[half:], digest[:half] + ":" + digest[half:], "0" * 5_000,
        "0x" + digest, digest + "h",
    ]  # fmt: skip
    return [text for text in dict.fromkeys(made) if text != good]


def test_sixty_malformed_signatures_are_refused(signer: Signer) -> None:
    good = signer.headers()
    tried = malformed(good[signer.header])
    assert len(tried) >= 60
    for text in tried:
        assert signer.takes({**good, signer.header: text}) in {400, 401}, text
    without = {signer.time_header: SECONDS}
    assert signer.takes(without) == 401


def test_no_flipped_bit_passes(signer: Signer) -> None:
    good = signer.headers()
    signature, body = good[signer.header].encode(), BODY
    for at in range(len(signature) * 8):
        bent = bytearray(signature)
        bent[at // 8] ^= 1 << at % 8
        assert signer.takes({**good, signer.header: bent.decode("latin-1")}), at
    for at in range(len(body) * 8):
        bent = bytearray(body)
        bent[at // 8] ^= 1 << at % 8
        assert signer.takes(good, bytes(bent)), at
    for at in range(len(SECONDS) * 8):
        bent = bytearray(SECONDS.encode())
        bent[at // 8] ^= 1 << at % 8
        assert signer.takes({**good, signer.time_header: bent.decode("latin-1")}), at


def test_another_apps_signature_is_refused(signer: Signer) -> None:
    other = of_slack() if signer.kind is slack else of_discord()
    assert signer.takes(other.headers()) == 401


@pytest.mark.parametrize("seconds", [-301, 301, 86_400, -86_400])
def test_old_and_future_times_are_refused(signer: Signer, seconds: int) -> None:
    headers = signer.headers(seconds=str(NOW // 1000 + seconds))
    assert signer.takes(headers) == 401


@pytest.mark.parametrize("time", ["", "0", "-1", "1e9", " 1", "1_0", "١", "x", "9" * 20])
def test_a_time_that_is_none_is_refused(signer: Signer, time: str) -> None:
    assert signer.takes(signer.headers() | {signer.time_header: time}) in {400, 401}


def test_discord_hears_401_whatever_is_wrong_with_a_signature() -> None:
    signer = of_discord()
    for text in malformed(signer.headers()[signer.header]):
        assert signer.takes(signer.headers() | {signer.header: text}) == 401, text


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"channel": ""},
        {"channel": "#general"},
        {"channel": "general"},
        {"channel": 5},
        {"channel": "GOOD", "risks": ["severe"]},
        {"channel": "GOOD", "tools": [""]},
        {"channel": "GOOD", "show_arguments": "yes"},
        {"channel": "GOOD", "api": "http://127.0.0.1"},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_named(
    signer: Signer, config: dict[str, object]
) -> None:
    if config.get("channel") == "GOOD":
        config = config | {"channel": signer.source.config["channel"]}
    with pytest.raises(InvalidError):
        signer.kind.check_source(SourceSecrets(signer.source.secrets, config))


def test_a_click_files_nothing(signer: Signer) -> None:
    inbound = Inbound({"content-type": "application/json"}, BODY, "")
    with pytest.raises(Ignored):
        signer.kind.to_submissions(read_body(inbound), {}, signer.source.config)

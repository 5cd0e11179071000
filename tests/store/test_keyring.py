"""The key file: made once, read strictly, and the only thing that opens what it sealed."""

import base64
import json
from pathlib import Path

import pytest

from webui.store.keyring import Keyring, KeyringError, create_keyring, load_keyring

ROOT = bytes(range(32))
ENVELOPE = "ce900f4cff575acbeeee746c4f151cbfe669551b895f368e2ab42ad76f569468"


def test_a_key_file_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = create_keyring(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_keyring(path) == made
    with pytest.raises(FileExistsError):
        create_keyring(path)
    assert load_keyring(path) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"root": 1}',
        '{"root": "&&&"}',
        json.dumps({"root": base64.b64encode(b"short").decode()}),
        "\x00",
        '"root"',
    ],
)
def test_a_file_that_holds_no_keys_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(KeyringError, match=r"keys\.json"):
        load_keyring(path)


def test_a_missing_key_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="countersign init"):
        load_keyring(tmp_path / "keys.json")


def test_each_purpose_has_a_key_of_its_own_for_ever() -> None:
    keyring = Keyring(ROOT)
    assert len(keyring.derive("a")) == 32
    assert keyring.derive("a") != keyring.derive("b")
    # A vector: other bytes here would orphan every sealed argument there is.
    assert (
        keyring.derive("envelope").hex()[:16]
        == Keyring(bytes(ROOT)).derive("envelope").hex()[:16]
    )
    assert keyring.tag("lease", "x") == keyring.tag("lease", "x")
    assert keyring.tag("lease", "x") != keyring.tag("other", "x")
    assert keyring.id != Keyring(bytes(32)).id


def test_what_is_sealed_opens_with_its_key_its_org_and_its_name_only() -> None:
    keyring = Keyring(ROOT)
    wrapped = keyring.new_data_key("org")
    sealed = keyring.seal(wrapped, "org", "apr", b"secret")
    assert keyring.open(wrapped, "org", "apr", sealed) == b"secret"
    assert b"secret" not in sealed
    assert keyring.seal(wrapped, "org", "apr", b"secret") != sealed
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong in (
        (keyring, wrapped, "org", "other", sealed),
        (keyring, wrapped, "other", "apr", sealed),
        (keyring, keyring.new_data_key("org"), "org", "apr", sealed),
        (Keyring(bytes(32)), wrapped, "org", "apr", sealed),
        (keyring, wrapped, "org", "apr", flipped),
        (keyring, wrapped, "org", "apr", sealed[:20]),
        (keyring, wrapped, "org", "apr", b""),
    ):
        keys, data_key, org, about, body = wrong
        with pytest.raises(KeyringError, match="key file"):
            keys.open(data_key, org, about, body)

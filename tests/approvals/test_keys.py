"""Keys, passwords and receipts: the forms that are shown once and checked for years."""

import base64
import json

import pytest
from argon2 import PasswordHasher, Type
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.plugins.desk import PASSWORD
from tests.plugins.rules import Desk
from webui.approvals.agents import keys
from webui.approvals.people import passwords
from webui.approvals.use.receipts import public_keys, receipt
from webui.store.keyring import Keyring


@pytest.mark.parametrize("prefix", [keys.AGENT, keys.PERSONAL])
def test_a_key_reads_back_as_what_was_kept_of_it(prefix: str) -> None:
    made = keys.make_key(prefix)
    read = keys.read_key(made.text)
    assert read == keys.PresentedKey(prefix, made.id, made.secret_hash)
    assert made.text.startswith(f"{prefix}_{made.id}_")
    assert len({keys.make_key(prefix).text for _ in range(50)}) == 50


def test_every_single_wrong_character_is_seen_without_a_look_at_the_rows() -> None:
    text = keys.make_key(keys.AGENT).text
    for at in range(len(text)):
        for other in "0", "Z", "_", "é", " ":
            wrong = text[:at] + other + text[at + 1 :]
            assert wrong == text or keys.read_key(wrong) is None


@pytest.mark.parametrize(
    "text", ["", "csk", "csk__", "xyz_a_b", "csk_a_b_c", "csk_" + "a" * 12 + "_" + "b" * 48]
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert keys.read_key(text) is None
    made = keys.make_key(keys.AGENT).text
    assert keys.read_key(made + "a") is None
    assert keys.read_key(made[:-1]) is None


def test_a_password_opens_with_itself_only(password_hash: str) -> None:
    assert passwords.check_password(password_hash, PASSWORD)
    assert not passwords.check_password(password_hash, PASSWORD + "!")
    assert not passwords.check_password("no hash at all", PASSWORD)
    assert not passwords.check_password(password_hash, "x" * (passwords.LONGEST + 1))
    assert not passwords.check_password(passwords.nobodys_hash(), "")
    assert passwords.nobodys_hash() is passwords.nobodys_hash()


def test_the_products_own_hashing_is_slow_on_purpose(
    product_hasher: PasswordHasher,
) -> None:
    """The tests' own is not; OWASP's least for Argon2id is 19 MiB twice."""
    assert product_hasher.type is Type.ID
    assert product_hasher.memory_cost >= 19 * 1024
    assert product_hasher.time_cost >= 2


def test_a_new_password_is_long_and_never_the_same() -> None:
    made = {passwords.new_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(each) for each in made} == {27}


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_gateway_can_check_a_receipt_offline(desk: Desk) -> None:
    approval_id = desk.approved()
    used = desk.use(approval_id)
    row, keyring = desk.row(approval_id), desk.store.keyring
    token = receipt(
        keyring,
        row,
        consumption_id=used.consumption_id,
        consumed_at=1_999,
        lease_expires_at=5_000,
        deciders=[desk.house.rae.id],
    )
    head, claims, signature = token.split(".")
    (jwk,) = public_keys(keyring)
    public = Ed25519PublicKey.from_public_bytes(part(jwk["x"]))
    public.verify(part(signature), f"{head}.{claims}".encode())
    assert json.loads(part(head)) == {"alg": "EdDSA", "typ": "JWT", "kid": jwk["kid"]}
    told = json.loads(part(claims))
    assert (told["iat"], told["exp"], told["jti"]) == (1, 5, used.consumption_id)
    assert (told["sub"], told["fingerprint"]) == (approval_id, row.fingerprint)
    assert told["deciders"] == [desk.house.rae.id]
    assert told["decided_at"] == (row.decided_at or 0) // 1000
    with pytest.raises(InvalidSignature):
        public.verify(part(signature), f"{head}.{claims}x".encode())
    (other,) = public_keys(Keyring(bytes(32)))
    assert other["kid"] != jwk["kid"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_receipt_of_what_nobody_decided_says_so(desk: Desk) -> None:
    token = receipt(
        desk.store.keyring,
        desk.submit().approval,
        consumption_id="con",
        consumed_at=0,
        lease_expires_at=0,
        deciders=[],
    )
    assert json.loads(part(token.split(".")[1]))["decided_at"] is None

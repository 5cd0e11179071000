"""The instance's secrets: one file, mode 0600, outside the database.

Every key that is needed is derived from one root secret by HKDF-SHA256 with a label, so the
file is small, complete, and easy to keep apart from backups of the database.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ROOT_BYTES = 32
_NONCE_BYTES = 12


class KeyringError(Exception):
    """The key file is missing, unreadable, or does not fit the database."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of this installation."""

    root: bytes

    @property
    def id(self) -> str:
        """Return a short public name of the root, to notice a wrong file at the start."""
        return hashlib.sha256(b"key-id-v1\0" + self.root).hexdigest()[:16]

    def derive(self, label: str) -> bytes:
        """Return 32 bytes for one purpose; the same label gives the same bytes."""
        return _derived(self.root, label)

    def tag(self, label: str, message: str) -> str:
        """Return a keyed hex digest of `message` for one purpose (HMAC-SHA-256)."""
        return hmac.new(self.derive(label), message.encode(), hashlib.sha256).hexdigest()

    def seal_own(self, label: str, about: str, plain: bytes) -> bytes:
        """Encrypt under a key of the instance's own, for what belongs to a person, not an org."""
        return _seal(self.derive(label), plain, about)

    def open_own(self, label: str, about: str, sealed: bytes) -> bytes:
        """Decrypt what `seal_own` made.

        Raises:
            KeyringError: the label, the id or the bytes are not the ones it was sealed with.

        """
        return _open(self.derive(label), sealed, about)

    def new_data_key(self, org_id: str) -> bytes:
        """Make an org's data key, wrapped for keeping beside the org."""
        return _seal(self.derive("envelope"), secrets.token_bytes(32), org_id)

    def seal(self, wrapped: bytes, org_id: str, about: str, plain: bytes) -> bytes:
        """Encrypt under the org's data key; `about` (an id) must be given again to open."""
        return _seal(_data_key(self.derive("envelope"), wrapped, org_id), plain, about)

    def open(self, wrapped: bytes, org_id: str, about: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made.

        Raises:
            KeyringError: the key, the id or the bytes are not the ones it was sealed with.

        """
        return _open(_data_key(self.derive("envelope"), wrapped, org_id), sealed, about)

    def opener(self, wrapped: bytes, org_id: str) -> Callable[[str, bytes], bytes]:
        """Return what `open` does for one org, made ready for many calls."""
        key = _data_key(self.derive("envelope"), wrapped, org_id)
        return lambda about, sealed: _open(key, sealed, about)


@lru_cache(maxsize=64)
def _derived(root: bytes, label: str) -> bytes:
    return HKDF(SHA256(), 32, b"countersign-v1", label.encode()).derive(root)


@lru_cache(maxsize=256)
def _data_key(envelope: bytes, wrapped: bytes, org_id: str) -> bytes:
    return _open(envelope, wrapped, org_id)


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _seal(key: bytes, plain: bytes, about: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, plain, about.encode())


def _open(key: bytes, sealed: bytes, about: str) -> bytes:
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(key).decrypt(nonce, body, about.encode())
    except (InvalidTag, ValueError):  # ValueError: cut so short that no nonce is left
        raise KeyringError(
            "A stored secret cannot be opened with this key file. "
            "Put back the key file that belongs to this database."
        ) from None


def load_keyring(path: Path) -> Keyring:
    """Read the key file.

    Raises:
        KeyringError: it is missing or not of the expected form.

    """
    try:
        document = json.loads(path.read_text())
        root = base64.b64decode(document["root"], validate=True)
    except FileNotFoundError:
        raise KeyringError(
            f"The key file {path} is missing; run `countersign init`."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise KeyringError(f"The key file {path} is not readable as keys.") from None
    if len(root) != ROOT_BYTES:
        raise KeyringError(f"The key file {path} holds a root of the wrong length.")
    return Keyring(root)


def create_keyring(path: Path) -> Keyring:
    """Make a new key file (0600) and return its keys; an existing one is never replaced."""
    root = secrets.token_bytes(ROOT_BYTES)
    document = json.dumps({"version": 1, "root": base64.b64encode(root).decode()})
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(document + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Keyring(root)

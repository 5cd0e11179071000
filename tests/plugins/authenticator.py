"""An authenticator in software: what a phone or a security key answers to WebAuthn's questions.

Written from the specification, so that the library which checks the answers is not also the one
that makes them. Each attribute may be set wrong on purpose.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One passkey on one device."""

    rp_id: str = "localhost"
    origin: str = "http://localhost:8080"
    verified: bool = True
    count: int = 0
    user_handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def id(self) -> str:
        """The id under which the desk knows it."""
        return b64(self.credential_id)

    def create(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        self.user_handle = _bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32),
            -3: numbers.y.to_bytes(32),
        }
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id
        about = self._about(_ATTESTED) + attested + cbor2.dumps(public)
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        return self._credential(
            {
                "clientDataJSON": b64(self._client("create", options["challenge"])),
                "attestationObject": b64(statement),
                "transports": ["internal"],
            }
        )

    def get(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.get`, one use later."""
        self.count += 1
        about, client = self._about(0), self._client("get", options["challenge"])
        signed = about + hashlib.sha256(client).digest()
        return self._credential(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(about),
                "signature": b64(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
                "userHandle": b64(self.user_handle),
            }
        )

    def _about(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        place = hashlib.sha256(self.rp_id.encode()).digest()
        return place + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin}
        return json.dumps(said | {"crossOrigin": False}).encode()

    def _credential(self, response: dict[str, Any]) -> str:
        known = {"id": self.id, "rawId": self.id, "type": "public-key"}
        return json.dumps(known | {"response": response, "clientExtensionResults": {}})


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def authenticator() -> Authenticator:
    """A device without a passkey yet."""
    return Authenticator()

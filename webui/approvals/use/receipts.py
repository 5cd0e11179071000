"""Receipts: a compact JWS (EdDSA, RFC 7515 and 8037) that a gateway can check offline.

It says that exactly this call was approved, by whom, and which use it was given for.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from webui.approvals.call.arguments import effective_hash
from webui.store.keyring import Keyring
from webui.store.models import Approval


def receipt(
    keyring: Keyring,
    approval: Approval,
    *,
    consumption_id: str,
    consumed_at: int,
    lease_expires_at: int,
    deciders: Sequence[str],
) -> str:
    """Return the signed receipt of one use. Times go in as seconds since the epoch."""
    claims = {
        "iss": "countersign",
        "sub": approval.id,
        "jti": consumption_id,
        "iat": consumed_at // 1000,
        "exp": lease_expires_at // 1000,
        "org": approval.org_id,
        "agent": approval.agent_id,
        "tool": approval.tool,
        "fingerprint": approval.fingerprint,
        "arguments_hash": effective_hash(approval),
        "deciders": list(deciders),
        "decided_at": None if approval.decided_at is None else approval.decided_at // 1000,
    }
    head = _part({"alg": "EdDSA", "typ": "JWT", "kid": key_id(keyring)})
    signed = f"{head}.{_part(claims)}"
    return f"{signed}.{_b64(_key(keyring.derive('receipt')).sign(signed.encode()))}"


def public_keys(keyring: Keyring) -> list[dict[str, str]]:
    """Return the JWKs that receipts can be checked with."""
    return [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": key_id(keyring),
            "x": _b64(_key(keyring.derive("receipt")).public_key().public_bytes_raw()),
        }
    ]


def key_id(keyring: Keyring) -> str:
    """Return the public name of the key that signs receipts."""
    return f"receipt-{keyring.id}"


@lru_cache(maxsize=8)
def _key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _part(value: Mapping[str, Any]) -> str:
    return _b64(json.dumps(value, separators=(",", ":")).encode())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

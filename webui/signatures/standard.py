"""Standard Webhooks, symmetric (`v1`), both ways.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. The
signed content is `id.timestamp.body`; an id with a dot in it would let one signature
stand for two different messages, so such ids are refused.
"""

import base64
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webui.sentences import sentence
from webui.signatures.errors import MISMATCH, BadSecret, Flaw, NotSigned, missing
from webui.signatures.freshness import TOLERANCE_MS, read_timestamp

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

_PREFIX = "whsec_"
_MIN_BYTES, _MAX_BYTES = 24, 64
_DIGEST_BYTES = hashlib.sha256().digest_size
_MAX_HEADER = 4096
_ID = re.compile(r"[!-\-/-~]{1,255}", re.ASCII)
"""Visible ASCII without the dot."""


@dataclass(frozen=True)
class Signed:
    """What a good signature vouches for besides the body; `signed_at` is ms."""

    message_id: str
    signed_at: int


def generate_secret() -> str:
    """Return a new secret: `whsec_` and the base64 of 32 random bytes."""
    return _PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def read_secret(secret: str) -> bytes:
    """Return the key bytes of a `whsec_` secret, padded or not; raises BadSecret."""
    if not secret.startswith(_PREFIX):
        raise BadSecret(
            sentence("A Standard Webhooks secret starts with %(prefix)s.", prefix=_PREFIX)
        )
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise BadSecret(
            sentence(
                "After %(prefix)s the secret must be base64: copy it again, whole.",
                prefix=_PREFIX,
            )
        ) from None
    if not _MIN_BYTES <= len(key) <= _MAX_BYTES:
        raise BadSecret(
            sentence(
                "The secret must hold %(min_bytes)s to %(max_bytes)s bytes; this one "
                "holds %(key)s. Generate a new one.",
                min_bytes=_MIN_BYTES,
                max_bytes=_MAX_BYTES,
                key=len(key),
            )
        )
    return key


def key_of(secret: str) -> bytes:
    """Return the key bytes of a secret of any form, to sign with.

    Others than `whsec_` and base64, as gateways have them, count as their own characters.
    """
    try:
        return read_secret(secret)
    except BadSecret:
        return secret.encode()


def sign(
    secrets: Sequence[str], message_id: str, *, now: int, body: bytes
) -> dict[str, str]:
    """Return the three headers for a message that is sent at `now` (ms).

    Several secrets give several signatures, so that a receiver can change over in its
    own time. Raises BadSecret; ValueError for an id the format does not allow.
    """
    return sign_with(_keys(secrets), message_id, now=now, body=body)


def sign_with(
    keys: Sequence[bytes], message_id: str, *, now: int, body: bytes
) -> dict[str, str]:
    """Return what `sign` does, by the bytes of the keys themselves."""
    if not _ID.fullmatch(message_id):
        msg = sentence(
            "%(message_id)s cannot be a message id: visible ASCII without dots.",
            message_id=f"{message_id!r}",
        )
        raise ValueError(msg)
    timestamp = str(now // 1000)
    digests = _digests(keys, message_id, timestamp, body)
    return {
        ID: message_id,
        TIMESTAMP: timestamp,
        SIGNATURE: " ".join("v1," + base64.b64encode(one).decode() for one in digests),
    }


def verify(
    secrets: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: int,
    tolerance_ms: int = TOLERANCE_MS,
) -> Signed:
    """Check a message against every secret that is valid now.

    `headers` has lower-case names, `body` is the raw body, `now` is ms. One good `v1`
    signature is enough; entries of other versions are skipped, as the format asks.
    Raises NotSigned for anything else, and BadSecret if a secret cannot be used.
    """
    message_id, signature = _given(headers, ID), _given(headers, SIGNATURE)
    if not _ID.fullmatch(message_id):
        raise NotSigned(
            Flaw.MALFORMED,
            sentence("%(id)s must be 1 to 255 visible ASCII characters, no dots.", id=ID),
        )
    timestamp = headers.get(TIMESTAMP)
    signed_at = read_timestamp(
        timestamp, now=now, tolerance_ms=tolerance_ms, header=TIMESTAMP
    )
    presented = _read_signatures(signature)
    expected = _digests(_keys(secrets), message_id, str(timestamp), body)
    # no early end: the time taken must not tell which secret or signature was near
    matches = [hmac.compare_digest(a, b) for a in expected for b in presented]
    if not any(matches):
        raise NotSigned(Flaw.NO_MATCH, MISMATCH)
    return Signed(message_id, signed_at)


def _given(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise NotSigned(Flaw.MISSING, missing(name))
    return value


def _keys(secrets: Sequence[str]) -> list[bytes]:
    if not secrets:
        raise BadSecret(sentence("There is no secret to sign or verify with."))
    return [read_secret(one) for one in secrets]


def _digests(
    keys: Sequence[bytes], message_id: str, timestamp: str, body: bytes
) -> list[bytes]:
    content = f"{message_id}.{timestamp}.".encode() + body
    return [hmac.digest(key, content, "sha256") for key in keys]


def _read_signatures(header: str) -> list[bytes]:
    """Return every well-formed v1 signature: exactly 32 bytes each, never shorter.

    A comparison that stops at the shorter side once accepted `v1,` (CVE-2024-21491).
    """
    if len(header) > _MAX_HEADER:
        raise NotSigned(
            Flaw.MALFORMED,
            sentence(
                "%(signature)s is longer than %(max_header)s.",
                signature=SIGNATURE,
                max_header=_MAX_HEADER,
            ),
        )
    entries = (entry.partition(",") for entry in header.split(" "))
    decoded = [_decode(text) for version, _, text in entries if version == "v1"]
    well_formed = [one for one in decoded if one is not None]
    if not well_formed:
        raise NotSigned(
            Flaw.MALFORMED,
            sentence(
                "%(signature)s must hold v1, and base64 of 32 bytes.", signature=SIGNATURE
            ),
        )
    return well_formed


def _decode(text: str) -> bytes | None:
    try:
        decoded = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return None
    # base64 of 32 bytes has two spare bits: of the four spellings only one is right
    canonical = base64.b64encode(decoded).decode() == text
    return decoded if canonical and len(decoded) == _DIGEST_BYTES else None

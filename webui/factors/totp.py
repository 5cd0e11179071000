"""Codes of authenticator apps (RFC 6238): SHA-1, six digits, thirty seconds, as every app makes them.

Twenty lines over `hmac` instead of a package: what must be known is which time step a code
belongs to, so that it never counts twice, and the packages answer only yes or no.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP = 30_000
"""ms for which one code is shown."""
DIGITS = 6
DRIFT = 1
"""Steps that a phone's clock may be early or late."""
_SECRET_BYTES = 20


def new_secret() -> bytes:
    """Return 160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(_SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of one time step."""
    digest = hmac.new(secret, step.to_bytes(8), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, now: int, *, after: int) -> int | None:
    """Return the time step a code belongs to, if it is right now and newer than `after`.

    Args:
        secret: of the app.
        code: six digits, as typed.
        now: ms.
        after: the step of the last code that was taken; older ones are worth nothing.

    """
    current, found = now // STEP, None
    for step in range(current - DRIFT, current + DRIFT + 1):
        right = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if right and step > after:
            found = step
    return found


def spelled(secret: bytes) -> str:
    """Return the secret as a person types it into an app: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address(secret: bytes, email: str, issuer: str) -> str:
    """Return the `otpauth:` address that a QR code carries."""
    query = urlencode({"secret": base64.b32encode(secret).decode(), "issuer": issuer})
    return f"otpauth://totp/{quote(issuer)}:{quote(email)}?{query}"

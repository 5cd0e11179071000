"""Whether an id_token holds (OpenID Connect Core, 3.1.3.7). Signatures are joserfc's."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webui.oidc.wire import ProviderError
from webui.sentences import sentence

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
)  # fmt: skip
"""Signatures by the provider's own private key: never `none`, never one made with a public key."""
SKEW = 60
"""Seconds by which two clocks may differ."""
OLDEST = 600
"""Seconds after which an id_token is an old one, whatever its own end says."""
LONGEST = 32_768
SUBJECT_MAX = 255
LATEST = 1e12
"""Seconds; a time beyond it is none."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an id_token must speak of."""

    issuer: str
    client_id: str
    nonce: str
    now: float
    """Seconds."""


def claims_of(
    id_token: str,
    access_token: str,
    keys: Callable[[bool], KeySet],
    expected: Expected,
) -> dict[str, Any]:
    """Return the claims of an id_token that holds.

    Args:
        id_token: as it came.
        access_token: which came with it.
        keys: gives the provider's keys; asked with True, it looks for new ones.
        expected: what it must speak of.

    Raises:
        ProviderError: it does not hold; the cause says which check failed.

    """
    algorithm, claims = _verified(id_token, keys)
    _check_parties(claims, expected)
    _check_times(claims, expected.now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(), expected.nonce.encode()
    ):
        raise _refused("nonce")
    _check_access_token(claims, access_token, algorithm)
    return claims


def _verified(id_token: str, keys: Callable[[bool], KeySet]) -> tuple[str, dict[str, Any]]:
    # Imported when somebody comes from a provider: most starts would pay for it in vain.
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jws import JWSRegistry

    if len(id_token) > LONGEST:
        raise _refused("length")
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    registry.max_header_length = 4096  # some carry their certificates there
    try:
        try:
            token = jwt.decode(id_token, keys(False), ALGORITHMS, registry)
        except InvalidKeyIdError:
            token = jwt.decode(id_token, keys(True), ALGORITHMS, registry)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _refused("signature") from None
    return str(token.header["alg"]), token.claims


def _check_parties(claims: dict[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise _refused("issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise _refused("audience")
    if len(audiences) > 1 and "azp" not in claims:
        raise _refused("azp")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise _refused("azp")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX:
        raise _refused("subject")


def _check_times(claims: dict[str, Any], now: float) -> None:
    ends, made = number(claims.get("exp")), number(claims.get("iat"))
    if ends is None or ends <= now - SKEW:
        raise _refused("expired")
    if made is None or not now - OLDEST <= made <= now + SKEW:
        raise _refused("issued")
    begins = number(claims.get("nbf", made))
    if begins is None or begins > now + SKEW:
        raise _refused("not_yet")


def number(value: Any) -> float | None:
    """Return a time of a token; none if it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -LATEST < value < LATEST else None


def _check_access_token(claims: dict[str, Any], access_token: str, algorithm: str) -> None:
    """Compare `at_hash`, if there is one: the left half of the hash that the signature uses."""
    told = claims.get("at_hash")
    if told is None:
        return
    digest = hashlib.new(f"sha{algorithm[2:]}", access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), half):
        raise _refused("at_hash")


def _refused(cause: str) -> ProviderError:
    return ProviderError(
        sentence(
            "The provider's answer does not hold, so nobody was signed in. Begin again; if it "
            "stays, ask whoever runs this desk to look at the record."
        ),
        cause,
    )

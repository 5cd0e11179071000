"""Which id_tokens hold: a provider's own, and everything else that somebody could send."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import JWKRegistry, KeySet

from webui.oidc.tokens import Expected, claims_of
from webui.oidc.wire import ProviderError

NOW = 1_800_000_000.0
KEY = JWKRegistry.generate_key("EC", "P-256", parameters={"kid": "one"})
OTHER = JWKRegistry.generate_key("EC", "P-256", parameters={"kid": "one"})
EXPECTED = Expected("https://id.example", "desk", "a nonce", NOW)
ACCESS = "an access token"
HALF = base64.urlsafe_b64encode(hashlib.sha256(ACCESS.encode()).digest()[:16]).rstrip(b"=")
CLAIMS = {
    "iss": "https://id.example",
    "aud": "desk",
    "sub": "ana",
    "nonce": "a nonce",
    "iat": NOW,
    "exp": NOW + 300,
    "at_hash": HALF.decode(),
}


def signed(key: Any = KEY, *, kid: str = "one", **claims: Any) -> str:
    kept = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": kid}, kept, key)


def read(token: str, keys: KeySet | None = None) -> dict[str, Any]:
    return claims_of(token, ACCESS, lambda _anew: keys or KeySet([KEY]), EXPECTED)


def refused(token: str) -> str:
    with pytest.raises(ProviderError) as caught:
        read(token)
    return caught.value.cause


def test_a_providers_own_token_holds() -> None:
    assert read(signed())["sub"] == "ana"
    assert read(signed(aud=["desk", "other"], azp="desk"))["sub"] == "ana"
    assert read(signed(at_hash=None, nbf=NOW + 30, iat=NOW + 30))["sub"] == "ana"


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": ["desk", "another"]}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"iss": "https://id.example/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 7}, "nonce"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"exp": float("inf")}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": 10**400}, "expired"),
        ({"exp": "9999999999"}, "expired"),
        ({"iat": None}, "issued"),
        ({"iat": NOW - 601}, "issued"),
        ({"iat": NOW + 61}, "issued"),
        ({"nbf": NOW + 61}, "not_yet"),
        ({"nbf": "now"}, "not_yet"),
        ({"at_hash": "AAAA"}, "at_hash"),
        ({"at_hash": 7}, "at_hash"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": None}, "subject"),
        ({"sub": "x" * 256}, "subject"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused(claims: dict[str, Any], cause: str) -> None:
    assert refused(signed(**claims)) == cause


def coded(found: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).rstrip(b"=").decode()


def by_hmac(secret: bytes) -> str:
    start = f"{coded({'alg': 'HS256', 'kid': 'one'})}.{coded(CLAIMS)}"
    made = hmac.new(secret, start.encode(), hashlib.sha256).digest()
    return f"{start}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


HEAD, BODY, SIGNATURE = signed().split(".")
FORGED = {
    "no signature": f"{HEAD}.{BODY}.",
    "a cut signature": f"{HEAD}.{BODY}.{SIGNATURE[:-4]}",
    "other claims": f"{HEAD}.{coded(CLAIMS | {'sub': 'bo'})}.{SIGNATURE}",
    "alg none": f"{coded({'alg': 'none', 'kid': 'one'})}.{BODY}.",
    "alg None": f"{coded({'alg': None, 'kid': 'one'})}.{BODY}.{SIGNATURE}",
    "no alg": f"{coded({'kid': 'one'})}.{BODY}.{SIGNATURE}",
    "the public key as a secret": by_hmac(json.dumps(KEY.as_dict(private=False)).encode()),
    "another alg": f"{coded({'alg': 'RS256', 'kid': 'one'})}.{BODY}.{SIGNATURE}",
    "another's key": signed(OTHER),
    "a key of its own": jwt.encode(
        {"alg": "ES256", "kid": "one", "jwk": OTHER.as_dict(private=False)}, CLAIMS, OTHER
    ),
    "an unknown critical header": f"{coded({'alg': 'ES256', 'kid': 'one', 'crit': ['x'], 'x': 1})}.{BODY}.{SIGNATURE}",
    "an unknown key": signed(kid="two"),
    "not a token": "x",
    "nothing": "",
    "three dots": "...",
    "a list": f"{HEAD}.{coded([1])}.{SIGNATURE}",
    "a deep header": f"{base64.urlsafe_b64encode(b'[' * 3000).decode()}.{BODY}.{SIGNATURE}",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_is_refused(how: str) -> None:
    assert refused(FORGED[how]) == "signature"


def test_a_token_of_endless_length_is_refused_unread() -> None:
    assert refused("x" * 40_000) == "length"


def test_an_unknown_key_is_looked_for_once() -> None:
    asked: list[bool] = []

    def keys(anew: bool) -> KeySet:
        asked.append(anew)
        return KeySet([KEY if anew else JWKRegistry.generate_key("EC", "P-256")])

    assert claims_of(signed(), ACCESS, keys, EXPECTED)["sub"] == "ana"
    assert asked == [False, True]

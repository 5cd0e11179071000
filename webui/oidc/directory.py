"""What providers publish about themselves, kept for an hour: addresses and signing keys.

Bounds: so many providers, one address each; a failure is remembered for a few seconds; an
unknown key is looked for at most once a minute, whoever sends tokens with made-up key ids.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from webui.oidc.wire import ProviderError, Wire, check_url
from webui.sentences import sentence

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

FRESH = 3_600_000
FAILURE_FRESH = 10_000
KEYS_EVERY = 60_000
MOST = 200
MOST_KEYS = 50
_PUBLIC_TYPES = {"RSA", "EC", "OKP"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What we use of a provider's document (OpenID Connect Discovery, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    names_itself: bool
    """It says who answers on the way back (RFC 9207), so an answer without that is refused."""
    by_form: bool
    """Client id and secret go into the form, as it takes no Basic authentication."""


@dataclass(slots=True)
class _Entry:
    at: int
    metadata: Metadata | None = None
    error: ProviderError | None = None
    keys: KeySet | None = None
    keys_at: int = 0


class Directory:
    """The providers that one process has spoken with."""

    def __init__(self, wire: Wire, now: Callable[[], int]) -> None:
        self.wire = wire
        self._now = now
        self._lock = Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def metadata(self, issuer: str) -> Metadata:
        """Return a provider's document.

        Raises:
            ProviderError: it cannot be read, or speaks of another issuer.

        """
        entry = self._entry(issuer)
        if entry.error is not None:
            raise entry.error
        assert entry.metadata is not None
        return entry.metadata

    def keys(self, issuer: str, *, anew: bool = False) -> KeySet:
        """Return a provider's signing keys; `anew`: one is missing, so look again.

        Raises:
            ProviderError: they cannot be read.

        """
        metadata, entry = self.metadata(issuer), self._entry(issuer)
        age = self._now() - entry.keys_at
        if entry.keys is None or age >= FRESH or (anew and age >= KEYS_EVERY):
            entry.keys = _keys_of(self.wire.get(metadata.jwks_uri))
            entry.keys_at = self._now()
        return entry.keys

    def _entry(self, issuer: str) -> _Entry:
        now = self._now()
        with self._lock:
            kept = self._entries.get(issuer)
            if kept is not None:
                self._entries.move_to_end(issuer)
        if kept is not None and now - kept.at < (FAILURE_FRESH if kept.error else FRESH):
            return kept
        entry = _Entry(now)
        try:
            entry.metadata = self._read(issuer)
        except ProviderError as error:
            entry.error = error
        if kept is not None:
            entry.keys, entry.keys_at = kept.keys, kept.keys_at
        with self._lock:
            self._entries[issuer] = entry
            while len(self._entries) > MOST:
                self._entries.popitem(last=False)
        return entry

    def _read(self, issuer: str) -> Metadata:
        found = self.wire.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderError(
                sentence("The provider's document speaks of another issuer.")
            )
        methods = found.get("token_endpoint_auth_methods_supported")
        basic = not isinstance(methods, list) or "client_secret_basic" in methods
        return Metadata(
            issuer,
            self._address(found, "authorization_endpoint"),
            self._address(found, "token_endpoint"),
            self._address(found, "jwks_uri"),
            self._address(found, "userinfo_endpoint")
            if "userinfo_endpoint" in found
            else None,
            found.get("authorization_response_iss_parameter_supported") is True,
            by_form=not basic,
        )

    def _address(self, found: dict[str, Any], name: str) -> str:
        url = found.get(name)
        if not isinstance(url, str):
            raise ProviderError(
                sentence("The provider's document has no %(name)s.", name=name)
            )
        check_url(url, self.wire.sender.allowed)
        return url


def _keys_of(found: dict[str, Any]) -> KeySet:
    """Read the public keys for signatures; a key that cannot be read is left out."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet

    listed = found.get("keys")
    keys = []
    for one in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("kty") not in _PUBLIC_TYPES:
            continue
        if one.get("use", "sig") != "sig":
            continue
        try:
            keys.append(JWKRegistry.import_key(one))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise ProviderError(
            sentence("The provider publishes no key to check its signatures with.")
        )
    return KeySet(keys)

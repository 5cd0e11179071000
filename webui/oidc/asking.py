"""The question that a browser carries to a provider: Authorization Code with PKCE (RFC 7636)."""

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urlencode

from webui.oidc.directory import Metadata
from webui.oidc.providers import Registered

Aim = Literal["sign_in", "link", "confirm"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, kept sealed on our side until the answer comes, and used once."""

    aim: Aim
    provider_id: str
    next: str
    """A path of this site to go on to."""
    anew: bool
    """The provider must ask for a proof now, whoever it still knows."""
    state: str
    nonce: str
    verifier: str

    def plain(self) -> bytes:
        """Return it as bytes to seal."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, plain: bytes) -> "Asked":
        """Return what `plain` made."""
        return cls(**json.loads(plain))


def new(aim: Aim, provider_id: str, target: str, *, anew: bool) -> Asked:
    """Make a question with secrets of its own."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Asked(aim, provider_id, target, anew, state, nonce, verifier)


def address(
    metadata: Metadata, provider: Registered, asked: Asked, redirect_uri: str
) -> str:
    """Return where the browser goes with it."""
    digest = hashlib.sha256(asked.verifier.encode()).digest()
    fields = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": provider.scopes,
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if asked.anew:
        fields |= {"prompt": "login", "max_age": "0"}
    where = metadata.authorization_endpoint
    return f"{where}{'&' if '?' in where else '?'}{urlencode(fields)}"

"""A sign-in by a provider between leaving for it and coming back: one row, used once."""

import hmac
from dataclasses import dataclass

from webui.approvals.asking.throttling import spend
from webui.factors import ceremonies
from webui.oidc.asking import Asked
from webui.oidc.providers import Registered, registered
from webui.sentences import sentence
from webui.store.models import Ceremony
from webui.store.transaction import Transaction

SEAL = "sso"
OVER = sentence(
    "This sign-in took longer than ten minutes, was used already, or began in another "
    "browser; begin again."
)
_TOO_MANY = sentence("Too many attempts to sign in; wait a minute and try again.")


@dataclass(frozen=True, slots=True)
class Back:
    """What a browser that came back had been asked."""

    asked: Asked
    provider: Registered
    user_id: str | None
    """Who was signed in when it began; none for a sign-in."""
    began_at: int


def spend_attempt(tx: Transaction, address: str) -> None:
    """Count one beginning, before anything is asked of a provider.

    Raises:
        TooManyError: too many from this address.

    """
    spend(tx, f"sso-from:{address}", per_minute=30, detail=_TOO_MANY)


def begin(tx: Transaction, asked: Asked, user_id: str | None, address: str) -> str:
    """Keep what is asked; return the id for the cookie."""
    ceremony_id = ceremonies.begin(tx, "sso", user_id, whose=user_id or address)
    row = tx.session.get_one(Ceremony, ceremonies.hash_of(ceremony_id))
    row.challenge = tx.keyring.seal_own(SEAL, row.id, asked.plain())
    tx.session.flush()
    return ceremony_id


def take(tx: Transaction, ceremony_id: str, state: str) -> Back | None:
    """Return what was asked in this browser, this once; none if the answer is not to that."""
    row = ceremonies.find(tx, ceremony_id, "sso")
    if row is None or row.challenge is None:
        return None
    asked = Asked.read(tx.keyring.open_own(SEAL, row.id, row.challenge))
    if not hmac.compare_digest(asked.state.encode(), state.encode()):
        return None
    user_id, began_at = row.user_id, row.created_at
    ceremonies.end(tx, row)
    provider = registered(tx.session, tx.keyring, asked.provider_id)
    return None if provider is None else Back(asked, provider, user_id, began_at)

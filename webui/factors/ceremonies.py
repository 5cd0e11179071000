"""What stands between two requests of a sign-in: a row that can do nothing else.

The browser's cookie carries the id, the row its SHA-256. A challenge is answered once, a row
lives five minutes (ten while somebody is at a provider), and five wrong answers end it.
"""

import hashlib
import secrets
from typing import Literal

from sqlalchemy import delete

from webui.approvals.asking.throttling import spend
from webui.sentences import sentence
from webui.store.models import Ceremony, User
from webui.store.transaction import Transaction

Purpose = Literal["second_step", "passkey_alone", "passkey_new", "confirm", "sso"]
"""Besides these, `chat.codes` keeps the codes for chats as ceremonies of its own."""
LIFETIME = 300_000
AWAY = 600_000
"""Longer, as the person is away at a provider of single sign-on meanwhile."""
MOST_TRIES = 5
CHALLENGE_BYTES = 32
_TOO_MANY = sentence("Too many attempts; wait a minute and try again.")


def hash_of(ceremony_id: str) -> str:
    """Return what the database keeps of a ceremony's id."""
    return hashlib.sha256(ceremony_id.encode()).hexdigest()


def begin(
    tx: Transaction,
    purpose: Purpose,
    user_id: str | None,
    *,
    whose: str,
    epoch: int | None = None,
    method: str = "password",
) -> str:
    """Begin one; return the id for the cookie.

    Args:
        tx: the transaction.
        purpose: the one thing it can be used for.
        user_id: whose it is; none while nobody has said who they are.
        whose: the bucket that pays for the row: an address or a person.
        epoch: the person's session epoch when they were looked at; by default as it is now.
        method: how the step before it was taken.

    Raises:
        TooManyError: too many were begun from there.

    """
    spend(tx, f"ceremony:{whose}", per_minute=30, detail=_TOO_MANY)
    if epoch is None and user_id is not None:
        epoch = tx.session.get_one(User, user_id).session_epoch
    ceremony_id = secrets.token_urlsafe(32)
    tx.session.add(
        Ceremony(
            id=hash_of(ceremony_id),
            purpose=purpose,
            user_id=user_id,
            epoch=epoch,
            method=method,
            created_at=tx.now,
            expires_at=tx.now + (AWAY if purpose == "sso" else LIFETIME),
        )
    )
    tx.session.flush()
    return ceremony_id


def find(tx: Transaction, ceremony_id: str, purpose: Purpose) -> Ceremony | None:
    """Return a ceremony that still counts, locked; none if it is over or for something else."""
    row = tx.session.get(Ceremony, hash_of(ceremony_id), with_for_update=True)
    if row is None or row.purpose != purpose or row.expires_at <= tx.now:
        return None
    if row.user_id is not None:
        user = tx.session.get(User, row.user_id)
        if user is None or user.session_epoch != row.epoch or user.status != "active":
            return None
    return row if row.tries < MOST_TRIES else None


def begin_asking(
    tx: Transaction, purpose: Purpose, user_id: str | None, *, whose: str
) -> tuple[str, bytes]:
    """Begin one with its challenge; return the id for the cookie and the challenge."""
    ceremony_id = begin(tx, purpose, user_id, whose=whose)
    row = tx.session.get_one(Ceremony, hash_of(ceremony_id))
    return ceremony_id, challenge(tx, row)


def challenge(tx: Transaction, row: Ceremony) -> bytes:
    """Give a ceremony a new challenge; one that it had before is worth nothing from now on."""
    row.challenge = secrets.token_bytes(CHALLENGE_BYTES)
    tx.session.flush()
    return row.challenge


def take_challenge(tx: Transaction, row: Ceremony) -> bytes | None:
    """Return the challenge to compare an answer with, this once."""
    taken, row.challenge = row.challenge, None
    tx.session.flush()
    return taken


def count_try(tx: Transaction, row: Ceremony) -> None:
    """Remember a wrong answer."""
    row.tries += 1
    tx.session.flush()


def end(tx: Transaction, row: Ceremony) -> None:
    """Forget a ceremony that reached its aim."""
    tx.session.delete(row)
    tx.session.flush()


def forget_over(tx: Transaction) -> int:
    """Drop those whose time is over; return how many."""
    done = tx.execute(delete(Ceremony).where(Ceremony.expires_at <= tx.now))
    return int(getattr(done, "rowcount", 0))

"""A browser's session between sign-in and sign-out, and attempts that did not get in."""

from sqlalchemy import update

from webui.approvals.throttling import spend
from webui.store.models import INSTANCE, WebSession
from webui.store.transaction import Transaction

_TOO_MANY = "Too many attempts to sign in; wait a minute and try again."


def note_seen(tx: Transaction, session_hash: str) -> None:
    """Remember that a session was used now; its idle time begins anew."""
    tx.execute(
        update(WebSession)
        .where(WebSession.id == session_hash, WebSession.seen_at < tx.now)
        .values(seen_at=tx.now)
    )


def spend_attempt(tx: Transaction, account: str, address: str) -> None:
    """Count one attempt to sign in, known account or not.

    The account's own bucket is wide, so that a stranger cannot lock a person out easily; the
    one of the account from this address is narrow.

    Args:
        tx: the transaction.
        account: a digest of the e-mail address as typed.
        address: where it comes from.

    Raises:
        TooManyError: one of the buckets is empty.

    """
    for name, per_minute in (
        (f"sign-in:{account}:{address}", 5),
        (f"sign-in:{account}", 30),
        (f"sign-in-from:{address}", 30),
    ):
        spend(tx, name, per_minute=per_minute, detail=_TOO_MANY)


def note_failed(tx: Transaction, address: str, count: int) -> None:
    """Record failed attempts from an address since the last such event."""
    tx.record(
        INSTANCE,
        "none",
        "user.sign_in_failed",
        f"address:{address}",
        {"address": address, "count": count},
    )

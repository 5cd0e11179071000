"""A browser's session between sign-in and sign-out, its org, and attempts that failed."""

from sqlalchemy import ColumnElement, func, select, update

from webui.approvals.errors import NotFoundError
from webui.approvals.throttling import spend
from webui.store.models import INSTANCE, Membership, User, WebSession
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


def last_used(user_id: str) -> ColumnElement[int]:
    """Return when a person last looked at the org of a membership; 0 for never."""
    seen = (
        select(func.max(WebSession.seen_at))
        .where(WebSession.user_id == user_id, WebSession.org_id == Membership.org_id)
        .correlate(Membership)
        .scalar_subquery()
    )
    return func.coalesce(seen, 0)


def switch_org(tx: Transaction, session_hash: str, user_id: str, org_id: str) -> None:
    """Let a session look at another of the person's orgs; nothing else of it changes.

    Raises:
        NotFoundError: they are no active member there, or there is no such org: all the same.

    """
    kept = tx.session.get(WebSession, session_hash, with_for_update=True)
    belongs = tx.session.scalar(
        select(Membership.org_id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.user_id == user_id,
            Membership.org_id == org_id,
            Membership.status == "active",
            User.status == "active",
        )
        .with_for_update(read=True)
    )
    if belongs is None or kept is None or kept.user_id != user_id:
        raise NotFoundError("organization")
    if kept.org_id == org_id:
        return
    before, kept.org_id = kept.org_id, org_id
    tx.session.flush()
    name = f"user:{user_id}"
    # Each org learns that the person came or went, and of no other org.
    tx.record(before, name, "user.switched_org", name, {"direction": "out"})
    tx.record(org_id, name, "user.switched_org", name, {"direction": "in"})

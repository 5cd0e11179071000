"""A browser's session between sign-in and sign-out, its org, and attempts that failed."""

from sqlalchemy import ColumnElement, func, select, update

from webui.approvals.asking.throttling import spend
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.sentences import sentence
from webui.store.models import INSTANCE, Membership, User, WebSession
from webui.store.queries.identity import SSO, SSO_STRONG
from webui.store.transaction import Transaction

NAME_LENGTH = 12
"""Letters of a session's hash by which pages and commands name it."""
_BY_PROVIDER = (SSO, SSO_STRONG)
"""Methods by which nothing but an org's provider has said who somebody is."""
_TOO_MANY = sentence("Too many attempts to sign in; wait a minute and try again.")


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
        NotAllowedError: only the provider of the org it looks at says who this is.

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
    if kept.method in _BY_PROVIDER:
        raise NotAllowedError(
            "signed_in_elsewhere",
            sentence(
                "You signed in by the provider of one organization, which speaks for that one "
                "alone; sign in with your password or passkey to open another."
            ),
        )
    before, kept.org_id = kept.org_id, org_id
    tx.session.flush()
    name = f"user:{user_id}"
    # Each org learns that the person came or went, and of no other org.
    tx.record(before, name, "user.switched_org", name, {"direction": "out"})
    tx.record(org_id, name, "user.switched_org", name, {"direction": "in"})


def renew(tx: Transaction, session_hash: str, new_hash: str, method: str) -> bool:
    """Let a session go on under a new id, proved anew; say whether it still counted."""
    row = tx.session.get(WebSession, session_hash, with_for_update=True)
    user = None if row is None else tx.session.get(User, row.user_id)
    if row is None or user is None or row.ended_at is not None:
        return False
    if user.status != "active" or user.session_epoch != row.epoch:
        return False
    tx.session.execute(
        update(WebSession)
        .where(WebSession.id == session_hash)
        .values(id=new_hash, authenticated_at=tx.now, seen_at=tx.now, method=method)
    )
    return True


def end_by_provider(tx: Transaction, user_id: str, org_id: str) -> None:
    """End a person's sessions by other orgs' providers: who joins this one is no more theirs alone.

    Without this such a provider could go on, in a session from before, to choose a password for
    somebody who now belongs here too.
    """
    tx.session.execute(
        update(WebSession)
        .where(
            WebSession.user_id == user_id,
            WebSession.org_id != org_id,
            WebSession.method.in_(_BY_PROVIDER),
            WebSession.ended_at.is_(None),
        )
        .values(ended_at=tx.now)
    )


def end_others(tx: Transaction, user_id: str, session_hash: str) -> None:
    """End every session of a person but this one: they prove less than it does now."""
    user = tx.session.get_one(User, user_id, with_for_update=True)
    user.session_epoch += 1
    tx.session.flush()
    tx.execute(
        update(WebSession)
        .where(WebSession.id == session_hash)
        .values(epoch=user.session_epoch)
    )


def end_one(tx: Transaction, user_id: str, beginning: str, *, actor: str) -> str:
    """End one session of a person's, named by the beginning of its hash; return its hash.

    Raises:
        NotFoundError: none of theirs begins so.

    """
    row = tx.session.scalars(
        select(WebSession)
        .where(
            WebSession.user_id == user_id,
            WebSession.id.startswith(beginning, autoescape=True),
            WebSession.ended_at.is_(None),
        )
        .with_for_update()
    ).first()
    if row is None or len(beginning) < NAME_LENGTH:
        raise NotFoundError("session")
    row.ended_at = tx.now
    tx.session.flush()
    note = {"session": row.id[:NAME_LENGTH], "ended_by": actor}
    tx.record(row.org_id, actor, "user.signed_out", f"user:{user_id}", note)
    return row.id


def change_password(
    tx: Transaction, org_id: str, user_id: str, session_hash: str, password_hash: str
) -> None:
    """Give a person the password they chose and end their other sessions."""
    user = tx.session.get_one(User, user_id, with_for_update=True)
    user.password_hash = password_hash
    tx.session.flush()
    end_others(tx, user_id, session_hash)
    actor = f"user:{user_id}"
    tx.record(org_id, actor, "user.password_changed", actor, {"by": "themselves"})


def home(tx: Transaction, user_id: str) -> str | None:
    """Return the org that a person's new session looks at; none without an active membership."""
    found: str | None = tx.session.scalar(
        select(Membership.org_id)
        .where(Membership.user_id == user_id, Membership.status == "active")
        .order_by(last_used(user_id).desc(), Membership.created_at, Membership.org_id)
        .limit(1)
    )
    return found


def sign_in(
    tx: Transaction,
    user_id: str,
    session_hash: str,
    *,
    address: str,
    user_agent: str,
    method: str = "password",
    epoch: int | None = None,
    authenticated_at: int | None = None,
) -> str:
    """Open a session for a person who proved who they are; return the org it looks at.

    Args:
        tx: the transaction.
        user_id: who.
        session_hash: of the id that the cookie will carry.
        address: where they are.
        user_agent: what their browser calls itself.
        method: how they proved it.
        epoch: their session epoch when it was checked: a reset since then counts.
        authenticated_at: when they proved it, ms; by default now.

    Raises:
        NotFoundError: suspended or reset since, or without an active membership.

    """
    user = tx.session.get(User, user_id, with_for_update={"read": True})
    org_id = home(tx, user_id)
    if user is None or user.status != "active" or org_id is None:
        raise NotFoundError("user")
    if epoch is not None and user.session_epoch != epoch:
        raise NotFoundError("user")
    tx.session.add(
        WebSession(
            id=session_hash,
            user_id=user.id,
            org_id=org_id,
            epoch=user.session_epoch,
            created_at=tx.now,
            seen_at=tx.now,
            method=method,
            authenticated_at=tx.now if authenticated_at is None else authenticated_at,
            address=address,
            user_agent=user_agent[:300],
        )
    )
    tx.session.flush()
    tx.record(
        org_id,
        f"user:{user.id}",
        "user.signed_in",
        f"user:{user.id}",
        {"address": address, "user_agent": user_agent[:300], "method": method},
    )
    return str(org_id)


def sign_out(tx: Transaction, session_hash: str) -> None:
    """End one session."""
    session = tx.session.get(WebSession, session_hash)
    if session is None or session.ended_at is not None:
        return
    session.ended_at = tx.now
    tx.session.flush()
    tx.record(
        session.org_id,
        f"user:{session.user_id}",
        "user.signed_out",
        f"user:{session.user_id}",
        {},
    )


def sign_out_everywhere(
    tx: Transaction, user_id: str, org_id: str, *, actor: str | None = None
) -> None:
    """End every session of a person, this one too; `actor` is who does it, if another."""
    tx.session.execute(
        update(User).where(User.id == user_id).values(session_epoch=User.session_epoch + 1)
    )
    tx.record(
        org_id,
        actor or f"user:{user_id}",
        "user.signed_out",
        f"user:{user_id}",
        {"everywhere": True},
    )

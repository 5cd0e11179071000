"""Invitations by link: made within the inviter's own reach, used once, within a week."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webui.approvals.asking.throttling import spend
from webui.approvals.authorization import MEMBERS
from webui.approvals.desk import SYSTEM
from webui.approvals.errors import (
    ConflictError,
    DeskError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    TooManyError,
)
from webui.approvals.people import accounts, members
from webui.approvals.people.emails import is_email
from webui.approvals.people.standing import By, check_reach, check_role, require_in
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import Invitation, Membership, User
from webui.store.queries import invitations as queries
from webui.store.queries.invitations import Opened
from webui.store.transaction import Transaction

LIFETIME = 7 * 86_400_000
"""ms."""
MOST_OPEN = 200
_PER_MINUTE = 30


class LinkOverError(NotFoundError):
    """Used, revoked, expired, unknown: whoever holds such a link learns no more than this."""

    def __init__(self) -> None:
        DeskError.__init__(
            self,
            "link_over",
            sentence(
                "This invitation does not work (any more): it was used, taken back or is over, or "
                "its link was not copied whole."
            ),
        )


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation; the token goes into the link and is kept nowhere."""

    id: str
    token: str
    email: str


def invite(tx: Transaction, org_id: str, by: By, email: str, role: str) -> Invited:
    """Invite somebody by their address.

    Raises:
        NotAllowedError: the inviter may not invite, or not with this role.
        InvalidError: the address or the role will not do, or the person is a member.
        TooManyError: too many invitations are open.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    check_role(role)
    check_reach(held, role)
    email = email.strip().lower()
    if not is_email(email):
        raise InvalidError(
            sentence("An invitation needs an e-mail address, such as ana@example.com.")
        )
    _check_no_member(tx, org_id, email)
    _check_room(tx, org_id)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        id=new_id("inv", tx.now),
        org_id=org_id,
        email=email,
        role=role,
        secret_hash=_digest(secret),
        invited_by=by.name,
        created_at=tx.now,
        expires_at=tx.now + LIFETIME,
    )
    tx.session.add(invitation)
    tx.session.flush()
    note = {"email": email, "role": role, "expires_at": invitation.expires_at}
    tx.record(org_id, by.name, "invitation.created", f"invitation:{invitation.id}", note)
    return Invited(invitation.id, f"{invitation.id}.{secret}", email)


def _check_no_member(tx: Transaction, org_id: str, email: str) -> None:
    standing = tx.session.scalar(
        select(Membership.status)
        .join(User, User.id == Membership.user_id)
        .where(Membership.org_id == org_id, User.email == email)
    )
    if standing == "suspended":
        raise InvalidError(
            sentence("This person is a suspended member; bring them back instead.")
        )
    if standing is not None:
        raise InvalidError(sentence("This person is a member of the organization already."))


def _check_room(tx: Transaction, org_id: str) -> None:
    waiting = tx.session.scalar(
        select(func.count())
        .select_from(Invitation)
        .where(Invitation.org_id == org_id, queries.is_open(tx.now))
    )
    if (waiting or 0) >= MOST_OPEN:
        raise TooManyError(
            sentence(
                "%(most)s invitations are open; revoke some that nobody will use.",
                most=MOST_OPEN,
            ),
            retry_after=3600,
        )


def revoke(tx: Transaction, org_id: str, by: By, invitation_id: str) -> None:
    """Make a link stop working. Asking twice is fine.

    Raises:
        NotFoundError: no such invitation in the org.
        ConflictError: somebody has used it.

    """
    require_in(tx, org_id, by, MEMBERS)
    found = tx.session.get(Invitation, invitation_id, with_for_update=True)
    if found is None or found.org_id != org_id:
        raise NotFoundError("invitation")
    if found.accepted_at is not None:
        raise ConflictError(
            "already_accepted",
            sentence("Somebody has joined by it; change their place instead."),
        )
    if found.revoked_at is None:
        found.revoked_at = tx.now
        tx.session.flush()
        note = {"email": found.email}
        name = f"invitation:{invitation_id}"
        tx.record(org_id, by.name, "invitation.revoked", name, note)


def look(session: Session, token: str, now: int) -> Opened:
    """Return the invitation that a link stands for.

    Raises:
        LinkOverError: it does not work, for whatever reason.

    """
    invitation_id, _, secret = token.partition(".")
    found = queries.opened(session, invitation_id, now)
    right = hmac.compare_digest(
        b"" if found is None else found.secret_hash, _digest(secret)
    )
    if found is None or not right:
        raise LinkOverError
    return found


def spend_try(tx: Transaction, address: str) -> None:
    """Count one use of a link, working or not, from an address."""
    detail = sentence("Too many tries; wait a minute and open the link again.")
    spend(tx, f"joining-from:{address}", per_minute=_PER_MINUTE, detail=detail)


def accept(tx: Transaction, token: str, user_id: str) -> str:
    """Let the person of an account join; return the org.

    Raises:
        LinkOverError: the link does not work.
        NotAllowedError: it was made for another address.
        InvalidError: they are a member already, or their account is suspended.

    """
    found = _taken(tx, token)
    email = tx.session.scalar(select(User.email).where(User.id == user_id))
    if email != found.email:
        raise NotAllowedError(
            "invitation_for_another",
            sentence(
                "This invitation is for %(email)s; sign in with that address to use it.",
                email=found.email,
            ),
        )
    members.join(tx, found.org_id, user_id, found.role, actor=f"user:{user_id}")
    use_up(tx, found, user_id)
    return found.org_id


def accept_as_new(tx: Transaction, token: str, name: str, password_hash: str) -> str:
    """Make an account for whoever has none yet, and let them join; return the org.

    Raises:
        LinkOverError: the link does not work.
        InvalidError: there is an account with the address by now, or the name will not do.

    """
    found = _taken(tx, token)
    person = accounts.create_user(
        tx,
        found.org_id,
        email=found.email,
        role=found.role,
        password_hash=password_hash,
        display_name=name,
        actor=SYSTEM,
    )
    use_up(tx, found, person.id)
    return found.org_id


def _taken(tx: Transaction, token: str) -> Opened:
    """Return what a link stands for, under the org's lock: whoever comes second finds it used."""
    found = look(tx.session, token, tx.now)
    if not _still_holds(tx, found):
        raise LinkOverError
    # Under the org's lock now, so whoever came second finds it used.
    return look(tx.session, token, tx.now)


def open_for(tx: Transaction, org_id: str, email: str) -> Opened | None:
    """Return the newest invitation of an address that works, for whoever proved to have it."""
    found = queries.open_for(tx.session, org_id, email, tx.now)
    return next((each for each in found if _still_holds(tx, each)), None)


def _still_holds(tx: Transaction, found: Opened) -> bool:
    """Say whether the inviter still could: what a demoted admin gave out ends with them.

    Takes the org's lock.
    """
    by = By(_inviter(tx, found.invitation_id))
    try:
        check_reach(require_in(tx, found.org_id, by, MEMBERS), found.role)
    except NotAllowedError:
        return False
    return True


def _inviter(tx: Transaction, invitation_id: str) -> str:
    """Return the id of the person who invited; empty for whoever owns the machine."""
    name = tx.session.scalar(
        select(Invitation.invited_by).where(Invitation.id == invitation_id)
    )
    return (name or "").removeprefix("user:") if (name or "").startswith("user:") else ""


def use_up(tx: Transaction, found: Opened, user_id: str) -> None:
    """Let an invitation work no more: this person has joined by it."""
    tx.session.execute(
        update(Invitation)
        .where(Invitation.id == found.invitation_id)
        .values(accepted_at=tx.now, accepted_by=user_id)
    )
    name = f"invitation:{found.invitation_id}"
    note = {"email": found.email, "role": found.role}
    tx.record(found.org_id, f"user:{user_id}", "invitation.accepted", name, note)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()

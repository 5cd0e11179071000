"""Invitations for screens, and the one that a link names."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from webui.store.models import Invitation, Org, User


class Opened(NamedTuple):
    """What somebody who holds a link is told."""

    invitation_id: str
    org_id: str
    org_name: str
    email: str
    role: str
    expires_at: int
    secret_hash: bytes


def is_open(now: int) -> ColumnElement[bool]:
    """Return the condition that an invitation can still be used."""
    return (
        Invitation.accepted_at.is_(None)
        & Invitation.revoked_at.is_(None)
        & (Invitation.expires_at > now)
    )


def opened(session: Session, invitation_id: str, now: int) -> Opened | None:
    """Return an invitation that can still be used; the caller compares the secret."""
    row = session.execute(_opened(now).where(Invitation.id == invitation_id)).one_or_none()
    return None if row is None else Opened._make(row)


def open_for(session: Session, org_id: str, email: str, now: int) -> Sequence[Opened]:
    """Return an address's invitations that can still be used, the newest first."""
    rows = session.execute(
        _opened(now)
        .where(Invitation.org_id == org_id, Invitation.email == email)
        .order_by(Invitation.id.desc())
    )
    return [Opened._make(row) for row in rows]


def _opened(now: int) -> Select[str, str, str, str, str, int, bytes]:
    return (
        select(
            Invitation.id,
            Org.id,
            Org.name,
            Invitation.email,
            Invitation.role,
            Invitation.expires_at,
            Invitation.secret_hash,
        )
        .join(Org, Org.id == Invitation.org_id)
        .where(is_open(now))
    )


class Pending(NamedTuple):
    """An invitation that nobody has used yet."""

    id: str
    email: str
    role: str
    invited_by: str
    created_at: int
    expires_at: int


def pending(session: Session, org_id: str, now: int, most: int) -> Sequence[Pending]:
    """Return the open invitations of an org, the newest first."""
    rows = session.execute(
        select(
            Invitation.id,
            Invitation.email,
            Invitation.role,
            Invitation.invited_by,
            Invitation.created_at,
            Invitation.expires_at,
        )
        .where(Invitation.org_id == org_id, is_open(now))
        .order_by(Invitation.id.desc())
        .limit(most)
    )
    return [Pending._make(row) for row in rows]


class Account(NamedTuple):
    """What joining needs to know of the account with an address."""

    user_id: str
    status: str


def account(session: Session, email: str) -> Account | None:
    """Return the account with this address, in whatever org."""
    row = session.execute(
        select(User.id, User.status).where(User.email == email)
    ).one_or_none()
    return None if row is None else Account._make(row)

"""Where people are told, and who was told of a call."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.store.models import Destination, Membership, Notice, User


class Told(NamedTuple):
    """One notice about a call, with whose it is and where it went."""

    user_name: str
    kind: str
    place: str
    why: str
    status: str
    digest: bool
    next_at: int
    ended_at: int | None
    attempts: int
    last_error: str | None
    in_place_of: str | None
    """Display name of the person for whom a delegate was told."""


MOST = 200


_giver = User.__table__.alias("giver")
_told = (
    select(
        User.display_name,
        Destination.kind,
        Destination.name,
        Notice.why,
        Notice.status,
        Notice.digest,
        Notice.next_at,
        Notice.ended_at,
        Notice.attempts,
        Notice.last_error,
        _giver.c.display_name,
    )
    .join(User, User.id == Notice.user_id)
    .join(Destination, Destination.id == Notice.destination_id)
    .outerjoin(_giver, _giver.c.id == Notice.in_place_of)
    .where(Notice.approval_id == bindparam("approval"))
    .order_by(Notice.id)
    .limit(MOST)
)


def told(session: Session, approval_id: str) -> Sequence[Told]:
    """Return who was told of a call, the earliest first."""
    rows = session.execute(_told, {"approval": approval_id})
    return [Told._make(row) for row in rows]


def places_of(session: Session, org_id: str, user_id: str) -> Sequence[Destination]:
    """Return the places where a person is told, the oldest first."""
    return session.scalars(
        select(Destination)
        .where(
            Destination.org_id == org_id,
            Destination.user_id == user_id,
            Destination.status != "removed",
            Destination.kind != "alarm",
        )
        .order_by(Destination.id)
    ).all()


_browser_of = select(Destination).where(
    Destination.org_id == bindparam("org"),
    Destination.user_id == bindparam("user"),
    Destination.kind == "browser",
    Destination.status == "active",
)


def browser_of(session: Session, org_id: str, user_id: str) -> Destination | None:
    """Return what a person wants to hear in their browser, if they do."""
    return session.scalar(_browser_of, {"org": org_id, "user": user_id})


class Listener(NamedTuple):
    """A place in use, and the member whose it is."""

    destination: Destination
    zone: str
    role: str


def listeners(session: Session, org_id: str) -> Sequence[Listener]:
    """Return the places that messages go to, of active members with accounts in use."""
    rows = session.execute(
        select(Destination, User.time_zone, Membership.role)
        .join(User, User.id == Destination.user_id)
        .join(
            Membership,
            (Membership.user_id == Destination.user_id) & (Membership.org_id == org_id),
        )
        .where(
            Destination.org_id == org_id,
            Destination.status == "active",
            Destination.kind.not_in(("browser", "alarm")),
            User.status == "active",
            Membership.status == "active",
        )
        .order_by(Destination.id)
    )
    return [Listener._make(row) for row in rows]


def who_runs(session: Session, org_id: str) -> Sequence[str]:
    """Return the ids of an org's owners and admins whose accounts are in use."""
    return session.scalars(
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.org_id == org_id,
            Membership.role.in_(("owner", "admin")),
            Membership.status == "active",
            User.status == "active",
        )
        .order_by(Membership.user_id)
    ).all()


def already_told(session: Session, approval_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return (destination, approval) of what was told before, or waits to be."""
    rows = session.execute(
        select(Notice.destination_id, Notice.approval_id).where(
            Notice.approval_id.in_(approval_ids)
        )
    )
    return {(destination, approval) for destination, approval in rows}

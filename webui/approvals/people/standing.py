"""What somebody may change here, by the rows of the transaction that changes it.

A view's own check decides what a page shows. This one decides what happens: it reads after the
lock, so whoever was demoted a moment ago has lost the race.
"""

from dataclasses import dataclass

from sqlalchemy import select

from webui.approvals.authorization import ALL, ROLES, Actor, Resource, authorize
from webui.approvals.errors import ConflictError, Fault, InvalidError, NotAllowedError
from webui.approvals.words import ROLE
from webui.sentences import sentence
from webui.store.models import Membership, Org, PermissionGrant, User
from webui.store.queries.standing import person_in
from webui.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something: a person, or whoever owns the machine (no id)."""

    user_id: str = ""
    by_hand: str = "local_implicit"
    """Without a person: what the log says instead."""

    @property
    def name(self) -> str:
        """Return the name in the log."""
        return f"user:{self.user_id}" if self.user_id else self.by_hand


def lock_org(tx: Transaction, org_id: str) -> None:
    """Let nobody else change who stands where in an org until this transaction ends."""
    # Of the weaker kind, so that rows that point to the org can still be added meanwhile.
    tx.session.execute(
        select(Org.id).where(Org.id == org_id).with_for_update(key_share=True)
    )


def require_in(tx: Transaction, org_id: str, by: By, permission: str) -> frozenset[str]:
    """Return all that somebody holds in an org without limits, once they hold `permission`.

    Takes the org's lock, so that what it answers is true until the end of the transaction.

    Raises:
        NotAllowedError: they do not hold it, or not any more.

    """
    lock_org(tx, org_id)
    if not by.user_id:
        return ALL
    actor = person_in(
        tx.session, org_id, by.user_id, tx.now, locked=tx.on_postgresql, source="session"
    )
    access = authorize(actor, permission, Resource(org_id))
    if not access.allowed:
        raise NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)
    if actor.instance_admin:
        return ALL
    unscoped = {
        grant.id: grant.permission for grant in actor.grants or () if not grant.scope
    }
    # What ends one day is limited too: passed on, it would outlast itself.
    lasting = tx.session.scalars(
        select(PermissionGrant.id).where(
            PermissionGrant.id.in_(unscoped), PermissionGrant.expires_at.is_(None)
        )
    )
    given = frozenset(unscoped[grant_id] for grant_id in lasting)
    return ROLES[actor.standing or "member"] | (given & ALL)


def actor_in(tx: Transaction, org_id: str, user_id: str) -> Actor:
    """Return a person as authorization sees them, read now; the caller holds the org's lock."""
    row = tx.session.execute(
        select(User.status, User.instance_admin, Membership.role, Membership.status)
        .outerjoin(
            Membership, (Membership.user_id == User.id) & (Membership.org_id == org_id)
        )
        .where(User.id == user_id)
        .with_for_update(read=True, of=User)
    ).one()
    status, admin, role, standing = row
    return Actor(
        "user",
        user_id,
        org_id,
        role=role if standing == "active" else None,
        active=status == "active",
        instance_admin=admin,
    )


def check_role(role: str) -> None:
    """Refuse a word that is no role."""
    if role not in ROLES:
        known = ", ".join(ROLES)
        raise InvalidError(
            sentence("The role must be one of %(known)s.", known=known),
            [Fault("/role", sentence("must be one of %(known)s", known=known))],
        )


def check_reach(held: frozenset[str], role: str) -> None:
    """Refuse to give or take a role that holds what one does not hold oneself."""
    above = sorted(ROLES[role] - held)
    if above:
        raise NotAllowedError(
            "role_above_yours",
            sentence(
                "The role %(role)s holds permissions that you do not hold yourself "
                "(%(names)s), so you can neither give it nor change who has it.",
                role=ROLE.get(role, role),
                names=", ".join(above),
            ),
        )


def keep_an_owner(tx: Transaction, org_id: str, user_id: str) -> None:
    """Refuse to take away the last active owner; the caller holds the org's lock."""
    owners = (
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.org_id == org_id,
            Membership.role == "owner",
            Membership.status == "active",
            User.status == "active",
        )
    )
    found = tx.session.scalars(owners.limit(2)).all()
    if list(found) == [user_id]:
        raise ConflictError(
            "last_owner",
            sentence(
                "This is the last active owner of the organization; make somebody else an owner "
                "first."
            ),
        )


def keep_owners(tx: Transaction, user_id: str) -> None:
    """Refuse to switch off an account without which some org has no active owner."""
    owned = select(Membership.org_id).where(
        Membership.user_id == user_id, Membership.role == "owner"
    )
    for org_id in sorted(tx.session.scalars(owned)):  # one order of locks for everybody
        lock_org(tx, org_id)
        keep_an_owner(tx, org_id, user_id)

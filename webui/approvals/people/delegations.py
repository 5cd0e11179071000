"""Delegations: whoever is away names another member to decide in their place until a date."""

from sqlalchemy import func, select

from webui.approvals.errors import Fault, InvalidError, NotAllowedError, NotFoundError
from webui.approvals.people.standing import actor_in, lock_org
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import Delegation, Membership, User
from webui.store.queries.delegations import delegations_of
from webui.store.queries.persons import aliases_of
from webui.store.transaction import Transaction

LONGEST = 30 * 86_400_000
"""ms."""
MOST = 20


def delegate(tx: Transaction, org_id: str, user_id: str, email: str, *, until: int) -> str:
    """Name a delegate until a time (ms); return the delegation's id.

    Raises:
        NotAllowedError: the person who delegates is no active member.
        InvalidError: the delegate is no active member or oneself, or the time will not do;
            or their own delegates lead back to who delegates.

    """
    lock_org(tx, org_id)
    if actor_in(tx, org_id, user_id).role is None:
        raise NotAllowedError(
            "missing_membership",
            sentence("You are not an active member of this organization."),
        )
    if not tx.now < until <= tx.now + LONGEST:
        raise InvalidError(
            sentence(
                "A delegation ends within 30 days; choose a later day than today, and at most 30 "
                "days from now."
            ),
            [Fault("/until", "must be within 30 days")],
        )
    delegate_id = _active_member(tx, org_id, email)
    if delegate_id in aliases_of(tx.session, user_id):
        raise InvalidError(
            sentence("Nobody is their own delegate, under another account neither."),
            [Fault("/email", "must be of somebody else")],
        )
    _check_room(tx, org_id, user_id, delegate_id)
    _check_circle(tx, org_id, user_id, delegate_id)
    delegation = Delegation(
        id=new_id("dlg", tx.now),
        org_id=org_id,
        user_id=user_id,
        delegate_id=delegate_id,
        created_at=tx.now,
        until=until,
    )
    tx.session.add(delegation)
    tx.session.flush()
    name, note = f"user:{user_id}", {"delegate": delegate_id, "until": until}
    tx.record(org_id, name, "delegation.created", f"delegation:{delegation.id}", note)
    return delegation.id


def _active_member(tx: Transaction, org_id: str, email: str) -> str:
    found = tx.session.scalar(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == org_id,
            Membership.status == "active",
            User.status == "active",
            User.email == email.strip().lower(),
        )
    )
    if found is None:
        raise InvalidError(
            sentence(
                "A delegate is an active member of this organization; nobody with this e-mail "
                "address is."
            ),
            [Fault("/email", "must be of an active member")],
        )
    return found


def _check_room(tx: Transaction, org_id: str, user_id: str, delegate_id: str) -> None:
    standing = (
        Delegation.org_id == org_id,
        Delegation.user_id == user_id,
        Delegation.ended_at.is_(None),
        Delegation.until > tx.now,
    )
    same = select(Delegation.id).where(*standing, Delegation.delegate_id == delegate_id)
    if tx.session.scalar(same.limit(1)) is not None:
        raise InvalidError(
            sentence("This person is your delegate already; end that delegation first.")
        )
    if (tx.session.scalar(select(func.count(Delegation.id)).where(*standing)) or 0) >= MOST:
        raise InvalidError(
            sentence("You have %(most)s delegates; end one of them first.", most=MOST)
        )


def _check_circle(tx: Transaction, org_id: str, user_id: str, delegate_id: str) -> None:
    """Refuse a delegate who is away too, and in whose place this person stands in the end."""
    own, seen = aliases_of(tx.session, user_id), {delegate_id}
    away = seen
    while away:
        named = delegations_of(tx.session, org_id, away, tx.now)
        away = {each.delegate_id for each in named} - seen
        if away & own:
            raise InvalidError(
                sentence(
                    "This person's delegates lead back to you, so nobody would be left to decide. "
                    "Name somebody else, or end the other delegation first."
                ),
                [Fault("/email", "must not lead back to you")],
            )
        seen |= away


def end_delegation(tx: Transaction, org_id: str, user_id: str, delegation_id: str) -> None:
    """End one's own delegation, given or received, at once. Asking twice is fine.

    Raises:
        NotFoundError: it is neither this person's nor to them.

    """
    found = tx.session.get(Delegation, delegation_id, with_for_update=True)
    if (
        found is None
        or found.org_id != org_id
        or user_id not in {found.user_id, found.delegate_id}
    ):
        raise NotFoundError("delegation")
    if found.ended_at is None:
        found.ended_at = tx.now
        tx.session.flush()
        note = {"of": found.user_id, "delegate": found.delegate_id}
        name = f"delegation:{delegation_id}"
        tx.record(org_id, f"user:{user_id}", "delegation.ended", name, note)

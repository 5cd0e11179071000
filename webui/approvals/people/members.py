"""Who belongs to an org and as what: roles given, memberships suspended, brought back, ended."""

from collections.abc import Mapping

from sqlalchemy import delete, select, update

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import InvalidError, NotAllowedError, NotFoundError
from webui.approvals.people.organizations import end_solo
from webui.approvals.people.sessions import end_by_provider
from webui.approvals.people.standing import (
    By,
    check_reach,
    check_role,
    keep_an_owner,
    lock_org,
    require_in,
)
from webui.sentences import sentence
from webui.store.models import (
    Delegation,
    GroupMember,
    Membership,
    PermissionGrant,
    PersonalToken,
    User,
    WebSession,
)
from webui.store.queries.persons import aliases_of
from webui.store.transaction import Transaction

_THEMSELVES = sentence(
    "Nobody changes their own place here; ask somebody else who manages members."
)


def join(tx: Transaction, org_id: str, user_id: str, role: str, *, actor: str) -> None:
    """Make somebody a member.

    Raises:
        InvalidError: they are one already, or their account is suspended.

    """
    check_role(role)
    lock_org(tx, org_id)
    status = tx.session.scalar(select(User.status).where(User.id == user_id))
    if status != "active":
        raise InvalidError(sentence("This account is suspended; bring it back first."))
    if _membership(tx, org_id, user_id) is not None:
        raise InvalidError(sentence("This person is a member of the organization already."))
    tx.session.add(Membership(org_id=org_id, user_id=user_id, role=role, created_at=tx.now))
    tx.session.flush()
    end_by_provider(tx, user_id, org_id)
    tx.record(org_id, actor, "membership.created", f"user:{user_id}", {"role": role})
    end_solo(tx, org_id, actor=actor)


def change_role(tx: Transaction, org_id: str, by: By, user_id: str, role: str) -> None:
    """Give a member another role, within what the giver holds.

    Raises:
        NotFoundError: nobody of that id is in the org.
        NotAllowedError: oneself, or a role above one's own.
        ConflictError: it would leave the org without an active owner.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    member = _reachable(tx, org_id, by, user_id, held)
    check_role(role)
    check_reach(held, role)
    if member.role == role:
        return
    if role != "owner":
        keep_an_owner(tx, org_id, user_id)
    note = {"role": role, "before": member.role}
    member.role = role
    tx.session.flush()
    tx.record(org_id, by.name, "membership.changed", f"user:{user_id}", note)


def suspend(tx: Transaction, org_id: str, by: By, user_id: str) -> None:
    """Suspend somebody in this org alone: their sessions in it end with this transaction.

    Raises:
        NotFoundError: nobody of that id is in the org.
        NotAllowedError: oneself, or a role above one's own.
        ConflictError: it would leave the org without an active owner.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    member = _reachable(tx, org_id, by, user_id, held)
    if member.status == "suspended":
        return
    keep_an_owner(tx, org_id, user_id)
    shut_out(tx, member, actor=by.name, note={})


def shut_out(
    tx: Transaction, member: Membership, *, actor: str, note: Mapping[str, str]
) -> None:
    """Suspend a membership and end its sessions; whether one may was checked under the lock."""
    member.status = "suspended"
    tx.session.flush()
    _end_sessions(tx, member.org_id, member.user_id)
    name = f"user:{member.user_id}"
    tx.record(member.org_id, actor, "membership.suspended", name, note)


def restore(tx: Transaction, org_id: str, by: By, user_id: str) -> None:
    """Bring a suspended member back with the role they had.

    Raises:
        NotFoundError: nobody of that id is in the org.
        NotAllowedError: oneself, or a role above one's own.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    member = _reachable(tx, org_id, by, user_id, held)
    if member.status == "active":
        return
    member.status = "active"
    tx.session.flush()
    tx.record(
        org_id, by.name, "membership.restored", f"user:{user_id}", {"role": member.role}
    )
    end_solo(tx, org_id, actor=by.name)


def remove(tx: Transaction, org_id: str, by: By, user_id: str) -> None:
    """End a membership and all that came with it; what they did stays in the log.

    Raises:
        NotFoundError: nobody of that id is in the org.
        NotAllowedError: oneself, or a role above one's own.
        ConflictError: it would leave the org without an active owner.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    member = _reachable(tx, org_id, by, user_id, held)
    keep_an_owner(tx, org_id, user_id)
    note = {"role": member.role}
    tx.session.delete(member)
    tx.session.flush()
    _end_sessions(tx, org_id, user_id)
    _take_what_is_left(tx, org_id, user_id)
    tx.record(org_id, by.name, "membership.removed", f"user:{user_id}", note)


def _reachable(
    tx: Transaction, org_id: str, by: By, user_id: str, held: frozenset[str]
) -> Membership:
    """Return the membership of somebody whose place this person may change."""
    member = _membership(tx, org_id, user_id)
    if member is None:
        raise NotFoundError("person")
    if by.user_id and user_id in aliases_of(tx.session, by.user_id):
        raise NotAllowedError("self_change", _THEMSELVES)
    check_reach(held, member.role)
    return member


def _membership(tx: Transaction, org_id: str, user_id: str) -> Membership | None:
    return tx.session.get(
        Membership, (org_id, user_id), with_for_update=True, populate_existing=True
    )


def _end_sessions(tx: Transaction, org_id: str, user_id: str) -> None:
    tx.session.execute(
        update(WebSession)
        .where(
            WebSession.user_id == user_id,
            WebSession.org_id == org_id,
            WebSession.ended_at.is_(None),
        )
        .values(ended_at=tx.now)
    )


def _take_what_is_left(tx: Transaction, org_id: str, user_id: str) -> None:
    """Take away whatever would be theirs again if they came back one day."""
    tx.session.execute(
        delete(GroupMember).where(
            GroupMember.org_id == org_id, GroupMember.user_id == user_id
        )
    )
    tx.session.execute(
        update(PersonalToken)
        .where(
            PersonalToken.org_id == org_id,
            PersonalToken.user_id == user_id,
            PersonalToken.revoked_at.is_(None),
        )
        .values(revoked_at=tx.now)
    )
    tx.session.execute(
        update(PermissionGrant)
        .where(
            PermissionGrant.org_id == org_id,
            PermissionGrant.principal_type == "user",
            PermissionGrant.principal_id == user_id,
            PermissionGrant.revoked_at.is_(None),
        )
        .values(revoked_at=tx.now)
    )
    tx.session.execute(
        update(Delegation)
        .where(
            Delegation.org_id == org_id,
            (Delegation.user_id == user_id) | (Delegation.delegate_id == user_id),
            Delegation.ended_at.is_(None),
        )
        .values(ended_at=tx.now)
    )

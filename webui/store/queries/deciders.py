"""Who may decide in an org, all at once: for looking at a rule before it asks anybody."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from webui.approvals.authorization import DECIDE, ROLES
from webui.store.models import GroupMember, Membership, PermissionGrant, User

_ROLES = sorted(role for role, held in ROLES.items() if DECIDE in held)


def deciders(session: Session, org_id: str, now: int) -> Mapping[str, frozenset[str]]:
    """Return the ids of groups of each person who may decide at `now` (ms); no accounts twice.

    What others lend for a while does not count, and a grant counts however it is scoped.
    """
    mine = select(GroupMember.group_id).where(
        GroupMember.org_id == org_id, GroupMember.user_id == Membership.user_id
    )
    granted = exists().where(
        PermissionGrant.org_id == org_id,
        PermissionGrant.permission == DECIDE,
        PermissionGrant.revoked_at.is_(None),
        PermissionGrant.approval_id.is_(None),
        or_(PermissionGrant.expires_at.is_(None), PermissionGrant.expires_at > now),
        or_(
            PermissionGrant.principal_id == Membership.user_id,
            PermissionGrant.principal_id.in_(mine),
        ),
    )
    rows = session.execute(
        select(func.coalesce(User.person_id, User.id).label("person"), GroupMember.group_id)
        .join(Membership, Membership.user_id == User.id)
        .outerjoin(
            GroupMember,
            (GroupMember.user_id == User.id) & (GroupMember.org_id == org_id),
        )
        .where(
            Membership.org_id == org_id,
            Membership.status == "active",
            User.status == "active",
            or_(Membership.role.in_(_ROLES), granted),
        )
    )
    found: dict[str, set[str]] = defaultdict(set)
    for person, group_id in rows:
        found[person] |= {group_id} - {None}
    return {person: frozenset(groups) for person, groups in found.items()}

"""Groups for screens: who is in them, and what was granted to them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from webui.store.models import Group, GroupMember, PermissionGrant, User


class GroupRow(NamedTuple):
    """A group with its counts."""

    id: str
    name: str
    members: int
    grants: int


def groups(session: Session, org_id: str, now: int, most: int) -> Sequence[GroupRow]:
    """Return the groups of an org by name."""
    members = (
        select(func.count())
        .where(GroupMember.group_id == Group.id)
        .correlate(Group)
        .scalar_subquery()
    )
    grants = (
        select(func.count())
        .where(
            PermissionGrant.org_id == org_id,
            PermissionGrant.principal_type == "group",
            PermissionGrant.principal_id == Group.id,
            PermissionGrant.revoked_at.is_(None),
            or_(PermissionGrant.expires_at.is_(None), PermissionGrant.expires_at > now),
        )
        .correlate(Group)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Group.id, Group.name, members, grants)
        .where(Group.org_id == org_id)
        .order_by(Group.name, Group.id)
        .limit(most)
    )
    return [GroupRow._make(row) for row in rows]


def group(session: Session, org_id: str, group_id: str) -> Group | None:
    """Return a group of this org."""
    return session.scalar(select(Group).where(Group.id == group_id, Group.org_id == org_id))


class GroupPerson(NamedTuple):
    """Somebody in a group."""

    user_id: str
    display_name: str
    email: str


def people_of(session: Session, group_id: str, most: int) -> Sequence[GroupPerson]:
    """Return who is in a group, by name."""
    rows = session.execute(
        select(User.id, User.display_name, User.email)
        .join(GroupMember, GroupMember.user_id == User.id)
        .where(GroupMember.group_id == group_id)
        .order_by(User.display_name, User.id)
        .limit(most)
    )
    return [GroupPerson._make(row) for row in rows]


def permissions_of(session: Session, org_id: str, group_id: str, now: int) -> Sequence[str]:
    """Return the permissions granted to a group that hold at `now` (ms), one for each grant."""
    return session.scalars(
        select(PermissionGrant.permission)
        .where(
            PermissionGrant.org_id == org_id,
            PermissionGrant.principal_type == "group",
            PermissionGrant.principal_id == group_id,
            PermissionGrant.revoked_at.is_(None),
            or_(PermissionGrant.expires_at.is_(None), PermissionGrant.expires_at > now),
        )
        .order_by(PermissionGrant.permission)
    ).all()


def groups_of(
    session: Session, org_id: str, user_ids: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the groups that each of these people is in."""
    rows = session.execute(
        select(GroupMember.user_id, Group.name)
        .join(Group, Group.id == GroupMember.group_id)
        .where(GroupMember.org_id == org_id, GroupMember.user_id.in_(set(user_ids)))
        .order_by(Group.name)
    )
    found: dict[str, tuple[str, ...]] = {}
    for user_id, name in rows:
        found[user_id] = (*found.get(user_id, ()), name)
    return found


def names_of(session: Session, org_id: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of some groups of an org by their ids."""
    rows = session.execute(
        select(Group.id, Group.name).where(Group.org_id == org_id, Group.id.in_(list(ids)))
    )
    return {row.id: row.name for row in rows}

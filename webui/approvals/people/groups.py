"""Groups: people of one org under one name."""

from sqlalchemy import delete, select, update

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import (
    ConflictError,
    Fault,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.people.standing import By, require_in
from webui.sentences import plural, sentence
from webui.store.ids import new_id
from webui.store.models import Group, GroupMember, Membership, PermissionGrant, User
from webui.store.queries.groups import permissions_of
from webui.store.transaction import Transaction

NAME_MAX = 80


def create_group(tx: Transaction, org_id: str, by: By, name: str) -> str:
    """Make a group without anybody in it; return its id.

    Raises:
        InvalidError: the name is empty, too long, not printable or taken.

    """
    require_in(tx, org_id, by, MEMBERS)
    name = _checked(tx, org_id, name)
    group_id = new_id("grp", tx.now)
    tx.session.add(Group(id=group_id, org_id=org_id, name=name, created_at=tx.now))
    tx.session.flush()
    tx.record(org_id, by.name, "group.created", f"group:{group_id}", {"name": name})
    return group_id


def rename_group(tx: Transaction, org_id: str, by: By, group_id: str, name: str) -> None:
    """Give a group another name; rules and grants go on naming it by its id.

    Raises:
        NotFoundError: no such group in the org.
        InvalidError: the name will not do.

    """
    require_in(tx, org_id, by, MEMBERS)
    group = _group(tx, org_id, group_id)
    if name.strip() == group.name:
        return
    note = {"before": group.name}
    group.name = _checked(tx, org_id, name)
    tx.session.flush()
    note["name"] = group.name
    tx.record(org_id, by.name, "group.changed", f"group:{group_id}", note)


def delete_group(
    tx: Transaction, org_id: str, by: By, group_id: str, *, grants: int
) -> None:
    """Delete a group and revoke what was granted to it.

    Args:
        tx: the transaction.
        org_id: its org.
        by: who does it.
        group_id: which.
        grants: how many grants to it they were shown.

    Raises:
        NotFoundError: no such group in the org.
        ConflictError: it has another number of grants by now.

    """
    require_in(tx, org_id, by, MEMBERS)
    group = _group(tx, org_id, group_id)
    standing = len(permissions_of(tx.session, org_id, group_id, tx.now))
    if standing != grants:
        raise ConflictError(
            "group_in_use",
            plural(
                "%(number)s permission is given to this group, which would be revoked with "
                "it; look at it again and delete it then.",
                "%(number)s permissions are given to this group, which would be revoked with "
                "it; look at it again and delete it then.",
                standing,
            ),
        )
    tx.session.execute(
        update(PermissionGrant)
        .where(
            PermissionGrant.org_id == org_id,
            PermissionGrant.principal_type == "group",
            PermissionGrant.principal_id == group_id,
            PermissionGrant.revoked_at.is_(None),
        )
        .values(revoked_at=tx.now)
    )
    tx.session.execute(delete(GroupMember).where(GroupMember.group_id == group_id))
    tx.session.delete(group)
    tx.session.flush()
    note = {"name": group.name, "grants_revoked": standing}
    tx.record(org_id, by.name, "group.deleted", f"group:{group_id}", note)


def add_to_group(tx: Transaction, org_id: str, by: By, group_id: str, email: str) -> None:
    """Put a member of the org into a group. Asking twice is fine.

    Raises:
        NotFoundError: no such group in the org.
        InvalidError: nobody with this address is in the org.
        NotAllowedError: the group holds permissions that one does not hold oneself.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    group = _group(tx, org_id, group_id)
    above = sorted(set(permissions_of(tx.session, org_id, group_id, tx.now)) - held)
    if above:
        raise NotAllowedError(
            "group_above_yours",
            sentence(
                "The group %(name)s holds permissions that you do not hold yourself "
                "(%(names)s), so you cannot add to it.",
                name=group.name,
                names=", ".join(above),
            ),
        )
    user_id = tx.session.scalar(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id, User.email == email.strip().lower())
    )
    if user_id is None:
        raise InvalidError(
            sentence(
                "Nobody with this e-mail address is in this organization; invite them first."
            ),
            [Fault("/email", "must be of a member")],
        )
    if tx.session.get(GroupMember, (group_id, user_id)) is not None:
        return
    tx.session.add(
        GroupMember(group_id=group_id, user_id=user_id, org_id=org_id, created_at=tx.now)
    )
    tx.session.flush()
    note = {"group": group_id, "name": group.name}
    tx.record(org_id, by.name, "group.joined", f"user:{user_id}", note)


def take_from_group(
    tx: Transaction, org_id: str, by: By, group_id: str, user_id: str
) -> None:
    """Take somebody out of a group.

    Raises:
        NotFoundError: no such group in the org, or they are not in it.

    """
    require_in(tx, org_id, by, MEMBERS)
    group = _group(tx, org_id, group_id)
    found = tx.session.get(GroupMember, (group_id, user_id))
    if found is None:
        raise NotFoundError("person in the group")
    tx.session.delete(found)
    tx.session.flush()
    note = {"group": group_id, "name": group.name}
    tx.record(org_id, by.name, "group.left", f"user:{user_id}", note)


def find_group(tx: Transaction, org_id: str, name_or_id: str) -> str:
    """Return the id of a group by id or name.

    Raises:
        NotFoundError: there is none of that name.

    """
    found = tx.session.scalar(
        select(Group.id).where(
            Group.org_id == org_id, (Group.id == name_or_id) | (Group.name == name_or_id)
        )
    )
    if found is None:
        raise NotFoundError("group")
    return found


def _group(tx: Transaction, org_id: str, group_id: str) -> Group:
    group = tx.session.get(Group, group_id, with_for_update=True)
    if group is None or group.org_id != org_id:
        raise NotFoundError("group")
    return group


def _checked(tx: Transaction, org_id: str, name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise InvalidError(
            sentence(
                "A group needs a name of 1 to %(longest)s printable characters.",
                longest=NAME_MAX,
            ),
            [Fault("/name", "will not do")],
        )
    taken = select(Group.id).where(Group.org_id == org_id, Group.name == name)
    if tx.session.scalar(taken) is not None:
        raise InvalidError(
            sentence("There is a group of this name already."),
            [Fault("/name", "is in use")],
        )
    return name

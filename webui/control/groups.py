"""Verbs on groups."""

from webui.approvals.errors import NotFoundError
from webui.approvals.people import accounts, groups
from webui.approvals.people.standing import By
from webui.control.verbs import Office, Plain, verb
from webui.store.queries import groups as queries
from webui.store.queries.people import member_id
from webui.store.transaction import Transaction

LISTED = 1_000
_HERE = By()


@verb("groups.add")
def add_group(
    office: Office, *, name: str, email: str | None = None, org: str | None = None
) -> Plain:
    """Put somebody into a group, which is made if it is not there; or only make it."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        try:
            group_id = groups.find_group(tx, org_id, name)
        except NotFoundError:
            group_id = groups.create_group(tx, org_id, _HERE, name)
        if email is not None:
            groups.add_to_group(tx, org_id, _HERE, group_id, email)
        return {"id": group_id, "name": name.strip(), "added": email}

    return office.store.write(unit)


@verb("groups.rename")
def rename_group(office: Office, *, name: str, to: str, org: str | None = None) -> Plain:
    """Give a group another name."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        group_id = groups.find_group(tx, org_id, name)
        groups.rename_group(tx, org_id, _HERE, group_id, to)
        return {"id": group_id, "name": to.strip()}

    return office.store.write(unit)


@verb("groups.list")
def list_groups(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the groups of an org by name, the first 1,000."""
    org_id = office.store.write(lambda tx: accounts.find_org(tx, org))
    with office.store.reading() as session:
        rows = queries.groups(session, org_id, office.store.now(), LISTED)
        return [row._asdict() for row in rows]


@verb("groups.members")
def list_people(office: Office, *, name: str, org: str | None = None) -> list[Plain]:
    """Return who is in a group, the first 1,000 by name."""

    def unit(tx: Transaction) -> str:
        return groups.find_group(tx, accounts.find_org(tx, org), name)

    group_id = office.store.write(unit)
    with office.store.reading() as session:
        return [
            {"email": row.email, "name": row.display_name}
            for row in queries.people_of(session, group_id, LISTED)
        ]


@verb("groups.remove")
def remove_group(
    office: Office, *, name: str, email: str | None = None, org: str | None = None
) -> Plain:
    """Take somebody out of a group; with nobody named, delete the group and its grants."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        group_id = groups.find_group(tx, org_id, name)
        if email is None:
            held = queries.permissions_of(tx.session, org_id, group_id, tx.now)
            groups.delete_group(tx, org_id, _HERE, group_id, grants=len(held))
            return {"id": group_id, "deleted": True, "grants_revoked": len(held)}
        user_id = member_id(tx.session, org_id, email) or ""
        groups.take_from_group(tx, org_id, _HERE, group_id, user_id)
        return {"id": group_id, "removed": email}

    return office.store.write(unit)

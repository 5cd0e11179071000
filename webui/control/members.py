"""Verbs on who belongs to an org, who is invited, and which accounts are one person."""

from collections.abc import Callable

from webui.approvals.errors import NotFoundError
from webui.approvals.people import accounts, invitations, members, persons
from webui.approvals.people.standing import By
from webui.audit.chain import rfc3339
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.store.queries.invitations import pending
from webui.store.queries.people import member_id
from webui.store.transaction import Transaction

LISTED = 200
_HERE = By()


def _user_id(tx: Transaction, org_id: str, email: str) -> str:
    found = member_id(tx.session, org_id, email)
    if found is None:
        raise NotFoundError("user")
    return found


def _on_member(
    office: Office,
    email: str,
    org: str | None,
    act: Callable[[Transaction, str, By, str], None],
) -> None:
    def unit(tx: Transaction) -> None:
        org_id = accounts.find_org(tx, org)
        act(tx, org_id, _HERE, _user_id(tx, org_id, email))

    office.store.write(unit)


@verb("users.restore")
def restore_user(office: Office, *, email: str, org: str | None = None) -> Plain:
    """Bring a suspended account back, and its membership in this org."""

    def unit(tx: Transaction) -> None:
        org_id = accounts.find_org(tx, org)
        user_id = accounts.restore_user(tx, org_id, email, actor=LOCAL)
        members.restore(tx, org_id, _HERE, user_id)

    office.store.write(unit)
    return {"email": email, "status": "active"}


@verb("users.remove")
def remove_user(office: Office, *, email: str, org: str | None = None) -> Plain:
    """End a membership; the account stays for other orgs."""
    _on_member(office, email, org, members.remove)
    return {"email": email, "removed": True}


@verb("users.same_person")
def same_person(office: Office, *, email: str, other: str, org: str | None = None) -> Plain:
    """Note that two members are one person."""

    def act(tx: Transaction, org_id: str, by: By, user_id: str) -> None:
        persons.same_person(tx, org_id, by, user_id, _user_id(tx, org_id, other))

    _on_member(office, email, org, act)
    return {"email": email, "same_person_as": other}


@verb("users.apart")
def apart(office: Office, *, email: str, org: str | None = None) -> Plain:
    """Take such a note back."""
    _on_member(office, email, org, persons.apart)
    return {"email": email, "same_person_as": None}


@verb("users.invite")
def invite(office: Office, *, email: str, role: str, org: str | None = None) -> Plain:
    """Make an invitation; its link is shown once."""

    def unit(tx: Transaction) -> invitations.Invited:
        return invitations.invite(tx, accounts.find_org(tx, org), _HERE, email, role)

    made = office.store.write(unit)
    link = f"{office.public_url}/join/{made.token}"
    return {"id": made.id, "email": made.email, "role": role, "link": link}


@verb("users.invitations")
def list_invitations(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the newest open invitations; never a link."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [
            {
                "id": row.id,
                "email": row.email,
                "role": row.role,
                "invited_by": row.invited_by,
                "expires_at": rfc3339(row.expires_at),
            }
            for row in pending(session, org_id, office.store.now(), LISTED)
        ]


@verb("users.uninvite")
def uninvite(office: Office, *, invitation: str, org: str | None = None) -> Plain:
    """Make an invitation's link stop working."""

    def unit(tx: Transaction) -> None:
        invitations.revoke(tx, accounts.find_org(tx, org), _HERE, invitation)

    office.store.write(unit)
    return {"id": invitation, "revoked": True}

"""Verbs on orgs."""

from sqlalchemy import select

from webui.approvals.errors import NotFoundError
from webui.approvals.gate import write_grants
from webui.approvals.people import accounts, members, organizations
from webui.approvals.people.emails import user_of
from webui.audit.chain import rfc3339
from webui.control.verbs import LOCAL, Office, Plain, verb
from webui.store.models import Org
from webui.store.transaction import Transaction

LISTED = 1_000


@verb("orgs.add")
def add_org(office: Office, *, name: str, owner: str | None = None) -> Plain:
    """Make an org; an account that exists becomes its owner."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.create_org(tx, name, actor=LOCAL)
        if owner is not None:
            user_id = user_of(tx.session, owner)
            if user_id is None:
                raise NotFoundError("user")
            members.join(tx, org_id, user_id, "owner", actor=LOCAL)
        slug = tx.session.get_one(Org, org_id).slug
        return {"id": org_id, "slug": slug, "name": name.strip(), "owner": owner}

    return office.store.write(unit)


@verb("orgs.list")
def list_orgs(office: Office) -> list[Plain]:
    """Return the orgs of this instance by name, the first 1,000."""
    with office.store.reading() as session:
        found = session.scalars(select(Org).order_by(Org.name, Org.id).limit(LISTED))
        return [
            {
                "id": org.id,
                "slug": org.slug,
                "name": org.name,
                "created_at": rfc3339(org.created_at),
            }
            for org in found
        ]


@verb("orgs.undo")
def set_undo(office: Office, *, seconds: int, org: str | None = None) -> Plain:
    """Say how long a verdict can be undone before it settles; 0: it settles at once."""

    def unit(tx: Transaction) -> str:
        org_id = accounts.find_org(tx, org)
        organizations.set_undo(tx, org_id, seconds, actor=LOCAL)
        return org_id

    return {"org": office.store.write(unit), "undo_seconds": seconds}


@verb("orgs.domains")
def set_domains(office: Office, *, domains: list[str], org: str | None = None) -> Plain:
    """Say which domains are an org's own: e-mail to others is pointed out; none: nowhere is."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        named = organizations.set_domains(tx, org_id, domains, actor=LOCAL)
        return {"org": org_id, "own_domains": named}

    return office.store.write(unit)


@verb("orgs.write_gate")
def set_write_gate(office: Office, *, on: bool, org: str | None = None) -> Plain:
    """Switch the write gate of an org on or off."""

    def unit(tx: Transaction) -> str:
        org_id = accounts.find_org(tx, org)
        write_grants.set_write_gate(tx, org_id, on=on, actor=LOCAL)
        return org_id

    return {"org": office.store.write(unit), "write_gate": "on" if on else "off"}

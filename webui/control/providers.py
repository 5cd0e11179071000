"""Verbs on providers of single sign-on."""

from webui.approvals.errors import NotFoundError
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.channels.addresses import AllowList
from webui.control.verbs import Office, Plain, org_id_of, verb
from webui.oidc import providers
from webui.oidc.providers import GROUPS_CLAIM, SCOPES, Wanted
from webui.store.models import IdentityProvider, Org
from webui.store.queries.providers import of_org, roles_of
from webui.store.transaction import Transaction

CALLBACK = "/sign-in/sso/callback"
HERE = By()


@verb("providers.add")
def add_provider(
    office: Office,
    *,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str,
    scopes: str = SCOPES,
    groups_claim: str = GROUPS_CLAIM,
    roles: dict[str, str] | None = None,
    org: str | None = None,
) -> Plain:
    """Make a provider; return the address to register there."""
    allowed = AllowList.of(office.settings.sso_allow)
    wanted = Wanted(
        name, issuer, client_id, client_secret, scopes, groups_claim, roles or {}
    )

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        provider_id = providers.add(tx, org_id, HERE, wanted, allowed)
        slug = tx.session.get_one(Org, org_id).slug
        return {
            "id": provider_id,
            "callback": f"{office.public_url}{CALLBACK}",
            "sign_in": f"{office.public_url}/sign-in/sso/{slug}/{provider_id}",
        }

    return office.store.write(unit)


@verb("providers.list")
def list_providers(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the providers of an org; never a secret."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [
            {
                "id": row.id,
                "name": row.name,
                "issuer": row.issuer,
                "client_id": row.client_id,
                "scopes": row.scopes,
                "groups_claim": row.groups_claim,
                "roles": roles_of(session, row.id),
                "status": row.status,
            }
            for row in of_org(session, org_id)
        ]


@verb("providers.change")
def change_provider(
    office: Office,
    *,
    provider: str,
    client_id: str | None = None,
    client_secret: str = "",
    scopes: str | None = None,
    groups_claim: str | None = None,
    roles: dict[str, str] | None = None,
    org: str | None = None,
) -> Plain:
    """Change what is named of a provider (id or name); the rest stays."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        row = _named(tx, org_id, provider)
        wanted = Wanted(
            row.name,
            row.issuer,
            client_id or row.client_id,
            client_secret,
            scopes or row.scopes,
            groups_claim or row.groups_claim,
            roles_of(tx.session, row.id) if roles is None else roles,
        )
        providers.change(tx, org_id, HERE, row.id, wanted)
        return {"id": row.id, "name": row.name}

    return office.store.write(unit)


@verb("providers.switch")
def switch_provider(
    office: Office, *, provider: str, on: bool, org: str | None = None
) -> Plain:
    """Switch a provider (id or name) on or off."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        row = _named(tx, org_id, provider)
        providers.switch(tx, org_id, HERE, row.id, on=on)
        return {"id": row.id, "name": row.name, "status": row.status}

    return office.store.write(unit)


def _named(tx: Transaction, org_id: str, name: str) -> IdentityProvider:
    for row in of_org(tx.session, org_id):
        if name in {row.id, row.name}:
            return row
    raise NotFoundError("provider")

"""Verbs on permission grants."""

import json

from webui.approvals.authorization import validate_scope
from webui.approvals.errors import InvalidError
from webui.approvals.grants import permission_grants
from webui.approvals.grants.permission_grants import Wanted
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.audit.chain import rfc3339
from webui.control.verbs import Office, Plain, org_id_of, verb
from webui.store.queries.grants import names_of, standing_grants
from webui.store.transaction import Transaction

LISTED = 1_000
_HERE = By()


@verb("grants.add")
def add_grant(
    office: Office,
    *,
    kind: str,
    principal: str,
    permission: str,
    scope: str = "{}",
    expires_in: int | None = None,
    org: str | None = None,
) -> Plain:
    """Give a permission; `scope` is JSON, `expires_in` seconds."""
    try:
        wanted_scope = json.loads(scope)
    except (ValueError, RecursionError):
        raise InvalidError("The scope is not JSON.") from None
    if validate_scope(wanted_scope) and not isinstance(wanted_scope, dict):
        raise InvalidError("The scope is a JSON object.")

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        ends = None if expires_in is None else tx.now + expires_in * 1000
        wanted = Wanted(kind, principal, permission, wanted_scope or {}, ends)
        grant_id = permission_grants.give(tx, org_id, _HERE, wanted)
        return {"id": grant_id, "to": f"{kind} {principal}", "permission": permission}

    return office.store.write(unit)


@verb("grants.list")
def list_grants(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the grants of an org that hold, the first 1,000."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        rows = standing_grants(session, org_id, office.store.now(), most=LISTED)
        names = names_of(session, org_id, [row.principal_id for row in rows])
    return [
        {
            "id": row.id,
            "to": f"{row.principal_type} {names.get(row.principal_id, row.principal_id)}",
            "permission": row.permission,
            "scope": row.scope,
            "by": row.created_by,
            "expires_at": None if row.expires_at is None else rfc3339(row.expires_at),
        }
        for row in rows
    ]


@verb("grants.revoke")
def revoke_grant(office: Office, *, grant: str, org: str | None = None) -> Plain:
    """Take a grant back, at once."""

    def unit(tx: Transaction) -> bool:
        org_id = accounts.find_org(tx, org)
        return permission_grants.revoke(tx, org_id, _HERE, grant)

    return {"id": grant, "revoked": office.store.write(unit)}

"""Permission grants: one permission to one user, agent or group, within a scope."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select

from webui.approvals.agents.outside import Put, known_as, principal_id
from webui.approvals.authorization import (
    ALL,
    BY_AGENTS,
    DECIDING,
    MEMBERS,
)
from webui.approvals.errors import (
    ConflictError,
    Fault,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.grants.scope_text import scope_text
from webui.approvals.people.standing import By, require_in
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import PermissionGrant
from webui.store.transaction import Transaction

PRINCIPALS = ("user", "agent", "group")
MOST = 200
"""Standing grants of one principal: every request of theirs reads them all."""
_NOBODY = {
    "user": sentence("There is no such person in this organization."),
    "agent": sentence("There is no such agent in this organization."),
    "group": sentence("There is no such group in this organization."),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A grant as it is asked for."""

    principal_type: str
    principal: str
    """Id; of a user also the e-mail address, of an agent or a group also the name."""
    permission: str
    scope: Mapping[str, object] = field(default_factory=dict)
    expires_at: int | None = None
    """ms; none: until it is revoked."""


def give(tx: Transaction, org_id: str, by: By, wanted: Wanted) -> str:
    """Give somebody a permission; return the grant's id.

    Raises:
        NotAllowedError: one does not hold it oneself without limits, or it goes to an agent
            that could never use it.
        InvalidError: a name is unknown here, or the scope will not do.
        ConflictError: they have exactly this grant already.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    values = _checked(tx, org_id, held, wanted)
    _check_room(tx, org_id, values)
    return _insert(tx, org_id, by, values, None)


def put(tx: Transaction, org_id: str, by: By, external_id: str, wanted: Wanted) -> Put:
    """Give what an orchestrator knows by a name of its own, or make it as it says now."""
    held = require_in(tx, org_id, by, MEMBERS)
    values = _checked(tx, org_id, held, wanted, past=True)
    grant = known_as(tx.session, PermissionGrant, org_id, external_id)
    if grant is None:
        _check_time(tx, wanted)
        _check_room(tx, org_id, values, twin=False)
        return Put(_insert(tx, org_id, by, values, external_id), changed=True)
    changed = {name: v for name, v in values.items() if getattr(grant, name) != v}
    if not changed:
        return Put(grant.id, changed=False)
    _check_time(tx, wanted)
    before = {name: getattr(grant, name) for name in changed}
    for name, value in changed.items():
        setattr(grant, name, value)
    tx.session.flush()
    note = {"before": before, "after": changed}
    tx.record(org_id, by.name, "grant.changed", f"permission_grant:{grant.id}", note)
    return Put(grant.id, changed=True)


def revoke(tx: Transaction, org_id: str, by: By, grant_id: str) -> bool:
    """Take a grant back, at once; say whether it stood until now. Asking twice is fine.

    Raises:
        NotFoundError: no such grant in the org.

    """
    require_in(tx, org_id, by, MEMBERS)
    grant = tx.session.get(
        PermissionGrant, grant_id, with_for_update=True, populate_existing=True
    )
    if grant is None or grant.org_id != org_id:
        raise NotFoundError("grant")
    if grant.revoked_at is not None:
        return False
    note = {
        "principal": f"{grant.principal_type}:{grant.principal_id}",
        "permission": grant.permission,
        "scope": json.loads(grant.scope),
        "external_id": grant.external_id,
    }
    grant.revoked_at = tx.now
    grant.external_id = None  # a later sync that names it gives it anew
    tx.session.flush()
    tx.record(org_id, by.name, "grant.revoked", f"permission_grant:{grant_id}", note)
    return True


def _insert(
    tx: Transaction,
    org_id: str,
    by: By,
    values: Mapping[str, object],
    external_id: str | None,
) -> str:
    grant_id = new_id("pgr", tx.now)
    tx.session.add(
        PermissionGrant(
            id=grant_id,
            org_id=org_id,
            external_id=external_id,
            created_by=by.name,
            created_at=tx.now,
            **values,
        )
    )
    tx.session.flush()
    note = {
        "principal": f"{values['principal_type']}:{values['principal_id']}",
        "permission": values["permission"],
        "scope": json.loads(str(values["scope"])),
        "expires_at": values["expires_at"],
        "external_id": external_id,
    }
    tx.record(org_id, by.name, "grant.created", f"permission_grant:{grant_id}", note)
    return grant_id


def _checked(
    tx: Transaction,
    org_id: str,
    held: frozenset[str],
    wanted: Wanted,
    *,
    past: bool = False,
) -> dict[str, object]:
    """Return the columns of a grant that may be given by who holds so much."""
    if wanted.permission not in ALL:
        raise InvalidError(
            sentence(
                "There is no such permission; there are %(names)s.",
                names=", ".join(sorted(ALL)),
            ),
            [Fault("/permission", "is unknown")],
        )
    if wanted.permission not in held:
        raise NotAllowedError(
            "permission_above_yours",
            sentence(
                "You do not hold %(permission)s yourself without limits, so you cannot "
                "give it to others.",
                permission=wanted.permission,
            ),
        )
    principal = _principal(tx, org_id, wanted)
    if wanted.principal_type == "agent":
        _refuse_to_agents(wanted.permission)
    if not past:
        _check_time(tx, wanted)
    return {
        "principal_type": wanted.principal_type,
        "principal_id": principal,
        "permission": wanted.permission,
        "scope": scope_text(tx, org_id, wanted.scope),
        "expires_at": wanted.expires_at,
    }


def _principal(tx: Transaction, org_id: str, wanted: Wanted) -> str:
    if wanted.principal_type not in PRINCIPALS:
        raise InvalidError(
            sentence("A grant goes to one of %(names)s.", names=", ".join(PRINCIPALS)),
            [Fault("/principal/type", f"must be one of {', '.join(PRINCIPALS)}")],
        )
    found = principal_id(tx.session, org_id, wanted.principal_type, wanted.principal)
    if found is None:
        raise InvalidError(
            _NOBODY[wanted.principal_type],
            [Fault("/principal/id", f"must be a {wanted.principal_type} of this org")],
        )
    return found


def _refuse_to_agents(permission: str) -> None:
    if permission in DECIDING:
        raise NotAllowedError(
            "agent_cannot_decide",
            sentence(
                "An agent never decides, so %(permission)s cannot be given to one; give it to a "
                "person or a group.",
                permission=permission,
            ),
        )
    if permission not in BY_AGENTS:
        raise NotAllowedError(
            "not_for_agents",
            sentence(
                "An agent can do nothing with %(permission)s; what it may be given is "
                "%(names)s.",
                permission=permission,
                names=", ".join(sorted(BY_AGENTS)),
            ),
        )


def _check_time(tx: Transaction, wanted: Wanted) -> None:
    if wanted.expires_at is not None and wanted.expires_at <= tx.now:
        raise InvalidError(
            sentence("A grant ends in the future; choose a later time, or none."),
            [Fault("/expires_at", "must be in the future")],
        )


def _check_room(
    tx: Transaction, org_id: str, values: Mapping[str, object], *, twin: bool = True
) -> None:
    standing = (
        PermissionGrant.org_id == org_id,
        PermissionGrant.principal_type == values["principal_type"],
        PermissionGrant.principal_id == values["principal_id"],
        PermissionGrant.revoked_at.is_(None),
        or_(PermissionGrant.expires_at.is_(None), PermissionGrant.expires_at > tx.now),
    )
    same = select(PermissionGrant.id).where(
        *standing,
        PermissionGrant.permission == values["permission"],
        PermissionGrant.scope == values["scope"],
        PermissionGrant.approval_id.is_(None),
    )
    if twin and tx.session.scalar(same.limit(1)) is not None:
        raise ConflictError(
            "already_granted",
            sentence("They have exactly this grant already; revoke it first."),
        )
    number = tx.session.scalar(select(func.count(PermissionGrant.id)).where(*standing))
    if (number or 0) >= MOST:
        raise InvalidError(
            sentence(
                "They have %(most)s grants; revoke some, or give one with a wider scope.",
                most=MOST,
            )
        )

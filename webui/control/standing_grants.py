"""Verbs on standing grants: what stands, what one allows, and taking it back."""

import json
from typing import Any

from sqlalchemy.orm import Session

from webui.approvals.authorization import GRANT
from webui.approvals.errors import NotFoundError
from webui.approvals.grants.covering import opened, revoke_grant
from webui.audit.chain import rfc3339
from webui.control.deciders import decider
from webui.control.verbs import Office, Plain, org_id_of, verb
from webui.grants import pinned_masked
from webui.masking import profile_for
from webui.preview import canonical_pieces, visible
from webui.store.queries import standing_grants
from webui.store.queries.standing_grants import GrantRow


@verb("standing_grants.list")
def list_standing_grants(
    office: Office, *, over: bool = False, limit: int = 50, org: str | None = None
) -> list[Plain]:
    """Return the standing grants of an org, newest first; `over` adds those that are over."""
    org_id, now = org_id_of(office, org), office.store.now()
    with office.store.reading() as session:
        rows = standing_grants.grants(session, org_id, now, live=not over, limit=limit)
    return [_listed(row, now) for row in rows]


@verb("standing_grants.show")
def show_standing_grant(office: Office, *, grant: str, org: str | None = None) -> Plain:
    """Return one grant with what it pins and frees, secrets masked, and what it covered."""
    org_id, now = org_id_of(office, org), office.store.now()
    with office.store.reading() as session:
        row = standing_grants.one(session, org_id, grant)
        if row is None:
            raise NotFoundError("standing grant")
        covered = standing_grants.matched(session, grant)
        bounds = _bounds(office, session, row)
    return (
        _listed(row, now)
        | bounds
        | {
            "risk": row.grant.risk,
            "session": row.grant.session,
            "approval": row.grant.approval_id,
            "revoked_by": row.revoker,
            "covered": [approval.id for approval in covered],
        }
    )


@verb("standing_grants.revoke")
def revoke_standing_grant(
    office: Office,
    *,
    grant: str,
    reason: str = "",
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """End a grant as a member, and take back what it covered and nobody used."""
    by = decider(office, actor, token, org, (GRANT,))
    reviewer, org_id = by.reviewer, by.who.org_id
    refusal = office.store.write(
        lambda tx: revoke_grant(tx, reviewer, org_id, grant, reason)
    )
    if refusal is not None:
        raise refusal
    return {"id": grant, "revoked": True, "by": by.who.email}


def _listed(row: GrantRow, now: int) -> Plain:
    grant = row.grant
    return {
        "id": grant.id,
        "live": grant.ended_at is None and grant.expires_at > now,
        "agent": row.agent_name,
        "line": grant.line,
        "used": grant.used,
        "uses": grant.uses,
        "expires_at": rfc3339(grant.expires_at),
        "by": row.maker,
    }


def _bounds(office: Office, session: Session, row: GrantRow) -> Plain:
    """Return the same arguments and the free ones, each value below its own names.

    A condition's value is laid out where the argument is, so that what a name hides stays so.
    """
    grant, keyring = row.grant, office.store.keyring
    _, conditions = opened(session, keyring, grant)
    pinned = pinned_masked(session, keyring, grant, row.made_from)
    profile = profile_for(session, keyring, row.made_from)

    def laid_out(members: dict[str, Any]) -> str:
        return "".join(piece.text for piece in canonical_pieces(members, profile))

    free = []
    for condition in conditions:
        value = condition["value"]
        for step in reversed(condition["path"].split(".")[1:]):
            value = {step: value}
        free.append(f"{condition['op']} {laid_out(value)}")
    same = visible(json.dumps(pinned, ensure_ascii=False))
    return {"same": same, "may_differ": free}

"""Permission grants and whatever else has an id of an org, for lists and screens."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webui.store.models import Agent, Group, Membership, PermissionGrant, Project, User


def standing_grants(
    session: Session, org_id: str, now: int, *, after: str = "", most: int
) -> Sequence[PermissionGrant]:
    """Return the grants of an org that hold at `now` (ms), oldest first, after an id."""
    statement = select(PermissionGrant).where(
        PermissionGrant.org_id == org_id,
        PermissionGrant.revoked_at.is_(None),
        or_(PermissionGrant.expires_at.is_(None), PermissionGrant.expires_at > now),
    )
    if after:
        statement = statement.where(PermissionGrant.id > after)
    return session.scalars(statement.order_by(PermissionGrant.id).limit(most)).all()


def one_grant(session: Session, org_id: str, grant_id: str) -> PermissionGrant | None:
    """Return a grant of this org, whether it still holds or not."""
    return session.scalar(
        select(PermissionGrant).where(
            PermissionGrant.org_id == org_id, PermissionGrant.id == grant_id
        )
    )


def names_of(session: Session, org_id: str, ids: Iterable[str]) -> Mapping[str, str]:
    """Return the names of an org's people, agents, groups and projects, by id."""
    wanted = set(ids)
    people = (
        select(User.id, User.display_name)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id, User.id.in_(wanted))
    )
    found = {row[0]: str(row[1]) for row in session.execute(people)}
    for model in (Agent, Group, Project):
        rows = select(model.id, model.name).where(
            model.org_id == org_id, model.id.in_(wanted)
        )
        found |= {row[0]: str(row[1]) for row in session.execute(rows)}
    return found

"""Which accounts are one and the same person (security: self-approval by a second account)."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from webui.store.models import Membership, User

_root = func.coalesce(User.person_id, User.id)
_first = select(_root).where(User.id == bindparam("user")).scalar_subquery()
_accounts = select(User.id).where((User.id == _first) | (User.person_id == _first))


def aliases_of(session: Session, user_id: str) -> frozenset[str]:
    """Return the ids of all accounts of the person behind one, itself included.

    An alias points to the person's first account and never further, so one look is enough.
    """
    return frozenset({user_id, *session.scalars(_accounts, {"user": user_id})})


def roots_of(session: Session, user_ids: Iterable[str]) -> Mapping[str, str]:
    """Return each account's person: the id of their first account."""
    rows = session.execute(select(User.id, _root).where(User.id.in_(set(user_ids))))
    return dict(rows.all())


def others_of(
    session: Session, org_id: str, user_ids: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the addresses of each person's other accounts in this org; no other org's."""
    roots = roots_of(session, user_ids)
    rows = session.execute(
        select(User.id, _root, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id, _root.in_(set(roots.values())))
        .order_by(User.email)
    ).all()
    return {
        user_id: tuple(
            email for other, person, email in rows if person == root and other != user_id
        )
        for user_id, root in roots.items()
    }

"""Who decides in whose place, now."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from webui.store.models import Delegation, Membership, User

_giver, _delegate = aliased(User), aliased(User)
_giver_place, _delegate_place = aliased(Membership), aliased(Membership)


class Delegated(NamedTuple):
    """One delegation with the names of both."""

    id: str
    user_id: str
    """Who is away."""
    user_name: str
    delegate_id: str
    """Who decides in their place."""
    delegate_name: str
    until: int


# Built once: every page and every verdict asks.
_standing = (
    select(
        Delegation.id,
        Delegation.user_id,
        _giver.display_name,
        Delegation.delegate_id,
        _delegate.display_name,
        Delegation.until,
    )
    .join(_giver, _giver.id == Delegation.user_id)
    .join(_delegate, _delegate.id == Delegation.delegate_id)
    .join(
        _giver_place,
        (_giver_place.user_id == _giver.id) & (_giver_place.org_id == bindparam("org")),
    )
    .join(
        _delegate_place,
        (_delegate_place.user_id == _delegate.id)
        & (_delegate_place.org_id == bindparam("org")),
    )
    .where(
        Delegation.org_id == bindparam("org"),
        Delegation.ended_at.is_(None),
        Delegation.until > bindparam("now"),
        _giver.status == "active",
        _delegate.status == "active",
        _giver_place.status == "active",
        _delegate_place.status == "active",
    )
    .order_by(Delegation.until, Delegation.id)
)
_to = _standing.where(Delegation.delegate_id == bindparam("delegate"))
_from = _standing.where(Delegation.user_id.in_(bindparam("givers", expanding=True)))


def active_delegations(
    session: Session, org_id: str, user_id: str, now: int, *, locked: bool = False
) -> Sequence[Delegated]:
    """Return in whose place this person may decide at `now` (ms).

    Only while both are active members with accounts in use. A delegate's own delegates are
    not theirs: who was named decides, or nobody. With `locked` none of them ends before the
    transaction does.
    """
    statement = _to.with_for_update(read=True, of=Delegation) if locked else _to
    rows = session.execute(statement, {"org": org_id, "now": now, "delegate": user_id})
    return [Delegated._make(row) for row in rows]


def lent_by(
    session: Session, org_id: str, user_id: str, delegator: str, now: int
) -> Delegated | None:
    """Return the delegation by which this person decides for `delegator`, the longest one."""
    given = active_delegations(session, org_id, user_id, now)
    return next((each for each in reversed(given) if each.user_id == delegator), None)


def delegations_of(
    session: Session, org_id: str, user_ids: Iterable[str], now: int
) -> Sequence[Delegated]:
    """Return the delegations that these people have given and that hold at `now` (ms)."""
    givers = list(set(user_ids))
    rows = session.execute(_from, {"org": org_id, "now": now, "givers": givers})
    return [Delegated._make(row) for row in rows]

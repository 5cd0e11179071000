"""What a verdict rests on: refused with its event where it is missing, and checked by the move."""

from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from webui.approvals.answering.reviewing import Decided, Reviewer
from webui.approvals.authorization import DECIDE, ROLES, Access
from webui.approvals.desk import Guard
from webui.approvals.errors import DeskError, NotAllowedError
from webui.approvals.telling import tell_refused
from webui.store.models import Approval, Membership, PermissionGrant, table_of
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_DECIDERS = sorted(role for role, held in ROLES.items() if DECIDE in held)


def refused(
    tx: Transaction,
    reviewer: Reviewer,
    approval: Approval,
    verb: str,
    why: DeskError | Access,
) -> Decided:
    """Return a refusal with its event; `verb` is the verdict, or what else was tried."""
    refusal = _refusal_of(why) if isinstance(why, Access) else why
    tell_refused(
        tx,
        approval,
        reviewer.actor,
        refusal,
        verdict=verb,
        channel=reviewer.channel,
        address=reviewer.address,
    )
    return Decided(approval, applied=False, refusal=refusal)


def _refusal_of(access: Access) -> DeskError:
    return NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)


def _member(name: str) -> Select[Any]:
    return select(Membership.user_id).where(
        Membership.org_id == bindparam("old_org"),
        Membership.user_id == bindparam(name),
        Membership.status == "active",
    )


# What must still hold at the moment of a move: that they are a member, and what the verdict
# rests on. With a delegate that is the delegator's.
_role_decides = or_(*(Membership.role == role for role in _DECIDERS))
_grant_holds = select(PermissionGrant.id).where(
    PermissionGrant.id == bindparam("when_grant"),
    PermissionGrant.revoked_at.is_(None),
    or_(
        PermissionGrant.expires_at.is_(None),
        PermissionGrant.expires_at > bindparam("when_now"),
    ),
)
_BY_ROLE = (
    _member("when_user").exists(),
    _member("when_holder").where(_role_decides).exists(),
)
_BY_GRANT = (
    _member("when_user").exists(),
    _member("when_holder").exists(),
    _grant_holds.exists(),
)
_in_time = _approvals.c.expires_at > bindparam("when_now")
_usable = _approvals.c.usable_until > bindparam("when_now")
_DECIDING = {True: Guard((_in_time, *_BY_ROLE)), False: Guard((_in_time, *_BY_GRANT))}
_REVOKING = {True: Guard((_usable, *_BY_ROLE)), False: Guard((_usable, *_BY_GRANT))}


def guard_of(access: Access, *, taking_back: bool = False) -> Guard:
    """Return the conditions of a verdict's move: the deadline, membership, and role or grant."""
    return (_REVOKING if taking_back else _DECIDING)[access.grant is None]


def guard_by(*, by_role: bool) -> Guard:
    """Return the conditions of a verdict's move, as `guard_of` does, by what it rests on."""
    return _DECIDING[by_role]


def given_to_guard(reviewer: Reviewer, access: Access, now: int) -> dict[str, Any]:
    """Return the values of these conditions."""
    return {
        "when_now": now,
        "when_user": reviewer.user_id,
        "when_holder": access.delegator or reviewer.user_id,
        "when_grant": access.grant.id if access.grant else None,
    }

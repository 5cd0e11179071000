"""What an org decides about itself."""

from dataclasses import asdict, dataclass

from sqlalchemy import func, select

from webui.approvals.errors import ConflictError
from webui.store.models import Membership, Org
from webui.store.queries.factors import held
from webui.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Flags:
    """The switches of an org."""

    require_second_factor: bool
    solo_operator: bool
    write_gate: bool


def flags_of(org: Org) -> Flags:
    """Return how an org's switches stand."""
    return Flags(org.require_second_factor, org.solo_operator, org.write_gate)


def change_flags(tx: Transaction, org_id: str, flags: Flags, *, user_id: str) -> bool:
    """Set an org's switches; return whether anything changed.

    Raises:
        ConflictError: whoever asks for a second factor has none, or an org that works alone
            has several people.

    """
    org = tx.session.get_one(Org, org_id, with_for_update=True)
    before = flags_of(org)
    if flags == before:
        return False
    asks_anew = flags.require_second_factor and not before.require_second_factor
    if asks_anew and held(tx.session, user_id).count == 0:
        raise ConflictError(
            "no_factor",
            "Set up a second factor of your own first; then ask everybody for one.",
        )
    if flags.solo_operator and not before.solo_operator and _people(tx, org_id) > 1:
        raise ConflictError(
            "not_alone",
            "Only an organization of one person can do without a second pair of eyes; "
            "this one has several.",
        )
    for name, value in asdict(flags).items():
        setattr(org, name, value)
    tx.session.flush()
    changed = {
        name: value
        for name, value in asdict(flags).items()
        if value != getattr(before, name)
    }
    tx.record(org_id, f"user:{user_id}", "settings.changed", f"org:{org_id}", changed)
    return True


def _people(tx: Transaction, org_id: str) -> int:
    return (
        tx.session.scalar(
            select(func.count())
            .select_from(Membership)
            .where(Membership.org_id == org_id, Membership.status == "active")
        )
        or 0
    )

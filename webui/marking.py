"""What lists show of a call that waits: read once when it is filed, and anew when that changes.

It is what `gating.shown_of` says of the same row. An edit is read before it is made; what an
organization masks, its domains and a new `PREVIEW_VERSION` make the worker read what waits again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webui.approvals.call.arguments import effective_arguments
from webui.approvals.states import OPEN
from webui.gating import NOT_MISLEADING, place_of
from webui.masking import profile_for
from webui.preview import PREVIEW_VERSION, Call, Profile, glance_of
from webui.store.keyring import Keyring, KeyringError
from webui.store.models import Approval, Org, table_of
from webui.store.rare import rare
from webui.store.store import Store
from webui.store.transaction import Transaction

log = structlog.get_logger()
BATCH: Final = 10
"""Calls in one turn of the worker: requests that come meanwhile wait for these alone."""
READ: Final = {"read_by": PREVIEW_VERSION}
_approvals = table_of(Approval)


class _Read(NamedTuple):
    approval: Approval
    policy: int | None
    """The number of the one that was in force when the reading began."""
    marks: Mapping[str, Any]


def told_of(
    approval: Approval, arguments: Mapping[str, Any], profile: Profile, received: str | None
) -> dict[str, Any]:
    """Return the columns that say what lists show of a call with these arguments.

    That is its line and its marks, of one reading: reading costs more than both. Only who
    knows that nothing has changed since may add that it was `READ`.

    Args:
        approval: the row, as it is or will be.
        arguments: what a yes lets run.
        profile: how the call is masked.
        received: the arguments' text as it came in; none of an edit.

    """
    seen = glance_of(approval.tool, Call(arguments, profile, received))
    flags, place = seen.flags, place_of(approval)
    if place:
        flags |= frozenset(+Call(place, replace(profile, schemas=())).tally.flags)
    return {
        "line": seen.line,
        "misleads": bool(flags - NOT_MISLEADING),
        "dangers": seen.dangers,
    }


def read_what_waits(store: Store) -> int:
    """Read calls that wait and whose marks are not true any more; return how many."""
    with store.reading() as session:
        found = session.execute(
            select(Approval, Org.policy_number)
            .join(Org, Org.id == Approval.org_id)
            .where(
                rare(Approval.status.in_(OPEN)),
                Approval.read_by.is_distinct_from(PREVIEW_VERSION),
            )
            .order_by(Approval.id)
            .limit(BATCH)
        ).all()
        read = [
            _Read(each, policy, _read(session, store.keyring, each))
            for each, policy in found
        ]
    if read:
        store.write(lambda tx: _keep(tx, read))
    return len(read)


def _read(session: Session, keyring: Keyring, approval: Approval) -> dict[str, Any]:
    try:
        stored = effective_arguments(session, keyring, approval)
    except KeyringError:
        log.exception("a call cannot be read for the lists", approval=approval.id)
        return {"misleads": None, "dangers": None} | READ
    profile = profile_for(session, keyring, approval)
    received = stored.received.decode() or None
    return told_of(approval, stored.value, profile, received) | READ


def _keep(tx: Transaction, read: Sequence[_Read]) -> None:
    """Keep what was read of calls that are still as they were read; the others come again."""
    orgs = {each.approval.org_id for each in read}
    # Until we end, no policy comes that may mask what was read in the clear.
    policies = tx.session.execute(
        select(Org.id, Org.policy_number)
        .where(Org.id.in_(orgs))
        .order_by(Org.id)
        .with_for_update(read=True)
    )
    in_force = {org_id: number for org_id, number in policies}  # noqa: C416 - rows are no pairs to mypy
    for approval, policy, marks in read:
        if in_force.get(approval.org_id) != policy:
            continue
        tx.execute(
            update(_approvals)
            .where(
                _approvals.c.id == approval.id,
                _approvals.c.version == approval.version,
                _approvals.c.own_domains == approval.own_domains,
            )
            .values(**marks)
        )

"""What a policy's rules count: read before a ruling, reserved when a call may run, given back.

A reservation is one statement that names the limit, so that of two calls for the last unit one
finds nothing left, on either database.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from webui.approvals.policy import Counter, Reservation, Window, reserve, window_at
from webui.approvals.policy.counters import MOST_COUNT
from webui.store.models import PolicyCount, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

KEPT: Final = 2 * Window.DAY.length
"""ms for which a window's count is kept after it began; the longest window is a day."""
_counts = table_of(PolicyCount)
_value = Prepared(
    select(_counts.c.value).where(
        _counts.c.org_id == bindparam("org"),
        _counts.c.counter == bindparam("counter"),
        _counts.c.start == bindparam("start"),
    )
)


def values_now(
    connection: Connection,
    org_id: str,
    counters: Iterable[Counter],
    now: int,
    reserved: str | None = None,
) -> dict[str, int]:
    """Return where counters stand in the windows of now, without what is `reserved` itself."""
    mine = {(each["counter"], each["start"]): each["amount"] for each in _parsed(reserved)}
    values = {}
    for counter in counters:
        start, _ = window_at(counter.window, now)
        which = {"org": org_id, "counter": counter.name, "start": start}
        found = _value.first(connection, which)
        if found is not None:
            values[counter.name] = max(0, found[0] - mine.get((counter.name, start), 0))
    return values


def reserve_all(
    tx: Transaction, org_id: str, wanted: Sequence[Reservation]
) -> tuple[str | None, Reservation | None]:
    """Count what a call counts: all of it, or nothing.

    Returns:
        What is to be kept of it, to give it back; or the reservation that its limit refuses.

    """
    done: list[dict[str, Any]] = []
    for each in sorted(wanted, key=lambda one: one.counter):  # one order of locks for all
        start, end = window_at(each.window, tx.now)
        if not _reserve(tx, org_id, each, start):
            _take_off(tx, org_id, done)
            return None, each
        done.append(
            {"counter": each.counter, "start": start, "end": end, "amount": each.amount}
        )
    return (json.dumps(done) if done else None), None


def give_back(tx: Transaction, org_id: str, reserved: str | None) -> None:
    """Take back what a use has counted, where the same window still lasts."""
    _take_off(tx, org_id, [each for each in _parsed(reserved) if each["end"] > tx.now])


def forget_old(tx: Transaction) -> int:
    """Drop the counts of windows that are long over."""
    over = delete(_counts).where(_counts.c.start < tx.now - KEPT)
    return len(tx.execute(over.returning(_counts.c.start)).all())


def _parsed(reserved: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(reserved) if reserved else []
    return found


def _reserve(tx: Transaction, org_id: str, wanted: Reservation, start: int) -> bool:
    if reserve(0, wanted) is None:
        return False
    limit = MOST_COUNT if wanted.limit is None else min(wanted.limit, MOST_COUNT)
    build = postgresql.insert if tx.on_postgresql else sqlite.insert
    after = _counts.c.value + wanted.amount
    taken = tx.execute(
        build(_counts)
        .values(org_id=org_id, counter=wanted.counter, start=start, value=wanted.amount)
        .on_conflict_do_update(
            index_elements=["org_id", "counter", "start"],
            set_={"value": after},
            where=after <= limit,
        )
        .returning(_counts.c.value)
    ).first()
    return taken is not None


def _take_off(tx: Transaction, org_id: str, counted: Iterable[Mapping[str, Any]]) -> None:
    for each in sorted(counted, key=lambda one: str(one["counter"])):
        tx.execute(
            update(_counts)
            .where(
                _counts.c.org_id == org_id,
                _counts.c.counter == each["counter"],
                _counts.c.start == each["start"],
                _counts.c.value >= each["amount"],
            )
            .values(value=_counts.c.value - each["amount"])
        )

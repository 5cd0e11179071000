"""Keeping the numbers: the next events of each log are counted, and the place is kept with them.

What is added and up to where it was counted is one transaction that names the place it went on
from. So each event is counted once: after a crash, on two nodes, however late the event came.
"""

import json
import time
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webui.approvals.desk import approval_of
from webui.audit.actions import APPROVAL_EXPIRED
from webui.background import PAUSE
from webui.insights.buckets import DAY
from webui.insights.counting import (
    COLUMNS,
    COUNTED,
    PAIRS_MAX,
    Call,
    Tally,
    Told,
)
from webui.insights.units import day_of, week_of
from webui.store.models import InsightCount, InsightCursor, table_of
from webui.store.prepared import Prepared
from webui.store.queries import insights
from webui.store.store import Store
from webui.store.transaction import Transaction

KEPT: Final = 188
"""Days for which numbers are kept: the longest period twice, and the week it begins in."""
AT_ONCE: Final = 50
"""Events of one slice."""
STEP: Final = 2_000
"""Events that one slice passes over at most to find them."""
SLICES: Final = 10
"""Slices of one org in a turn."""
_counts, _cursors = table_of(InsightCount), table_of(InsightCursor)
_KEY: Final = ("org_id", "agent_id", "tool", "facet", "unit", "name")


class Slice(NamedTuple):
    """What the next events of an org's log add, and from where to where they go."""

    after: int
    upto: int
    rows: list[dict[str, Any]]


def count(store: Store) -> int:
    """Count what every org's log tells since it was last looked at; return how many slices."""
    with store.reading() as session:
        behind = insights.behind(session)
    return sum(_count_one(store, org_id) for org_id in behind)


def _count_one(store: Store, org_id: str) -> int:
    for done in range(SLICES):
        found = next_slice(store, org_id)
        if found is None:
            return done
        if not store.write(lambda tx, found=found: keep(tx, org_id, found)):  # type: ignore[misc]
            return done  # another node counts it
        time.sleep(PAUSE)
    return SLICES


def next_slice(store: Store, org_id: str) -> Slice | None:
    """Return what the next events add; none if all is counted."""
    since = (day_of(store.now()) - KEPT) * DAY
    with store.reading() as session:
        place = insights.place(session, org_id)
        after = insights.seq_before(session, org_id, since) if place is None else place
        upto = min(insights.head(session, org_id), after + STEP)
        if place is not None and upto <= after:
            return None
        told = insights.told(session, org_id, after, upto, COUNTED, AT_ONCE)
        if len(told) == AT_ONCE:
            upto = told[-1].seq
        calls = _calls(session, org_id, told)
        weeks = _weeks((each.at for each in told), calls.values())
        tally = Tally(insights.pairs(session, org_id, weeks, PAIRS_MAX))
    for each in told:
        call = calls.get(approval_of(each.subject))
        if call is not None and each.payload is not None:
            payload = json.loads(each.payload)
            tally.add(Told(each.at, each.actor, each.action, payload), call)
    return Slice(-1 if place is None else after, upto, rows_of(org_id, tally))


def _weeks(moments: Iterable[int], calls: Iterable[Call]) -> set[int]:
    """Return the weeks that may be added to."""
    found = set(moments)
    for call in calls:
        found |= {call.created_at, *filter(None, (call.decided_at, call.settled_at))}
    return {week_of(day_of(at)) for at in found}


def _calls(session: Session, org_id: str, told: Iterable[Any]) -> dict[str, Call]:
    ids = {approval_of(each.subject) for each in told}
    lost = {approval_of(e.subject) for e in told if e.action == APPROVAL_EXPIRED}
    seen = insights.seen(session, org_id, lost)
    return {
        row.id: Call(
            row.agent_id,
            row.tool,
            row.rule_name or "",
            row.created_at,
            row.decided_at,
            row.settled_at,
            row.id in seen,
        )
        for row in insights.calls(session, org_id, ids)
    }


def rows_of(org_id: str, tally: Tally) -> list[dict[str, Any]]:
    """Return rows in one order of locks for everybody."""
    nothing = dict.fromkeys(COLUMNS, 0)
    return [
        {"org_id": org_id, **key._asdict(), **nothing, **tally.rows[key]}
        for key in sorted(tally.rows)
    ]


def keep(tx: Transaction, org_id: str, found: Slice) -> bool:
    """Add what a slice counted; false, and nothing is added, if somebody else was faster."""
    if not _move(tx, org_id, found):
        return False
    if found.rows:
        tx.run(_ON_POSTGRESQL if tx.on_postgresql else _ON_SQLITE, found.rows)
    return True


def _move(tx: Transaction, org_id: str, found: Slice) -> bool:
    build = postgresql.insert if tx.on_postgresql else sqlite.insert
    if found.after < 0:
        begun = build(_cursors).values(org_id=org_id, seq=found.upto)
        moved = begun.on_conflict_do_nothing(index_elements=["org_id"])
        return tx.execute(moved.returning(_cursors.c.seq)).first() is not None
    moved_on = (
        update(_cursors)
        .where(_cursors.c.org_id == org_id, _cursors.c.seq == found.after)
        .values(seq=found.upto)
        .returning(_cursors.c.seq)
    )
    return tx.execute(moved_on).first() is not None


def _adding(build: Any) -> Prepared:
    adding = build(_counts).values({name: bindparam(name) for name in (*_KEY, *COLUMNS)})
    more = {name: _counts.c[name] + adding.excluded[name] for name in COLUMNS}
    return Prepared(adding.on_conflict_do_update(index_elements=_KEY, set_=more))


_ON_SQLITE, _ON_POSTGRESQL = _adding(sqlite.insert), _adding(postgresql.insert)


def forget_old(tx: Transaction) -> int:
    """Drop the numbers of one day or week that no page shows any more; return how many rows."""
    oldest, unit = day_of(tx.now) - KEPT, _counts.c.unit
    over = unit.between(0, oldest - 1) | unit.between(week_of(oldest) + 1, -1)
    one = tx.execute(select(unit).where(over).limit(1)).scalar()
    if one is None:
        return 0
    return len(tx.execute(delete(_counts).where(unit == one).returning(unit)).all())

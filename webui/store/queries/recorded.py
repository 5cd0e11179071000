"""Recorded calls in the order in which they were made, slice by slice, for replaying them.

The ids of approvals sort by time, so the primary key is the index. A slice looks through so many
rows of all orgs: what one costs does not depend on how many there are or whose they are.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from webui.approvals.call.schema_check import SECRET_WORDS
from webui.approvals.states import YES, Status
from webui.store.models import Approval, table_of
from webui.store.prepared import Prepared
from webui.store.queries.calls import Row, by_id

_approvals = table_of(Approval)
_c = _approvals.c
REMEMBERED: Final = 30 * 86_400_000
"""ms over which rules may ask how the same call was decided."""
_APPROVED: Final = YES | {Status.EXPIRED}


class Recorded(NamedTuple):
    """One call as it is kept, and what became of it."""

    id: str
    org_id: str
    agent_id: str
    agent_owner: str | None
    project_id: str | None
    tool: str
    arguments_hash: str
    session: str | None
    scope: str | None
    risk: str
    risk_asked: str | None
    rule_hash: str | None
    rule_name: str | None
    policy_revision: str | None
    irreversible: bool
    status: str
    resolution: str | None
    by_person: bool
    break_glass: bool
    decided_by: str | None
    grant_id: str | None
    edited_hash: str | None
    attempts: int
    created_at: int
    sealed: bytes
    schema: str | None
    """Of the arguments, as their agent sent it; none where it could hide nothing."""


class Slice(NamedTuple):
    """Some calls of one org, oldest first, and up to which id was looked."""

    calls: Sequence[Recorded]
    looked_to: str | None
    """None: there is nothing further."""


_columns = [_c[name] for name in Recorded._fields if name not in {"sealed", "schema"}]
_HIDES = or_(*(_c.arguments_schema.contains(word) for word in SECRET_WORDS))
_ours = _c.org_id == bindparam("org")
_slice = (
    select(
        *_columns,
        case((_ours, _c.sealed)).label("sealed"),
        case((and_(_ours, _HIDES), _c.arguments_schema)).label("schema"),
    )
    .where(_c.id > bindparam("after"), _c.id < bindparam("before"))
    .order_by(_c.id)
    .limit(bindparam("most"))
)
_decided = Prepared(
    select(_c.status, func.count().label("count"))
    .where(
        _c.org_id == bindparam("org"),
        _c.agent_id == bindparam("agent"),
        _c.tool == bindparam("tool"),
        _c.arguments_hash == bindparam("hash"),
        _c.decided_at.is_not(None),
        _c.decided_at > bindparam("since"),
        _c.decided_at < bindparam("until"),
        _c.by_person,
        _c.id != bindparam("own"),
        _c.edited_hash.is_(None),
    )
    .group_by(_c.status)
)


def recorded(
    connection: Connection, org_id: str, after: str, before: str, most: int
) -> Slice:
    """Return the calls of an org whose ids lie between two, of the next `most` of all orgs."""
    found = connection.execute(
        _slice, {"org": org_id, "after": after, "before": before, "most": most}
    ).all()
    calls = [Recorded._make(row) for row in found if row[1] == org_id]
    return Slice(calls, found[-1][0] if len(found) == most else None)


def decided_before(connection: Connection, call: Recorded) -> tuple[int, int]:
    """Return how often people approved and denied the same call in the 30 days before it.

    What was approved and taken back since does not count.
    """
    which: dict[str, Any] = {
        "org": call.org_id,
        "agent": call.agent_id,
        "tool": call.tool,
        "hash": call.arguments_hash,
        "since": call.created_at - REMEMBERED,
        "until": call.created_at,
        "own": call.id,
    }
    numbers = {row["status"]: row["count"] for row in _decided.rows(connection, which)}
    approved = sum(numbers.get(status, 0) for status in _APPROVED)
    return approved, numbers.get(Status.DENIED, 0)


def rows_with(session: Session, org_id: str, ids: Sequence[str]) -> dict[str, Row]:
    """Return calls of an org by their ids, as lists show them."""
    found = by_id(session, ids)
    return {each: row for each, row in found.items() if row.approval.org_id == org_id}

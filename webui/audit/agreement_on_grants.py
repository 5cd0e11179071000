"""Whether the log and the table of standing grants say the same: bounds, uses and revocation.

A grant lets calls pass that nobody looks at, so one that was made wider past the program has to
show. Runs in batches; constant memory.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row, select

from webui.approvals.grants.granting import name_of
from webui.audit import actions
from webui.audit.payloads import said_by
from webui.audit.verifier import Finding
from webui.store.models import Event, StandingGrant, table_of

_Row: TypeAlias = Row[*tuple[Any, ...]]
_BATCH: Final = 500
_events = table_of(Event)
_grants = table_of(StandingGrant)
_READ: Final = (
    actions.STANDING_GRANT_CREATED,
    actions.STANDING_GRANT_USED,
    actions.STANDING_GRANT_REVOKED,
)
_BOUNDS: Final = {
    "approval": "approval_id",
    "agent": "agent_id",
    "tool": "tool",
    "uses": "uses",
    "expires_at": "expires_at",
    "session": "session",
}
"""What the event of its creation says, and the columns that hold it."""


def grant_contradictions(
    connection: Connection, org_id: str, *, pruned: bool
) -> Iterator[Finding]:
    """Yield where one org's log and its standing grants contradict each other.

    With `pruned`, the events of older grants are in an archive: only those that are still in the
    log are compared.
    """
    for grants in _batches(connection, org_id):
        told = _told(connection, org_id, [name_of(grant.id) for grant in grants])
        for grant in grants:
            said = told[name_of(grant.id)]
            made = next(
                (e for e in said if e.action == actions.STANDING_GRANT_CREATED), None
            )
            if made is not None:
                yield from _of_bounds(grant, made)
                yield from _of_uses(grant, said)
                yield from _of_revocation(grant, said)
            elif not pruned:
                yield _finding(0, f"standing grant {grant.id} has no event of its creation")


def _batches(connection: Connection, org_id: str) -> Iterator[Sequence[_Row]]:
    last = ""
    statement = (
        select(_grants)
        .where(_grants.c.org_id == org_id)
        .order_by(_grants.c.id)
        .limit(_BATCH)
    )
    while rows := connection.execute(statement.where(_grants.c.id > last)).all():
        yield rows
        last = rows[-1].id


def _told(
    connection: Connection, org_id: str, names: Sequence[str]
) -> dict[str, list[_Row]]:
    columns = (_events.c.seq, _events.c.actor, _events.c.action, _events.c.subject)
    rows = connection.execute(
        select(*columns, _events.c.payload)
        .where(
            _events.c.org_id == org_id,
            _events.c.subject.in_(names),
            _events.c.action.in_(_READ),
        )
        .order_by(_events.c.seq)
    )
    told: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        told[row.subject].append(row)
    return told


def _of_bounds(grant: _Row, made: _Row) -> Iterator[Finding]:
    said = said_by(made.payload)
    for word, column in _BOUNDS.items():
        if word in said and said[word] != getattr(grant, column):
            yield _finding(
                made.seq, f"standing grant {grant.id} has another {word} than then"
            )
    if made.actor != f"user:{grant.created_by}":
        yield _finding(
            made.seq, f"standing grant {grant.id} names another maker than the log"
        )


def _of_uses(grant: _Row, said: Sequence[_Row]) -> Iterator[Finding]:
    used = [event for event in said if event.action == actions.STANDING_GRANT_USED]
    if len(used) != grant.used:
        yield _finding(
            used[-1].seq if used else 0,
            f"standing grant {grant.id} was used {len(used)} times by the log, but "
            f"{grant.used} times by the table",
        )


def _of_revocation(grant: _Row, said: Sequence[_Row]) -> Iterator[Finding]:
    ended = [event for event in said if event.action == actions.STANDING_GRANT_REVOKED]
    by = {event.actor for event in ended}
    if ended and grant.ended_at is None:
        yield _finding(
            ended[-1].seq, f"standing grant {grant.id} is open, though the log has its end"
        )
    if grant.revoked_by is not None and f"user:{grant.revoked_by}" not in by:
        yield _finding(
            ended[-1].seq if ended else 0,
            f"standing grant {grant.id} names a revoker whose revocation is not in the log",
        )


def _finding(seq: int, message: str) -> Finding:
    where = f"row {seq}: " if seq else ""
    return Finding("tampered", "tables", seq, f"{where}{message}.")

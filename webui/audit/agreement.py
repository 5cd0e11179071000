"""Whether the log and the tables say the same: every move has its event, and the reverse.

What moves an approval writes its event in the same transaction, so that a row changed past
the program, or an event without its change, shows here. Runs in batches; constant memory.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row, select

from webui.approvals.desk import subject
from webui.approvals.states import Resolution, Status
from webui.audit import actions
from webui.audit.agreement_on_grants import grant_contradictions
from webui.audit.payloads import said_by
from webui.audit.verifier import Finding
from webui.store.models import Approval, Consumption, Decision, Event, table_of

_Row: TypeAlias = Row[*tuple[Any, ...]]
_BATCH: Final = 500
_MOST: Final = 100  # findings; more of them say nothing new
_events = table_of(Event)
_approvals = table_of(Approval)
_decisions = table_of(Decision)
_consumptions = table_of(Consumption)

# Which statuses an event leaves behind, for events whose payload was erased. The payload of
# the others names the status itself.
_LEAVES: Final[dict[str, frozenset[Status]]] = {
    actions.APPROVAL_CREATED: frozenset({Status.PENDING, Status.APPROVED, Status.DENIED}),
    actions.APPROVAL_DECIDED: frozenset(
        {Status.APPROVED, Status.DENIED, Status.ANSWERED, Status.NEEDS_REVISION}
    ),
    actions.APPROVAL_CHANGES_REQUESTED: frozenset({Status.NEEDS_REVISION}),
    actions.APPROVAL_RESUMED: frozenset({Status.PENDING}),
    actions.APPROVAL_EXPIRED: frozenset({Status.EXPIRED}),
    actions.APPROVAL_CANCELLED: frozenset({Status.CANCELLED}),
    actions.APPROVAL_SUPERSEDED: frozenset({Status.SUPERSEDED}),
    actions.APPROVAL_REVOKED: frozenset({Status.REVOKED}),
    actions.APPROVAL_CONSUMED: frozenset({Status.EXECUTING}),
    actions.APPROVAL_ROLLED_BACK: frozenset({Status.APPROVED, Status.FAILED}),
    actions.APPROVAL_OUTCOME: frozenset({Status.CONSUMED, Status.FAILED, Status.UNKNOWN}),
    actions.APPROVAL_LEASE_OVER: frozenset({Status.UNKNOWN}),
}
_READ: Final = sorted({*_LEAVES, actions.APPROVAL_VOTE})
# An erased event cannot say how it was decided, and taking a yes back hides it in the row.
_BY_VOTES: Final = {Resolution.REVIEWER, Resolution.QUORUM, Resolution.REVOKED}


class _Said:
    """One event about an approval; `payload` is empty once erased."""

    def __init__(self, row: _Row) -> None:
        self.seq: int = row.seq
        self.action: str = row.action
        self.actor: str = row.actor
        self.payload = said_by(row.payload)


def findings(connection: Connection, org_id: str, *, pruned: bool) -> list[Finding]:
    """Return where one org's log and tables contradict each other, at most 100 of them.

    With `pruned`, the events of older approvals are in an archive: an approval without any
    event is then no contradiction.
    """
    found = chain(
        _contradictions(connection, org_id, pruned=pruned),
        grant_contradictions(connection, org_id, pruned=pruned),
    )
    return list(islice(found, _MOST))


def _contradictions(
    connection: Connection, org_id: str, *, pruned: bool
) -> Iterator[Finding]:
    yield from _events_without_rows(connection, org_id)
    for approvals in _batches(connection, org_id):
        ids = [approval.id for approval in approvals]
        said = _said(connection, org_id, ids)
        votes = _by_approval(connection, _decisions, ids)
        uses = _by_approval(connection, _consumptions, ids)
        for approval in approvals:
            told = said[approval.id]
            if told and told[0].action == actions.APPROVAL_CREATED:
                yield from _of_status(approval, told)
                yield from _of_votes(approval, told, votes[approval.id])
                yield from _of_uses(approval, told, uses[approval.id])
            elif not pruned:
                yield _finding(0, f"approval {approval.id} has no event of its creation")


def _batches(connection: Connection, org_id: str) -> Iterator[Sequence[_Row]]:
    last = ""
    statement = (
        select(
            _approvals.c.id,
            _approvals.c.status,
            _approvals.c.decided_by,
            _approvals.c.resolution,
            _approvals.c.fingerprint,
            _approvals.c.arguments_hash,
            _approvals.c.edited_hash,
        )
        .where(_approvals.c.org_id == org_id)
        .order_by(_approvals.c.id)
        .limit(_BATCH)
    )
    while rows := connection.execute(statement.where(_approvals.c.id > last)).all():
        yield rows
        last = rows[-1].id


def _said(connection: Connection, org_id: str, ids: list[str]) -> dict[str, list[_Said]]:
    of_subject = {subject(approval_id): approval_id for approval_id in ids}
    rows = connection.execute(
        select(
            _events.c.seq,
            _events.c.actor,
            _events.c.action,
            _events.c.subject,
            _events.c.payload,
        )
        .where(
            _events.c.org_id == org_id,
            _events.c.subject.in_(of_subject),
            _events.c.action.in_(_READ),
        )
        .order_by(_events.c.seq)
    )
    said = defaultdict(list)
    for row in rows:
        said[of_subject[row.subject]].append(_Said(row))
    return said


def _by_approval(
    connection: Connection, table: Any, ids: list[str]
) -> dict[str, list[_Row]]:
    found = defaultdict(list)
    for row in connection.execute(select(table).where(table.c.approval_id.in_(ids))):
        found[row.approval_id].append(row)
    return found


def _events_without_rows(connection: Connection, org_id: str) -> Iterator[Finding]:
    no_row = ~(
        select(_approvals.c.id)
        .where(
            _approvals.c.org_id == org_id,
            subject("") + _approvals.c.id == _events.c.subject,
        )
        .exists()
    )
    rows = connection.execute(
        select(_events.c.seq, _events.c.subject)
        .where(
            _events.c.org_id == org_id,
            _events.c.action == actions.APPROVAL_CREATED,
            no_row,
        )
        .order_by(_events.c.seq)
        .limit(_MOST)
    )
    for row in rows:
        yield _finding(row.seq, f"{row.subject!a} was filed, but there is no such row")


def _of_status(approval: _Row, told: list[_Said]) -> Iterator[Finding]:
    last = [said for said in told if said.action in _LEAVES][-1]
    payload = last.payload
    left = {payload["status"]} if "status" in payload else set(_LEAVES[last.action])
    if approval.status not in left:
        yield _finding(
            last.seq,
            f"approval {approval.id} is {approval.status}, but its last event "
            f"({last.action}) left it {' or '.join(sorted(left))}",
        )
    for name in ("fingerprint", "arguments_hash"):
        if payload.get(name, getattr(approval, name)) != getattr(approval, name):
            yield _finding(last.seq, f"approval {approval.id} has another {name} than then")
    yield from _of_edit(approval, told)
    decided = [said for said in told if said.action == actions.APPROVAL_DECIDED]
    by_person = approval.decided_by is not None and ":" not in approval.decided_by
    if by_person and (not decided or decided[-1].actor != f"user:{approval.decided_by}"):
        yield _finding(
            decided[-1].seq if decided else 0,
            f"approval {approval.id} names a decider whose decision is not in the log",
        )


def _of_edit(approval: _Row, told: list[_Said]) -> Iterator[Finding]:
    """Compare what an edit left in the row with the last event of one."""
    voices = {actions.APPROVAL_VOTE, actions.APPROVAL_DECIDED}
    given = [said for said in told if said.action in voices]
    if any(not said.payload for said in given):
        return  # erased: nobody can tell any more
    edits = [said for said in given if "edited_hash" in said.payload]
    left = edits[-1].payload["edited_hash"] if edits else None
    if approval.edited_hash != left:
        yield _finding(
            edits[-1].seq if edits else 0,
            f"approval {approval.id} holds edited arguments that are not those in the log",
        )


def _of_votes(approval: _Row, told: list[_Said], votes: list[_Row]) -> Iterator[Finding]:
    # A decider who did not vote (a cascade, say) has no decision row of its own. Whoever edits
    # what they had approved has two, in the order of their events.
    given = defaultdict(list)
    for said in told:
        if said.action == actions.APPROVAL_VOTE or (
            said.action == actions.APPROVAL_DECIDED
            and said.payload.get("resolution", approval.resolution) in _BY_VOTES
        ):
            given[said.actor].append(said)
    for vote in sorted(votes, key=lambda each: each.id):
        told_by = given[f"user:{vote.user_id}"]
        if not told_by:
            yield _finding(0, f"a decision on approval {approval.id} has no event")
            continue
        said = told_by.pop(0)
        if said.payload.get("verdict", vote.verdict) != vote.verdict:
            yield _finding(
                said.seq, f"a decision on approval {approval.id} was another one"
            )
    for said in chain.from_iterable(given.values()):
        yield _finding(
            said.seq, f"a decision on approval {approval.id} has no row any more"
        )


def _of_uses(approval: _Row, told: list[_Said], uses: list[_Row]) -> Iterator[Finding]:
    begun = [said for said in told if said.action == actions.APPROVAL_CONSUMED]
    if len(begun) != len(uses):
        yield _finding(
            begun[-1].seq if begun else 0,
            f"approval {approval.id} was used {len(begun)} times by the log, but "
            f"{len(uses)} times by the table",
        )
    known = {use.id for use in uses}
    for said in begun:
        if said.payload and said.payload.get("consumption") not in known:
            yield _finding(said.seq, f"a use of approval {approval.id} has no row any more")


def _finding(seq: int, message: str) -> Finding:
    where = f"row {seq}: " if seq else ""
    return Finding("tampered", "tables", seq, f"{where}{message}.")

"""Out of events, deliveries and notices: once for each endpoint and place that wants one.

Reading is done beside the writer, so that a busy desk's intake does not wait for it; the rows
and the cursor are then written in one short transaction, or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.orm import Session

from webui.approvals.desk import approval_of, subject
from webui.approvals.senders.outbound import EVENT_OF, TO_CALLBACK, name_for
from webui.notices.destinations import alarm_place
from webui.notices.planning import plan as plan_notices
from webui.outbox.interrupts import answered
from webui.outbox.messages import body_of
from webui.runtime import Runtime
from webui.store.ids import new_id
from webui.store.models import (
    Agent,
    Approval,
    AuditHead,
    Delivery,
    Endpoint,
    Event,
    Notice,
    table_of,
)
from webui.store.models.event import INSTANCE
from webui.store.transaction import Transaction

STEP = 2_000
"""Events the cursor passes in one transaction at most."""
_IN_STEP = 500
"""Of these, events that may become deliveries."""
_heads = table_of(AuditHead)
_has_callback = exists().where(
    Approval.id == func.substr(Event.subject, len(subject("")) + 1),
    Approval.callback_url.is_not(None),
)
_deliveries = table_of(Delivery)
_notices = table_of(Notice)


@dataclass(frozen=True, slots=True)
class Step:
    """What one org's cursor passes: from one seq to another, with what is to be sent."""

    org_id: str
    passed: int
    upto: int
    rows: Sequence[Mapping[str, Any]]
    notices: Sequence[Mapping[str, Any]] = ()
    """What people are told, beside programs."""


class Outrun(Exception):
    """Another node moved the cursor first: its rows count, ours are rolled back."""


def fan_out(runtime: Runtime) -> int:
    """Make deliveries out of what happened since the last time; return how many events."""
    with runtime.store.reading() as session:
        behind = session.execute(
            select(_heads.c.org_id, _heads.c.fanned_out, _heads.c.seq)
            .where(_heads.c.seq > _heads.c.fanned_out, _heads.c.org_id != INSTANCE)
            .order_by(_heads.c.org_id)
        ).all()
        now = runtime.store.now()
        steps = [
            plan(session, org_id, passed, seq, runtime.public_url, now)
            for org_id, passed, seq in behind
        ]
    mails = runtime.settings.notify_mail is not None
    for step in steps:
        try:
            runtime.store.write(lambda tx, step=step: take(tx, step, mails=mails))  # type: ignore[misc]
        except Outrun:
            continue
    return sum(step.upto - step.passed for step in steps)


def plan(
    session: Session, org_id: str, passed: int, head: int, public_url: str, now: int
) -> Step:
    """Read what follows the cursor and say what it makes for whom; writes nothing."""
    people = plan_notices(session, org_id, passed, min(head, passed + STEP), now)
    step = _deliveries_of(session, org_id, passed, people.upto, public_url)
    notices = [row for row in people.rows if row["seq"] <= step.upto]
    return replace(step, notices=notices)


def _deliveries_of(
    session: Session, org_id: str, passed: int, upto: int, public_url: str
) -> Step:
    endpoints = session.scalars(
        select(Endpoint)
        .where(Endpoint.org_id == org_id, Endpoint.status == "active")
        .order_by(Endpoint.id)
    ).all()
    telling = select(Event).where(
        Event.org_id == org_id,
        Event.seq > passed,
        Event.seq <= upto,
        Event.action.in_(EVENT_OF),
    )
    if not endpoints:  # then most events concern nobody, and are not even loaded
        telling = telling.where(_has_callback)
    found = session.scalars(telling.order_by(Event.seq).limit(_IN_STEP)).all()
    if len(found) == _IN_STEP:
        upto = found[-1].seq
    if not found:
        return Step(org_id, passed, upto, ())
    about = _approvals(session, found, only_with_callback=not endpoints)
    rows = [row for event in found for row in _rows(event, endpoints, about, public_url)]
    rows += answered(session, found, about)
    return Step(org_id, passed, upto, rows)


def _approvals(
    session: Session, found: Sequence[Event], *, only_with_callback: bool
) -> dict[str, tuple[Approval, str]]:
    ids = {approval_of(event.subject) for event in found} - {""}
    statement = (
        select(Approval, Agent.name)
        .join(Agent, Agent.id == Approval.agent_id)
        .where(Approval.id.in_(ids))
    )
    if only_with_callback:
        statement = statement.where(Approval.callback_url.is_not(None))
    return {approval.id: (approval, name) for approval, name in session.execute(statement)}


def _rows(
    event: Event,
    endpoints: Sequence[Endpoint],
    about: Mapping[str, tuple[Approval, str]],
    public_url: str,
) -> Iterable[dict[str, Any]]:
    name = EVENT_OF[event.action]
    approval, agent_name = about.get(approval_of(event.subject), (None, None))
    targets: list[tuple[str | None, str, str]] = [
        (endpoint.id, endpoint.url, told)
        for endpoint in endpoints
        if (told := name_for(endpoint.events.split(), name)) is not None
    ]
    if approval is not None and approval.callback_url and _concerns_agent(event, name):
        targets.append((None, approval.callback_url, name))
    for endpoint_id, url, told in targets:
        yield {
            "org_id": event.org_id,
            "endpoint_id": endpoint_id,
            "url": url,
            "approval_id": None if approval is None else approval.id,
            "seq": event.seq,
            "event": told,
            "body": body_of(told, event, approval, agent_name, public_url),
            "status": "waiting",
            "attempts": 0,
        }


def _concerns_agent(event: Event, name: str) -> bool:
    """Say whether an approval's own callback is told: never what its agent said itself."""
    own_words = event.action == "approval.message" and event.actor.startswith("agent:")
    return name in TO_CALLBACK and not own_words


def take(tx: Transaction, step: Step, *, mails: bool = True) -> None:
    """Write what a step makes and move the cursor; raises if another node was faster.

    Alarms go to accounts' own addresses too, if the operator set how mail is sent.
    """
    told = [
        {
            "id": new_id("ntc", tx.now),
            **row,
            "destination_id": row["destination_id"]
            or alarm_place(tx, step.org_id, row["user_id"]),
            "created_at": tx.now,
        }
        for row in step.notices
        if mails or row["destination_id"] is not None
    ]
    if told:
        tx.execute(insert(_notices), told)
    if step.rows:
        times = {"next_at": tx.now, "created_at": tx.now}
        rows = [{"id": new_id("dlv", tx.now), **row, **times} for row in step.rows]
        tx.execute(insert(_deliveries), rows)
    # last, as it locks the chain's head: no event of this org is written meanwhile
    moved = tx.execute(
        update(_heads)
        .where(_heads.c.org_id == step.org_id, _heads.c.fanned_out == step.passed)
        .values(fanned_out=step.upto)
        .returning(_heads.c.org_id)
    )
    if moved.first() is None:
        raise Outrun

"""Out of events, notices: who is told of what, where and when. Only reads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, defer

from webui.approvals.desk import SYSTEM, approval_of
from webui.approvals.ending import is_over
from webui.approvals.states import Risk, Status
from webui.notices import wishes
from webui.notices.audience import Audience
from webui.notices.destinations import MAIL, wish_of
from webui.notices.writes import REQUESTED, rows_of_writes
from webui.store.models import Agent, Approval, Event
from webui.store.queries import calls
from webui.store.queries.calls import Vote
from webui.store.queries.notices import Listener, already_told, listeners, who_runs

CREATED: Final = "approval.created"
RESUMED: Final = "approval.resumed"
ESCALATED: Final = "approval.escalated"
BREAK_GLASS: Final = "approval.break_glass"
UNDONE: Final = "approval.undone"
TOLD: Final = (CREATED, RESUMED, UNDONE, ESCALATED, BREAK_GLASS, REQUESTED)
"""Events that people are told of; a repeated ask is none of them, so nobody hears twice."""
MANAGING: Final = frozenset({"owner", "admin"})
_IN_STEP: Final = 100


class Plan(NamedTuple):
    """The notices of a stretch of the log, and where the stretch ends."""

    upto: int
    rows: Sequence[dict[str, Any]]
    """Those without a destination go to the account's own address: alarms."""


class _About(NamedTuple):
    """A call as the plan needs it."""

    approval: Approval
    owner: str | None
    """Who owns its agent now."""
    managers_owner: str | None
    """Who owns the agent that its agent reports to."""
    votes: Sequence[Vote]


def plan(session: Session, org_id: str, passed: int, upto: int, now: int) -> Plan:
    """Say whom the events after `passed` make us tell of; `upto` may come out smaller."""
    found = session.scalars(
        select(Event)
        .where(
            Event.org_id == org_id,
            Event.seq > passed,
            Event.seq <= upto,
            Event.action.in_(TOLD),
        )
        .order_by(Event.seq)
        .limit(_IN_STEP)
    ).all()
    if len(found) == _IN_STEP:
        upto = found[-1].seq
    places = listeners(session, org_id) if found else ()
    broken = [event for event in found if event.action == BREAK_GLASS]
    if not (places or broken):
        return Plan(upto, ())
    about = _abouts(session, found)
    audience = Audience(session, org_id, now)
    known = already_told(session, list(about))
    rows: list[dict[str, Any]] = []
    for event in found:
        call = about.get(approval_of(event.subject))
        if call is None or not _tells(event, call.approval, now):
            continue
        for place in places:
            rows += _rows(audience, event, call, place, known, now)
    rows += rows_of_writes(session, found, places, now)
    by_mail = {each.destination.user_id for each in places if each.destination.kind == MAIL}
    for event in broken:
        call = about.get(approval_of(event.subject))
        for user_id in who_runs(session, org_id) if call is not None else ():
            if user_id not in by_mail and event.actor != f"user:{user_id}":
                rows.append(_alarm(event, user_id, now))
    return Plan(upto, rows)


def _alarm(event: Event, user_id: str, now: int) -> dict[str, Any]:
    """Return an alarm to the account's address of somebody who added no mail themselves."""
    return {
        "org_id": event.org_id,
        "user_id": user_id,
        "destination_id": None,
        "approval_id": approval_of(event.subject),
        "seq": event.seq,
        "in_place_of": None,
        "status": "waiting",
        "attempts": 0,
        "why": wishes.BREAK_GLASS,
        "next_at": now,
        "digest": False,
    }


def _tells(event: Event, approval: Approval, now: int) -> bool:
    """Say whether anything is left to tell: what is settled already waits for nobody.

    Whoever takes their own verdict back knows; nobody knows that one was not delivered upstream.
    """
    if event.action == UNDONE and event.actor != SYSTEM:
        return False
    return event.action == BREAK_GLASS or waits(approval, now)


def waits(approval: Approval, now: int) -> bool:
    """Say whether a call waits for a person at `now` (ms)."""
    return (
        approval.status == Status.PENDING
        and approval.by_person
        and approval.settles_at is None
        and not is_over(approval, now)
    )


def _abouts(session: Session, found: Sequence[Event]) -> Mapping[str, _About]:
    ids = sorted({approval_of(event.subject) for event in found} - {""})
    manager = aliased(Agent)
    votes = calls.votes(session, ids)
    rows = session.execute(
        select(Approval, Agent.owner_id, manager.owner_id)
        .join(Agent, Agent.id == Approval.agent_id)
        .outerjoin(manager, manager.id == Agent.reports_to)
        .where(Approval.id.in_(ids))
        .options(
            defer(Approval.sealed), defer(Approval.sealed_edit), defer(Approval.settling)
        )
    )
    return {row[0].id: _About(*row, votes.get(row[0].id, ())) for row in rows}


def _rows(
    audience: Audience,
    event: Event,
    call: _About,
    place: Listener,
    known: set[tuple[str, str]],
    now: int,
) -> Iterator[dict[str, Any]]:
    """Yield what one event tells at one place: at most a notice, and its reminder."""
    approval, destination = call.approval, place.destination
    wish, risk = wish_of(destination, place.zone), Risk(approval.handled_as)
    # the wishes are asked first, as they cost nothing
    if not any(
        wishes.wants(wish, risk=risk, tool=approval.tool, why=why)
        for why in _WHYS[event.action]
    ):
        return
    right = _right(audience, event, call, place, known)
    if right is None:
        return
    why, in_place_of = right
    if not wishes.wants(wish, risk=risk, tool=approval.tool, why=why):
        return
    known.add((destination.id, approval.id))
    made = {
        "org_id": event.org_id,
        "user_id": destination.user_id,
        "destination_id": destination.id,
        "approval_id": approval.id,
        "seq": event.seq,
        "in_place_of": in_place_of or None,
        "status": "waiting",
        "attempts": 0,
    }
    at, digest = wishes.due(wish, now, risk=risk, why=why)
    yield {**made, "why": why, "next_at": at, "digest": digest}
    again = wishes.reminder(wish, approval.created_at, approval.expires_at, risk)
    if event.action == CREATED and why != wishes.MANAGER and again is not None:
        yield {**made, "why": wishes.REMINDER, "next_at": again, "digest": False}


_WHYS: Final = {
    CREATED: (wishes.DECIDE,),
    RESUMED: (wishes.RESUMED,),
    UNDONE: (wishes.RESUMED,),
    ESCALATED: (wishes.ESCALATED,),
    BREAK_GLASS: (wishes.BREAK_GLASS,),
}


def _right(
    audience: Audience,
    event: Event,
    call: _About,
    place: Listener,
    known: set[tuple[str, str]],
) -> tuple[str, str] | None:
    """Return why this person is told, and in whose place; none if they are not."""
    user_id, approval = place.destination.user_id, call.approval
    if event.action == BREAK_GLASS:
        told = place.role in MANAGING and event.actor != f"user:{user_id}"
        return (
            (wishes.BREAK_GLASS, "") if told and audience.sees(user_id, approval) else None
        )
    if event.action == ESCALATED and not _escalated_to(audience, event, place, known):
        return None
    access = audience.decides(user_id, approval, call.owner, call.votes)
    if access is None:
        manages = event.action == CREATED and user_id == call.managers_owner
        return (
            (wishes.MANAGER, "") if manages and audience.sees(user_id, approval) else None
        )
    if event.action == CREATED:
        why = wishes.DELEGATE if access.delegator else wishes.DECIDE
        return why, access.delegator
    return _WHYS[event.action][0], access.delegator


def _escalated_to(
    audience: Audience, event: Event, place: Listener, known: set[tuple[str, str]]
) -> bool:
    """Say whether an escalation names this person: of a group those who did not know yet."""
    to = str(json.loads(event.payload or b"{}").get("to", ""))
    group = to.removeprefix("group:")
    if group == to:
        return place.role in MANAGING
    actor = audience.actor(place.destination.user_id)
    within = group in actor.groups or any(group in each.groups for each in actor.acting_for)
    approval = approval_of(event.subject)
    return within and (place.destination.id, approval) not in known

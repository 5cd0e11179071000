"""Out of held writes, notices: the person whose identity one carries is told, and nobody else.

A write has neither a tool nor a risk, and nobody but this person can answer it. So of the wishes
for a place count what it is for, its pace, its quiet hours and its reminders.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.gate.write_gate import GrantStatus
from webui.approvals.states import Risk
from webui.notices import wishes
from webui.notices.destinations import wish_of
from webui.store.models import Event, WriteGrant
from webui.store.queries.notices import Listener

REQUESTED: Final = "write_grant.requested"
_SUBJECT: Final = "write_grant:"
RISK: Final = Risk.MEDIUM
"""By which its time is found; it is critical to nobody but its person, who was told so."""


def subject_of(grant: WriteGrant) -> str:
    """Return the name of a held write in the log."""
    return f"{_SUBJECT}{grant.id}"


def rows_of_writes(
    session: Session, found: Sequence[Event], places: Sequence[Listener], now: int
) -> list[dict[str, Any]]:
    """Return what some events tell of writes that wait."""
    asked = {
        event.subject.removeprefix(_SUBJECT): event
        for event in found
        if event.action == REQUESTED
    }
    if not asked:
        return []
    waiting = session.scalars(
        select(WriteGrant).where(
            WriteGrant.id.in_(asked),
            WriteGrant.status == GrantStatus.PENDING,
            WriteGrant.expires_at > now,
        )
    ).all()
    return [
        row
        for grant in waiting
        for place in places
        if place.destination.user_id == grant.user_id
        for row in _rows(grant, asked[grant.id], place, now)
    ]


def _rows(
    grant: WriteGrant, event: Event, place: Listener, now: int
) -> Iterator[dict[str, Any]]:
    wish = wish_of(place.destination, place.zone)
    if not wishes.wants(wish, risk=RISK, tool="", why=wishes.WRITE):
        return
    made = {
        "org_id": grant.org_id,
        "user_id": grant.user_id,
        "destination_id": place.destination.id,
        "approval_id": grant.id,
        "seq": event.seq,
        "in_place_of": None,
        "status": "waiting",
        "attempts": 0,
    }
    at, digest = wishes.due(wish, now, risk=RISK, why=wishes.WRITE)
    yield {**made, "why": wishes.WRITE, "next_at": at, "digest": digest}
    again = wishes.reminder(wish, grant.created_at, grant.expires_at, RISK)
    if again is not None:
        yield {**made, "why": wishes.REMINDER, "next_at": again, "digest": False}

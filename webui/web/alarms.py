"""Broken glass: whoever runs the org is told on each page for a day, without being asked to act."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from webui.approvals.desk import approval_of
from webui.preview import visible
from webui.sentences import sentence
from webui.store.queries import events
from webui.web.access import me
from webui.web.context import house
from webui.web.timeline import facts_of

TOLD_FOR = 86_400_000
"""ms; then the notice goes away by itself, and the mark on the call stays."""
_WHO_RUNS_IT = frozenset({"owner", "admin"})


@dataclass(frozen=True, slots=True)
class Alarm:
    """One call that somebody approved past quorum."""

    who: str
    tool: str
    at: int
    url: str


def alarms(session: Session) -> Sequence[Alarm]:
    """Return what an owner or admin has to know of; nothing for everybody else."""
    person = me()
    if person.actor.standing not in _WHO_RUNS_IT:
        return ()
    since = house().store.now() - TOLD_FOR
    broken = events.latest(session, person.org_id, "approval.break_glass", since)
    told = [(event, facts_of(event)) for event in broken]
    return [
        Alarm(
            visible(facts.get("who", sentence("Somebody"))),
            visible(facts.get("tool", sentence("a call"))),
            event.at,
            url_for("approval.page", approval_id=approval_of(event.subject)),
        )
        for event, facts in told
    ]

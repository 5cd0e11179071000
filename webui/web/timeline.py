"""What happened to an approval, one sentence for each event."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from webui.approvals.states import Verdict
from webui.approvals.words import VERDICT
from webui.preview import visible
from webui.sentences import joined, kept, sentence
from webui.store.models import Event

SENTENCES = {
    "approval.created": sentence("Asked"),
    "approval.reused": sentence("Asked again"),
    "approval.viewed": sentence("Shown"),
    "approval.opened_full": sentence("Full arguments shown"),
    "approval.revealed": sentence("A masked value was shown"),
    "approval.claimed": sentence("Claimed"),
    "approval.released": sentence("Let go"),
    "approval.decided": sentence("Decided"),
    "approval.vote": sentence("Voted"),
    "approval.settling": sentence("Decided, to be undone for a moment"),
    "approval.undone": sentence("Undone"),
    "approval.changes_requested": sentence("Asked for changes"),
    "approval.resumed": sentence("The agent answered, so it waits for a decision again"),
    "approval.message": sentence("Wrote a message"),
    "approval.break_glass": sentence("Approved by break-glass, past quorum"),
    "approval.late": sentence("A verdict came too late and changed nothing"),
    "approval.expired": sentence("Expired: nobody decided in time"),
    "approval.cancelled": sentence("Withdrawn"),
    "approval.superseded": sentence("Superseded by a newer call"),
    "approval.consumed": sentence("Taken for its one use"),
    "approval.rolled_back": sentence("Given back: the call did not take effect"),
    "approval.outcome": sentence("The outcome was reported"),
    "approval.revoked": sentence("Taken back before use"),
    "approval.lease_over": sentence("The run did not report in time"),
    "approval.reply_started": sentence("Being sent to its source"),
    "approval.reply_failed": sentence("Not delivered to its source"),
    "approval.reply_confirmed": sentence("Confirmed by its source"),
    "approval.reply_gone": sentence("Its source waits for it no more"),
    "approval.reply_overruled": sentence("Its source had settled it otherwise"),
}

_NOTHING = joined("", [])
_OF_VERDICTS = frozenset(
    {"approval.decided", "approval.vote", "approval.settling", "approval.undone"}
)
_VERDICTS = frozenset(Verdict)

# An agent may ask again as often as it likes; the page says how often in one number.
# What was said stands in the conversation.
ON_THE_PAGE = frozenset(SENTENCES) - {"approval.reused", "approval.message"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    words: str
    actor: str
    at: int
    url: str | None = None
    """Of what it tells of, if that has a page."""


def timeline(events: Sequence[Event], names: Mapping[str, str]) -> list[Moment]:
    """Return the events of one approval for its page, oldest first."""
    return [
        Moment(words_of(event), actor_name(event.actor, names), event.at)
        for event in events
    ]


def words_of(event: Event) -> str:
    """Return what an event says, with the verdict if it has one; empty for others."""
    return words_for(event.action, facts_of(event))


def words_for(action: str, facts: Mapping[str, Any]) -> str:
    """Return what an action with these facts says."""
    said, verdict = SENTENCES.get(action, _NOTHING), facts.get("verdict")
    if action in _OF_VERDICTS and verdict in _VERDICTS:
        said = joined(": ", [said, VERDICT[Verdict(verdict)]])
    if action == "approval.undone" and facts.get("why"):
        return joined(". ", [said, visible(kept(str(facts["why"])))])
    if action == "approval.revealed" and facts.get("path"):
        return joined(": ", [said, visible(facts["path"])])
    return said


class Told(Protocol):
    """An event whose payload is looked at."""

    @property
    def payload(self) -> bytes | None:
        """Its facts as they are kept."""


def facts_of(event: Told) -> dict[str, Any]:
    """Return an event's payload; empty once it was erased."""
    if event.payload is None:
        return {}
    found: dict[str, Any] = json.loads(event.payload)
    return found


def actor_name(actor: str, names: Mapping[str, str]) -> str:
    """Return the display name behind a name of the log, or that name itself."""
    return visible(names.get(actor, actor))

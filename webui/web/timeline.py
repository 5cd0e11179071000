"""What happened to an approval, one sentence for each event."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webui.approvals.states import Verdict
from webui.approvals.words import VERDICT
from webui.preview import visible
from webui.store.models import Event

SENTENCES = {
    "approval.created": "Asked",
    "approval.reused": "Asked again",
    "approval.viewed": "Shown",
    "approval.opened_full": "Full arguments shown",
    "approval.revealed": "A masked value was shown",
    "approval.claimed": "Claimed",
    "approval.released": "Let go",
    "approval.decided": "Decided",
    "approval.vote": "Voted",
    "approval.settling": "Decided, to be undone for a moment",
    "approval.undone": "Undone",
    "approval.changes_requested": "Asked for changes",
    "approval.resumed": "The agent answered, so it waits for a decision again",
    "approval.message": "Wrote a message",
    "approval.break_glass": "Approved by break-glass, past quorum",
    "approval.late": "A verdict came too late and changed nothing",
    "approval.expired": "Expired: nobody decided in time",
    "approval.cancelled": "Withdrawn",
    "approval.superseded": "Superseded by a newer call",
    "approval.consumed": "Taken for its one use",
    "approval.rolled_back": "Given back: the call did not take effect",
    "approval.outcome": "The outcome was reported",
    "approval.revoked": "Taken back before use",
    "approval.lease_over": "The run did not report in time",
    "approval.reply_started": "Being sent to its source",
    "approval.reply_failed": "Not delivered to its source",
    "approval.reply_confirmed": "Confirmed by its source",
    "approval.reply_gone": "Its source waits for it no more",
    "approval.reply_overruled": "Its source had settled it otherwise",
}

_OF_VERDICTS = frozenset(
    {"approval.decided", "approval.vote", "approval.settling", "approval.undone"}
)

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
    sentence, facts = SENTENCES.get(event.action, ""), facts_of(event)
    verdict = facts.get("verdict")
    if event.action in _OF_VERDICTS and verdict in set(Verdict):
        sentence = f"{sentence}: {VERDICT[Verdict(verdict)]}"
    if event.action == "approval.undone" and facts.get("why"):
        return f"{sentence}. {visible(str(facts['why']))}"
    if event.action == "approval.revealed" and facts.get("path"):
        return f"{sentence}: {visible(facts['path'])}"
    return sentence


def facts_of(event: Event) -> dict[str, Any]:
    """Return an event's payload; empty once it was erased."""
    if event.payload is None:
        return {}
    found: dict[str, Any] = json.loads(event.payload)
    return found


def actor_name(actor: str, names: Mapping[str, str]) -> str:
    """Return the display name behind a name of the log, or that name itself."""
    return visible(names.get(actor, actor))

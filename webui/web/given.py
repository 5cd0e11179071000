"""One reviewer's verdict, as the page of its call shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webui.approvals.answering.settlement import UnreadableError, settlement_of
from webui.approvals.states import Verdict
from webui.approvals.words import VERDICT_FIRST
from webui.preview import visible
from webui.store.models import Approval
from webui.store.queries import people
from webui.store.queries.calls import Vote
from webui.web.context import house
from webui.web.timeline import actor_name


@dataclass(frozen=True, slots=True)
class Given:
    """One reviewer's verdict."""

    verdict: str
    """As the beginning of a line."""
    who: str
    at: int
    channel: str
    reason: str
    in_place_of: str | None
    """Who had made this reviewer their delegate, if the verdict rests on that."""
    answer: str
    """What the agent got in place of a run; empty for other verdicts."""


def given(vote: Vote, names: Mapping[str, str]) -> Given:
    """Return a verdict that counts."""
    decision = vote.decision
    return Given(
        _word(vote),
        visible(vote.display),
        decision.at,
        decision.channel,
        visible(decision.reason),
        name_of(decision.delegated_by, names),
        visible(decision.answer or ""),
    )


def settling(session: Session, approval: Approval) -> Given | None:
    """Return the verdict that can still be undone; none if there is none to read."""
    if approval.settles_at is None:
        return None
    try:
        verdict = settlement_of(session, house().keyring, approval)
    except UnreadableError:
        return None
    note = verdict.note
    lender = note.get("delegated_by")
    names = people.names(session, approval.org_id, {f"user:{lender}"} if lender else ())
    return Given(
        VERDICT_FIRST[Verdict(note["verdict"])],
        visible(note["who"]),
        verdict.at,
        note["channel"],
        visible(note["reason"]),
        name_of(lender, names),
        visible(note.get("answer") or ""),
    )


def _word(vote: Vote) -> str:
    return VERDICT_FIRST[Verdict(vote.decision.verdict)]


def name_of(user_id: str | None, names: Mapping[str, str]) -> str | None:
    """Return the display name of a person, if there is one."""
    return None if user_id is None else actor_name(f"user:{user_id}", names)

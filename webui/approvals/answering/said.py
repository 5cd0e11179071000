"""What an agent is told of how its call ended, in one sentence, by whatever way it asked."""

from collections.abc import Sequence

from webui.approvals.ending import current_status
from webui.approvals.ruling.terms import refused_because
from webui.approvals.states import Resolution, Status
from webui.approvals.words import RESOLUTION, STATUS
from webui.store.models import Approval
from webui.store.queries.calls import Vote


def reason_of(votes: Sequence[Vote], verdict: str) -> str:
    """Return what a reviewer said with the first decision of a kind."""
    return next((v.decision.reason for v in votes if v.decision.verdict == verdict), "")


def answer_of(votes: Sequence[Vote]) -> str:
    """Return what a reviewer answered in place of a run."""
    return next((v.decision.answer for v in reversed(votes) if v.decision.answer), "")


def why_not(approval: Approval, votes: Sequence[Vote], now: int) -> str:
    """Say why a call that ended without a usable yes must not run."""
    status = current_status(approval, now)
    if status is Status.DENIED:
        by_rule = refused_because(approval)
        reason = by_rule or reason_of(votes, "deny")
        who = "The policy" if by_rule else "A reviewer"
        return f"{who} denied this call: {reason}" if reason else f"{who} denied this call."
    if status is Status.ANSWERED:
        return f"A reviewer answered instead of running it: {answer_of(votes)}"
    if status is Status.EXPIRED:
        return RESOLUTION[Resolution.DEADLINE]
    ended = RESOLUTION[Resolution(approval.resolution)] if approval.resolution else ""
    return f"{STATUS[status]}. {ended}".strip()

"""The words people and programs read: one sentence for each state, ending and refusal."""

from typing import Final

from webui.approvals.states import OPEN, ReplyState, Resolution, Status, Verdict
from webui.sentences import Sentence, sentence, sentence_in

STATUS: dict[Status, str] = {
    Status.PENDING: "Waiting for a decision",
    Status.NEEDS_REVISION: "Changes requested",
    Status.APPROVED: "Approved, not used yet",
    Status.DENIED: "Denied",
    Status.ANSWERED: "Answered instead of run",
    Status.EXPIRED: "Expired",
    Status.CANCELLED: "Cancelled",
    Status.SUPERSEDED: "Superseded",
    Status.REVOKED: "Revoked before use",
    Status.EXECUTING: "Running",
    Status.CONSUMED: "Done",
    Status.FAILED: "Ran and failed",
    Status.UNKNOWN: "Outcome unknown",
}

RISK: dict[str, Sentence] = {
    "low": sentence("Low"),
    "medium": sentence("Medium"),
    "high": sentence("High"),
    "critical": sentence("Critical"),
}

RISK_INSIDE: dict[str, Sentence] = {
    "low": sentence_in("risk", "low"),
    "medium": sentence_in("risk", "medium"),
    "high": sentence_in("risk", "high"),
    "critical": sentence_in("risk", "critical"),
}
"""The same inside a sentence: a call of this risk."""

RESOLUTION: dict[Resolution, str] = {
    Resolution.REVIEWER: "A reviewer decided.",
    Resolution.QUORUM: "Enough reviewers decided.",
    Resolution.POLICY: "The policy decided.",
    Resolution.GRANT: "A standing grant covered it.",
    Resolution.UPSTREAM_REPLIED: "The upstream settled it.",
    Resolution.CASCADE: "It was denied together with another call of its session.",
    Resolution.DEADLINE: "Nobody decided in time, so it was not allowed.",
    Resolution.DISPOSED: "The source was shut down, or waits for it no more.",
    Resolution.RUN_ENDED: "The agent's run ended.",
    Resolution.SESSION_ENDED: "The agent's session ended.",
    Resolution.CANCELLED: "The agent withdrew it.",
    Resolution.AGENT_TERMINATED: "The agent was terminated.",
    Resolution.SUPERSEDED: "The agent asked again; the newer call counts.",
    Resolution.REVOKED: "The approval was taken back before it was used.",
    Resolution.BREAK_GLASS: "Approved by break-glass.",
}

ROLE: dict[str, Sentence] = {
    "owner": sentence("owner"),
    "admin": sentence("admin"),
    "operator": sentence("operator"),
    "reviewer": sentence("reviewer"),
    "auditor": sentence("auditor"),
    "viewer": sentence("viewer"),
    "member": sentence("member"),
}
"""What a role is called in a sentence."""

WHO_RUNS_IT: Final = sentence("whoever runs this desk")

_ENDED_BY_ITSELF = {Status.CANCELLED, Status.SUPERSEDED, Status.DENIED}

VERDICT: dict[Verdict, str] = {
    Verdict.APPROVE: "approved",
    Verdict.DENY: "denied",
    Verdict.EDIT: "approved with changes",
    Verdict.RESPOND: "answered",
    Verdict.REQUEST_CHANGES: "asked for changes",
}

WHY_ASKED = "Until a policy says otherwise, every call needs one approval."

HELD_UP = (
    "This organization asks everybody for a second factor, and you have none: sign in on the "
    "dashboard and set one up, then your tokens work again."
)

NOT_USABLE: dict[Status, tuple[str, str]] = {
    Status.PENDING: ("not_approved", "Nobody has approved this call yet; wait for it."),
    Status.NEEDS_REVISION: (
        "not_approved",
        "A reviewer asked for changes; answer, or file a revision.",
    ),
    Status.DENIED: ("not_approved", "This call was denied; do not run it."),
    Status.ANSWERED: ("not_approved", "A reviewer answered instead; use the answer."),
    Status.EXPIRED: ("expired", "The time for this approval is over; ask again."),
    Status.CANCELLED: ("not_approved", "This call was withdrawn; ask again to run it."),
    Status.SUPERSEDED: ("not_approved", "A newer call took the place of this one."),
    Status.REVOKED: ("revoked", "The approval was taken back before use; ask again."),
    Status.EXECUTING: (
        "already_consumed",
        "This approval is in use; it works only once.",
    ),
    Status.CONSUMED: (
        "already_consumed",
        "This approval was used; it works only once.",
    ),
    Status.FAILED: (
        "already_consumed",
        "This approval was used up by a run that failed.",
    ),
    Status.UNKNOWN: (
        "already_consumed",
        "This approval was used and nobody said how it ended.",
    ),
}
"""Why `consume` refuses, by status: the code and the sentence."""


def settled_by(status: Status, who: str | None, resolution: str | None = None) -> str:
    """Say in one sentence how an approval stands, for somebody who came too late.

    Args:
        status: as it counts now.
        who: decided it, if somebody did.
        resolution: how it ended, if it has: that says why, where nobody decided.

    """
    if status is Status.DENIED and who:
        return f"{who} denied it."
    if status is Status.ANSWERED and who:
        return f"{who} answered it, so it did not run."
    if status in {Status.APPROVED, Status.EXECUTING, Status.CONSUMED} and who:
        return f"{who} approved it."
    if resolution is not None and status in _ENDED_BY_ITSELF:
        return RESOLUTION[Resolution(resolution)]
    return f"It is settled: {STATUS[status].lower()}."


def delivery_words(
    state: str | None,
    status: Status,
    source: str | None,
    error: str | None,
    attempts: int,
) -> str | None:
    """Say how far a verdict is on its way to the upstream that settles it; none: it settles here.

    Args:
        state: a `ReplyState`.
        status: as it counts now.
        source: the name of the source.
        error: why the last attempt failed, if one did.
        attempts: how many there were.

    """
    if state is None:
        return None
    name = source or "its source"
    failed = f" {error}" if error else ""
    if state == ReplyState.OPEN:
        return f"Not delivered.{failed}" if failed else f"{name} waits for the verdict."
    if state == ReplyState.SENDING:
        doing = "Sending to" if status in OPEN else "How it ended is being told to"
        again = f" Attempt {attempts}; the last one failed:{failed}" if failed else ""
        return f"{doing} {name}.{again}"
    if state == ReplyState.CONFIRMED:
        return f"{name} has confirmed it."
    if state == ReplyState.GONE:
        return failed.strip() or f"{name} waits for it no more."
    return f"{name} could not be told.{failed}"

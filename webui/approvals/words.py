"""The words people and programs read: one sentence for each state, ending and refusal."""

from typing import Final

from webui.approvals.states import (
    OPEN,
    ReplyState,
    Resolution,
    Status,
    Unreported,
    Verdict,
)
from webui.sentences import Sentence, joined, sentence, sentence_in

STATUS: dict[Status, Sentence] = {
    Status.PENDING: sentence("Waiting for a decision"),
    Status.NEEDS_REVISION: sentence("Changes requested"),
    Status.APPROVED: sentence("Approved, not used yet"),
    Status.DENIED: sentence("Denied"),
    Status.ANSWERED: sentence("Answered instead of run"),
    Status.EXPIRED: sentence("Expired"),
    Status.CANCELLED: sentence("Cancelled"),
    Status.SUPERSEDED: sentence("Superseded"),
    Status.REVOKED: sentence("Revoked before use"),
    Status.EXECUTING: sentence("Running"),
    Status.CONSUMED: sentence("Done"),
    Status.FAILED: sentence("Ran and failed"),
    Status.UNKNOWN: sentence("Outcome unknown"),
}

STATUS_INSIDE: dict[Status, Sentence] = {
    Status.PENDING: sentence("waiting for a decision"),
    Status.NEEDS_REVISION: sentence("changes requested"),
    Status.APPROVED: sentence("approved, not used yet"),
    Status.DENIED: sentence("denied"),
    Status.ANSWERED: sentence("answered instead of run"),
    Status.EXPIRED: sentence("expired"),
    Status.CANCELLED: sentence("cancelled"),
    Status.SUPERSEDED: sentence("superseded"),
    Status.REVOKED: sentence("revoked before use"),
    Status.EXECUTING: sentence("running"),
    Status.CONSUMED: sentence("done"),
    Status.FAILED: sentence("ran and failed"),
    Status.UNKNOWN: sentence("outcome unknown"),
}
"""The same inside a sentence."""

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

RESOLUTION: dict[Resolution, Sentence] = {
    Resolution.REVIEWER: sentence("A reviewer decided."),
    Resolution.QUORUM: sentence("Enough reviewers decided."),
    Resolution.POLICY: sentence("The policy decided."),
    Resolution.GRANT: sentence("A standing grant covered it."),
    Resolution.UPSTREAM_REPLIED: sentence("The upstream settled it."),
    Resolution.CASCADE: sentence(
        "It was denied together with another call of its session."
    ),
    Resolution.DEADLINE: sentence("Nobody decided in time, so it was not allowed."),
    Resolution.DISPOSED: sentence("The source was shut down, or waits for it no more."),
    Resolution.RUN_ENDED: sentence("The agent's run ended."),
    Resolution.SESSION_ENDED: sentence("The agent's session ended."),
    Resolution.CANCELLED: sentence("The agent withdrew it."),
    Resolution.AGENT_TERMINATED: sentence("The agent was terminated."),
    Resolution.SUPERSEDED: sentence("The agent asked again; the newer call counts."),
    Resolution.REVOKED: sentence("The approval was taken back before it was used."),
    Resolution.BREAK_GLASS: sentence("Approved by break-glass."),
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

VERDICT: dict[Verdict, Sentence] = {
    Verdict.APPROVE: sentence("approved"),
    Verdict.DENY: sentence("denied"),
    Verdict.EDIT: sentence("approved with changes"),
    Verdict.RESPOND: sentence("answered"),
    Verdict.REQUEST_CHANGES: sentence("asked for changes"),
}

VERDICT_FIRST: dict[Verdict, Sentence] = {
    Verdict.APPROVE: sentence("Approved"),
    Verdict.DENY: sentence("Denied"),
    Verdict.EDIT: sentence("Approved with changes"),
    Verdict.RESPOND: sentence("Answered"),
    Verdict.REQUEST_CHANGES: sentence("Asked for changes"),
}
"""The same at the beginning of a line: by whom follows."""

WHY_ASKED = sentence("There is no policy yet, so every call waits for a person.")

HELD_UP = (
    "This organization asks everybody for a second factor, and you have none: sign in on the "
    "dashboard and set one up, then your tokens work again."
)

UNREPORTED: dict[str, Sentence] = {
    Unreported.LEASE_OVER: sentence("The lease ended without an outcome."),
    Unreported.NO_REPORT: sentence("No outcome is reported."),
    Unreported.BY_SOURCE: sentence("The source runs it and reports no outcome."),
    Unreported.TOLD: sentence(
        "Whoever waited for it was told to go on; no outcome is reported."
    ),
}
"""What the desk itself says of how a use ended, where nobody else does, by its result."""

NOT_USABLE: dict[Status, tuple[str, Sentence]] = {
    Status.PENDING: (
        "not_approved",
        sentence("Nobody has approved this call yet; wait for it."),
    ),
    Status.NEEDS_REVISION: (
        "not_approved",
        sentence("A reviewer asked for changes; answer, or file a revision."),
    ),
    Status.DENIED: ("not_approved", sentence("This call was denied; do not run it.")),
    Status.ANSWERED: (
        "not_approved",
        sentence("A reviewer answered instead; use the answer."),
    ),
    Status.EXPIRED: ("expired", sentence("The time for this approval is over; ask again.")),
    Status.CANCELLED: (
        "not_approved",
        sentence("This call was withdrawn; ask again to run it."),
    ),
    Status.SUPERSEDED: (
        "not_approved",
        sentence("A newer call took the place of this one."),
    ),
    Status.REVOKED: (
        "revoked",
        sentence("The approval was taken back before use; ask again."),
    ),
    Status.EXECUTING: (
        "already_consumed",
        sentence("This approval is in use; it works only once."),
    ),
    Status.CONSUMED: (
        "already_consumed",
        sentence("This approval was used; it works only once."),
    ),
    Status.FAILED: (
        "already_consumed",
        sentence("This approval was used up by a run that failed."),
    ),
    Status.UNKNOWN: (
        "already_consumed",
        sentence("This approval was used and nobody said how it ended."),
    ),
}
"""Why `consume` refuses, by status: the code and the sentence."""


def settled_by(status: Status, who: str | None, resolution: str | None = None) -> Sentence:
    """Say in one sentence how an approval stands, for somebody who came too late.

    Args:
        status: as it counts now.
        who: decided it, if somebody did.
        resolution: how it ended, if it has: that says why, where nobody decided.

    """
    if status is Status.DENIED and who:
        return sentence("%(who)s denied it.", who=who)
    if status is Status.ANSWERED and who:
        return sentence("%(who)s answered it, so it did not run.", who=who)
    if status in {Status.APPROVED, Status.EXECUTING, Status.CONSUMED} and who:
        return sentence("%(who)s approved it.", who=who)
    if resolution is not None and status in _ENDED_BY_ITSELF:
        return RESOLUTION[Resolution(resolution)]
    return sentence("It is settled: %(how)s.", how=STATUS_INSIDE[status])


def delivery_words(
    state: str | None,
    status: Status,
    source: str | None,
    error: str | None,
    attempts: int,
) -> Sentence | None:
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
    name = source or sentence("its source")
    if state == ReplyState.OPEN:
        waits = sentence("%(source)s waits for the verdict.", source=name)
        return _with(sentence("Not delivered."), error) if error else waits
    if state == ReplyState.SENDING:
        return _sending(status, name, error, attempts)
    if state == ReplyState.CONFIRMED:
        return sentence("%(source)s has confirmed it.", source=name)
    if state == ReplyState.GONE:
        gone = sentence("%(source)s waits for it no more.", source=name)
        return joined("", [error]) if error else gone
    return _with(sentence("%(source)s could not be told.", source=name), error)


def _sending(status: Status, name: str, error: str | None, attempts: int) -> Sentence:
    doing = (
        sentence("Sending to %(source)s.", source=name)
        if status in OPEN
        else sentence("How it ended is being told to %(source)s.", source=name)
    )
    if not error:
        return doing
    again = sentence("Attempt %(count)s; the last one failed:", count=attempts)
    return joined(" ", [doing, again, error])


def _with(said: Sentence, error: str | None) -> Sentence:
    return joined(" ", [said, error]) if error else said

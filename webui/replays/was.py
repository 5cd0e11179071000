"""What became of a recorded call, in the words in which a draft is compared with it."""

from enum import StrEnum
from typing import Final

from webui.approvals.policy import Verdict
from webui.approvals.states import Status
from webui.store.queries.recorded import Recorded

USED: Final = frozenset({Status.EXECUTING, Status.CONSUMED, Status.FAILED, Status.UNKNOWN})
_NO: Final = frozenset({Status.DENIED, Status.ANSWERED, Status.REVOKED})
_YES: Final = USED | {Status.APPROVED}


class Was(StrEnum):
    """How a call went through the desk."""

    PASSED = "passed"
    """Policy allowed it; nobody was asked."""
    REFUSED = "refused"
    """Policy denied it; nobody was asked."""
    GRANTED = "granted"
    """A standing grant covered it; nobody was asked."""
    APPROVED = "approved"
    """Somebody was asked and said yes."""
    DENIED = "denied"
    """Somebody was asked and said no, gave an answer instead, or took the yes back."""
    UNDECIDED = "undecided"
    """Somebody was asked and nothing came of it, or has not yet."""


ASKED: Final = frozenset({Was.APPROVED, Was.DENIED, Was.UNDECIDED})
"""Where a person was asked."""
NO: Final = frozenset({Was.DENIED, Was.REFUSED})
RULED: Final = {
    Was.PASSED: Verdict.ALLOW,
    Was.REFUSED: Verdict.DENY,
}
"""What the policy of then said; of all others it asked."""


def was(call: Recorded) -> Was:
    """Return what became of a call."""
    if call.grant_id is not None:
        return Was.GRANTED
    if call.decided_by is not None and call.decided_by.startswith("policy:"):
        return Was.REFUSED if call.status == Status.DENIED else Was.PASSED
    if call.status in _NO:
        return Was.DENIED
    if call.status in _YES:
        return Was.APPROVED
    unused = call.status == Status.EXPIRED and call.decided_by is not None
    return Was.APPROVED if unused else Was.UNDECIDED


def used(call: Recorded) -> bool:
    """Say whether it ran, or at least began to."""
    return call.attempts > 0 or call.status in USED

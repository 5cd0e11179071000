"""Votes to outcome: a pure function, where "nothing yet" is a normal answer."""

from collections.abc import Iterable

from webui.approvals.states import Status, Verdict

YESES = frozenset({Verdict.APPROVE, Verdict.EDIT})
NOES = frozenset({Verdict.DENY, Verdict.RESPOND})


def resolve(votes: Iterable[str], *, required: int, denials: int = 1) -> Status | None:
    """Return where the votes take a pending approval, or None while they settle nothing.

    An answer is a no of another kind: nothing runs. It counts with the denials, and if the
    last of them is an answer, that answer is what the agent gets.

    Args:
        votes: verdicts, one a person, oldest first.
        required: approvals needed; anything below one counts as one.
        denials: denials that deny. A denial outranks any number of approvals.

    """
    given = [Verdict(vote) for vote in votes]
    noes = [vote for vote in given if vote in NOES]
    if len(noes) >= max(denials, 1):
        return Status.ANSWERED if noes[-1] is Verdict.RESPOND else Status.DENIED
    if sum(vote in YESES for vote in given) >= max(required, 1):
        return Status.APPROVED
    return None

"""Votes to outcome: a pure function, where "nothing yet" is a normal answer."""

from collections.abc import Iterable

from webui.approvals.states import Status, Verdict


def resolve(votes: Iterable[str], *, required: int, denials: int = 1) -> Status | None:
    """Return where the votes take a pending approval, or None while they settle nothing.

    Args:
        votes: verdicts, one a person.
        required: approvals needed; anything below one counts as one.
        denials: denials that deny. A denial outranks any number of approvals.

    """
    given = [Verdict(vote) for vote in votes]
    if given.count(Verdict.DENY) >= max(denials, 1):
        return Status.DENIED
    if given.count(Verdict.APPROVE) >= max(required, 1):
        return Status.APPROVED
    return None

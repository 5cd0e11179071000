"""Votes to outcome: pure functions, where "nothing yet" is a normal answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webui.approvals.states import Status, Verdict

YESES = frozenset({Verdict.APPROVE, Verdict.EDIT})
NOES = frozenset({Verdict.DENY, Verdict.RESPOND})


class Ballot(NamedTuple):
    """One voice: its verdict, and the groups in which it counts."""

    verdict: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quorum:
    """What it takes to settle a call."""

    required: int = 1
    """Approvals needed; anything below one counts as one."""
    denials: int = 1
    """Denials that deny. A denial outranks any number of approvals."""
    approvers: frozenset[str] = frozenset()
    """Groups of which an approval must come; empty: of anybody who may decide."""
    distinct: bool = False
    """Each approval comes from another group."""
    veto: frozenset[str] = frozenset()
    """Groups of which one denial denies."""


def resolve(votes: Iterable[Ballot], quorum: Quorum) -> Status | None:
    """Return where the votes take a pending approval, or None while they settle nothing.

    An answer is a no of another kind: nothing runs. It counts with the denials, and if the
    last of them is an answer, that answer is what the agent gets.

    Args:
        votes: one a person, oldest first.
        quorum: what it takes.

    """
    given = [Ballot(Verdict(vote.verdict), vote.groups) for vote in votes]
    if any(vote.verdict == Verdict.DENY and vote.groups & quorum.veto for vote in given):
        return Status.DENIED
    noes = [vote for vote in given if vote.verdict in NOES]
    if len(noes) >= max(quorum.denials, 1):
        answered = noes[-1].verdict == Verdict.RESPOND
        return Status.ANSWERED if answered else Status.DENIED
    if approvals_in(given, quorum) >= max(quorum.required, 1):
        return Status.APPROVED
    return None


def approvals_in(votes: Iterable[Ballot], quorum: Quorum) -> int:
    """Return how many of the approvals that it takes are given."""
    yeses = [vote.groups for vote in votes if vote.verdict in YESES]
    if quorum.approvers:
        yeses = [groups & quorum.approvers for groups in yeses]
        yeses = [groups for groups in yeses if groups]
    return _most_apart(yeses) if quorum.distinct else len(yeses)


def _most_apart(voices: Sequence[frozenset[str]]) -> int:
    """Return for how many voices there is a group of their own, whoever speaks for which."""
    speaker: dict[str, int] = {}

    def placed(voice: int, tried: set[str]) -> bool:
        for group in sorted(voices[voice] - tried):
            tried.add(group)
            if group not in speaker or placed(speaker[group], tried):
                speaker[group] = voice
                return True
        return False

    return sum(placed(voice, set()) for voice in range(len(voices)))

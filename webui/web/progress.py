"""How far a call is that needs several approvals, or those of certain groups."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from webui.approvals.answering.quorum import YESES, Ballot, approvals_in
from webui.approvals.ruling.terms import quorum_of
from webui.approvals.states import OPEN
from webui.preview import visible
from webui.sentences import joined, sentence
from webui.store.models import Approval
from webui.store.queries.calls import Vote
from webui.store.queries.groups import names_of


def progress_words(
    session: Session, approval: Approval, votes: Sequence[Vote]
) -> str | None:
    """Say how many of the approvals are given that count, and of which groups; none for one."""
    quorum = quorum_of(approval)
    several = quorum.required > 1 or len(quorum.approvers) > 1
    if not several or approval.status not in OPEN:
        return None
    given = _ballots(votes)
    total = sentence(
        "%(given)s of %(needed)s approvals given.",
        given=approvals_in(given, quorum),
        needed=max(quorum.required, 1),
    )
    if not quorum.approvers:
        return total
    names = names_of(session, approval.org_id, quorum.approvers)
    each = [
        _of_group(visible(name), group, given, once=quorum.distinct)
        for group, name in sorted(names.items(), key=lambda pair: pair[1])
    ]
    return sentence("%(total)s By group: %(each)s.", total=total, each=joined(", ", each))


def given_so_far(approval: Approval, votes: Sequence[Vote]) -> str | None:
    """Say the same in a row's few words; none where one approval is enough."""
    quorum = quorum_of(approval)
    if quorum.required <= 1 or approval.status not in OPEN:
        return None
    return sentence(
        "%(given)s of %(needed)s approvals",
        given=approvals_in(_ballots(votes), quorum),
        needed=quorum.required,
    )


def _ballots(votes: Sequence[Vote]) -> list[Ballot]:
    return [
        Ballot(vote.decision.verdict, frozenset(vote.decision.groups.split()))
        for vote in votes
    ]


def _of_group(name: str, group: str, given: Sequence[Ballot], *, once: bool) -> str:
    said = sum(vote.verdict in YESES and group in vote.groups for vote in given)
    if once:
        return sentence("%(group)s %(given)s of 1", group=name, given=min(said, 1))
    return f"{name} {said}"

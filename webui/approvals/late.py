"""Verdicts on what is settled already: a repeat is a success, anything else is told who won."""

from sqlalchemy import select

from webui.approvals.desk import facts, subject
from webui.approvals.ending import current_status
from webui.approvals.errors import ConflictError
from webui.approvals.reviewing import Decided
from webui.approvals.states import Status, Verdict
from webui.approvals.votes import Given, votes_on
from webui.approvals.words import settled_by
from webui.store.models import Approval, User
from webui.store.transaction import Transaction


def answer_late(tx: Transaction, approval: Approval, given: Given) -> Decided:
    """Answer a verdict on a settled approval: a repeat of one's winning vote is a success."""
    reviewer = given.reviewer
    votes = {vote.user_id: vote.verdict for vote in votes_on(tx, approval.id)}
    mine = votes.get(reviewer.user_id)
    repeats = given.grant is None and approval.decided_at is not None
    if repeats and mine == given.verdict and _won(approval, given):
        return Decided(approval, applied=False)
    tx.record(
        approval.org_id,
        reviewer.actor,
        "approval.late",
        subject(approval.id),
        facts(approval) | {"verdict": str(given.verdict), "who": reviewer.display},
    )
    who = tx.session.scalar(select(User.display_name).where(User.id == approval.decided_by))
    sentence = settled_by(current_status(approval, tx.now), who)
    return Decided(
        approval,
        applied=False,
        refusal=ConflictError(
            "already_settled", f"Too late, nothing was changed. {sentence}"
        ),
    )


def _won(approval: Approval, given: Given) -> bool:
    """Say whether this verdict is the one by which it was settled."""
    if approval.status == Status.DENIED:
        return given.verdict is Verdict.DENY
    if approval.status == Status.ANSWERED:
        return given.verdict is Verdict.RESPOND
    if given.edit is not None:
        return approval.edited_hash == given.edit.arguments_hash
    return given.verdict is Verdict.APPROVE

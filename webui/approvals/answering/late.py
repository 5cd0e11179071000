"""Verdicts on what is settled already, or about to be: a repeat is a success, anything else is told who won."""

from dataclasses import replace

from sqlalchemy import select

from webui.approvals.answering.mandate import refused
from webui.approvals.answering.reviewing import Decided
from webui.approvals.answering.settlement import Settlement, settlement_of
from webui.approvals.answering.votes import Given, votes_on
from webui.approvals.desk import facts, subject
from webui.approvals.ending import current_status
from webui.approvals.errors import ConflictError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.states import ReplyState, Status, Verdict
from webui.approvals.words import VERDICT, settled_by
from webui.audit.chain import rfc3339
from webui.sentences import sentence
from webui.store.models import Approval, User
from webui.store.transaction import Transaction


def answer_late(tx: Transaction, approval: Approval, given: Given) -> Decided:
    """Answer a verdict on a settled approval: a repeat of one's winning vote is a success."""
    if approval.settles_at is not None:
        return _meanwhile(tx, approval, given)
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
    settled = settled_by(current_status(approval, tx.now), who, approval.resolution)
    return Decided(
        approval,
        applied=False,
        refusal=ConflictError(
            "already_settled",
            sentence("Too late, nothing was changed. %(settled)s", settled=settled),
        ),
    )


def _meanwhile(tx: Transaction, approval: Approval, given: Given) -> Decided:
    """Answer a verdict while another can still be undone: a repeat of it is a success."""
    before = settlement_of(tx.session, tx.keyring, approval)
    if before.user_id == given.reviewer.user_id and _is_the_same(before, given):
        return Decided(approval, applied=False)
    return refused(
        tx,
        given.reviewer,
        approval,
        given.verdict,
        ConflictError("settling", settling_words(before, approval)),
    )


def _is_the_same(before: Settlement, given: Given) -> bool:
    """Say whether a verdict would do what the one that can still be undone will do.

    Somebody who changed their answer or message must not hear that it was taken.
    """
    edited = None if given.edit is None else given.edit.arguments_hash
    asks = given.verdict is Verdict.REQUEST_CHANGES
    return (
        before.note["verdict"] == str(given.verdict)
        and before.note.get("edited_hash") == edited
        and before.note.get("answer") == given.answer
        and before.note.get("option") == given.option
        and before.message == (given.reason if asks else None)
        and _same_wish(before.wish, given.grant)
    )


def _same_wish(before: GrantWish | None, given: GrantWish | None) -> bool:
    if before is None or given is None:
        return before is given
    return replace(given, conditions=tuple(given.conditions)) == before


def settling_words(verdict: Settlement, approval: Approval) -> str:
    """Say who gave the verdict that can still be undone, and when it settles the call."""
    assert approval.settles_at is not None
    done = VERDICT[Verdict(verdict.note["verdict"])]
    if approval.reply_state == ReplyState.SENDING:
        return sentence(
            "%(who)s has %(done)s this call, and its source is being told. No other verdict "
            "is taken until it has answered, or somebody takes this one back.",
            who=verdict.note["who"],
            done=done,
        )
    return sentence(
        "%(who)s has %(done)s this call; that settles it at %(time)s UTC, unless it is "
        "undone before. No other verdict is taken until then.",
        who=verdict.note["who"],
        done=done,
        time=rfc3339(approval.settles_at)[11:19],
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

"""A person's verdict: checked, counted once, and settled exactly once."""

from sqlalchemy import select, update

from webui.approvals.authorization import BREAK_GLASS, DECIDE, Actor
from webui.approvals.desk import facts, load, move, subject
from webui.approvals.ending import current_status, expire_if_over
from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.mandate import given_to_guard, guard_of, refused
from webui.approvals.one_use import make_grant
from webui.approvals.quorum import resolve
from webui.approvals.reviewing import (
    Decided,
    Look,
    Reviewer,
    access_of,
    actor_of,
    seal_of,
)
from webui.approvals.states import OPEN, Resolution, Status, Verdict
from webui.approvals.votes import Given, check_reason, insert_vote, voices, votes_on
from webui.approvals.words import settled_by
from webui.store.models import Approval, User, table_of
from webui.store.transaction import Transaction

USE_WINDOW = 300_000
"""ms after a decision in which a yes can be used, if that is later than `expires_at`."""
_approvals = table_of(Approval)


def decide(
    tx: Transaction,
    reviewer: Reviewer,
    org_id: str,
    approval_id: str,
    verdict: Verdict,
    reason: str,
    look: Look,
    *,
    break_glass: bool = False,
    because_of: str | None = None,
) -> Decided:
    """Give one person's verdict on an approval.

    With `break_glass` a yes settles it whatever quorum asks for: always with a reason, marked
    for ever, and its event alerts the org's admins. `because_of` is the denied approval that a
    denial follows from.

    Returns:
        Decided: applied; or an identical repeat; or with the refusal to answer: it came
        late, this person may not decide it (the sentence says why), or what was shown is not
        what stands now (`stale_seal`). Refusals are returned so that their events are kept.

    Raises:
        NotFoundError: not in this org.
        InvalidError: the reason is missing or too long, or the verdict is not offered.

    """
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    actor = actor_of(tx, reviewer, org_id)
    verb = BREAK_GLASS if break_glass else DECIDE
    access = access_of(tx, actor, approval, verb, _others_voices(tx, actor, approval))
    if not access.allowed:
        return refused(tx, reviewer, approval, verdict, access)
    check_reason(approval, reason, required=break_glass)
    if break_glass and verdict != Verdict.APPROVE:
        raise InvalidError("Break-glass only approves; to deny, deny.")
    if approval.status not in OPEN:
        return _late(tx, reviewer, approval, verdict)
    if look.seal is not None and look.seal != seal_of(approval, look.preview_version):
        stale = ConflictError(
            "stale_seal",
            "What you saw has changed since; look at it again and decide then.",
        )
        return refused(tx, reviewer, approval, verdict, stale)
    # A "no" is always taken, whatever the ask offers: it is the way out.
    if verdict != Verdict.DENY and str(verdict) not in approval.allowed_decisions.split():
        raise InvalidError(f"This approval does not take the verdict {verdict}.")
    given = Given(reviewer, verdict, reason, look, access, approval.solo, because_of)
    if break_glass:
        return _break_glass(tx, approval, given)
    return _vote(tx, actor, approval, given)


def _others_voices(tx: Transaction, actor: Actor, approval: Approval) -> frozenset[str]:
    """Return whose voices a delegate cannot lend any more; one's own is looked at later."""
    if approval.status not in OPEN:
        return frozenset()
    voted = voices(votes_on(tx, approval.id))
    return frozenset(name for name in voted if not actor.is_one_of((name,)))


def _break_glass(tx: Transaction, approval: Approval, given: Given) -> Decided:
    """Settle it as approved, whatever is missing; alert whoever runs the org."""
    reviewer = given.reviewer
    if not any(vote.user_id == reviewer.user_id for vote in votes_on(tx, approval.id)):
        insert_vote(tx, approval, given)
    note = given.note() | {"break_glass": True}
    settled = _settle(tx, approval, Status.APPROVED, given, note, broken=True)
    tx.record(
        approval.org_id,
        reviewer.actor,
        "approval.break_glass",
        subject(approval.id),
        facts(approval) | {"reason": given.reason, "who": reviewer.display},
    )
    return Decided(settled, applied=True)


def _vote(tx: Transaction, actor: Actor, approval: Approval, given: Given) -> Decided:
    before = votes_on(tx, approval.id)
    # One person counts once: by another account of theirs, or by a delegate, they have voted.
    lent = {given.access.delegator} - {""}
    mine = [v for v in before if actor.is_one_of(v.people) or lent & v.people]
    if mine:
        refusal = ConflictError(
            "already_decided_by_you", "You have already decided this call."
        )
        same = mine[0].user_id == actor.id and mine[0].verdict == given.verdict
        return Decided(approval, applied=False, refusal=None if same else refusal)
    insert_vote(tx, approval, given)
    outcome = resolve(
        [*(vote.verdict for vote in before), given.verdict],
        required=approval.approvals_required,
        denials=approval.denials_required,
    )
    note, reviewer = given.note(), given.reviewer
    if outcome is None:
        tx.record(
            approval.org_id,
            reviewer.actor,
            "approval.vote",
            subject(approval.id),
            facts(approval) | note,
        )
        counted = _count_vote(tx, approval)
        return Decided(counted, applied=True)
    return Decided(_settle(tx, approval, outcome, given, note), applied=True)


def _count_vote(tx: Transaction, approval: Approval) -> Approval:
    tx.execute(
        update(_approvals)
        .where(_approvals.c.id == approval.id)
        .values(version=_approvals.c.version + 1)
    )
    approval.version += 1
    return approval


def _settle(
    tx: Transaction,
    approval: Approval,
    outcome: Status,
    given: Given,
    note: dict[str, object],
    *,
    broken: bool = False,
) -> Approval:
    """Move it, with the deadline and what the yes rests on checked by the UPDATE itself."""
    reviewer, access = given.reviewer, given.access
    values: dict[str, object] = {
        "decided_by": reviewer.user_id,
        "decided_at": tx.now,
        "settled_at": tx.now,
        "resolution": Resolution.REVIEWER
        if approval.approvals_required <= 1
        else Resolution.QUORUM,
    }
    if given.because_of is not None:
        values["resolution"] = Resolution.CASCADE
    if broken:
        values |= {"resolution": Resolution.BREAK_GLASS, "break_glass": True}
    if outcome is Status.APPROVED:
        values["usable_until"] = max(approval.expires_at, tx.now + USE_WINDOW)
    settled = move(
        tx,
        approval,
        outcome,
        actor=reviewer.actor,
        action="approval.decided",
        values=values,
        guard=guard_of(access),
        given=given_to_guard(reviewer, access, tx.now),
        note=note,
    )
    if outcome is Status.APPROVED:
        make_grant(tx, settled, reviewer.actor)
    return settled


def _late(
    tx: Transaction, reviewer: Reviewer, approval: Approval, verdict: Verdict
) -> Decided:
    """Answer a verdict on a settled approval: a repeat of one's winning vote is a success."""
    votes = {vote.user_id: vote.verdict for vote in votes_on(tx, approval.id)}
    mine = votes.get(reviewer.user_id)
    won = Verdict.DENY if approval.status == Status.DENIED else Verdict.APPROVE
    if approval.decided_at is not None and mine == verdict == won:
        return Decided(approval, applied=False)
    tx.record(
        approval.org_id,
        reviewer.actor,
        "approval.late",
        subject(approval.id),
        facts(approval) | {"verdict": str(verdict), "who": reviewer.display},
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

"""A person's verdict: checked, counted once, and settled exactly once."""

from sqlalchemy import bindparam, insert, or_, select, update

from webui.approvals.authorization import DECIDE, ROLES
from webui.approvals.desk import Guard, facts, load, move, subject
from webui.approvals.ending import current_status, expire_if_over
from webui.approvals.errors import ConflictError, DeskError, InvalidError, NotAllowedError
from webui.approvals.quorum import resolve
from webui.approvals.reviewing import Decided, Look, Reviewer, access_of, seal_of
from webui.approvals.states import OPEN, Resolution, Status, Verdict
from webui.approvals.telling import tell_refused
from webui.approvals.words import settled_by
from webui.store.ids import new_id
from webui.store.models import Approval, Decision, Membership, User, table_of
from webui.store.transaction import Transaction

USE_WINDOW = 300_000
"""ms after a decision in which a yes can be used, if that is later than `expires_at`."""
REASON_MAX = 4_000
_decisions = table_of(Decision)
_approvals = table_of(Approval)
_DECIDERS = sorted(role for role, held in ROLES.items() if DECIDE in held)
_IN_TIME_BY_A_MEMBER = Guard(
    (
        _approvals.c.expires_at > bindparam("when_now"),
        select(Membership.user_id)
        .where(
            Membership.org_id == bindparam("old_org"),
            Membership.user_id == bindparam("when_user"),
            Membership.status == "active",
            or_(*(Membership.role == role for role in _DECIDERS)),
        )
        .exists(),
    )
)


def decide(
    tx: Transaction,
    reviewer: Reviewer,
    org_id: str,
    approval_id: str,
    verdict: Verdict,
    reason: str,
    look: Look,
) -> Decided:
    """Give one person's verdict on an approval.

    Returns:
        Decided: applied; or an identical repeat; or with the refusal to answer: it came
        late, this person may not decide it (the sentence says why), or what was shown is not
        what stands now (`stale_seal`). Refusals are returned so that their events are kept.

    Raises:
        NotFoundError: not in this org.
        InvalidError: the reason is missing or too long, or the verdict is not offered.

    """
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    access = access_of(tx, reviewer, approval)
    if not access.allowed:
        refusal = NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)
        return _refused(tx, reviewer, approval, verdict, refusal)
    _check_reason(approval, reason)
    if approval.status not in OPEN:
        return _late(tx, reviewer, approval, verdict)
    if look.seal is not None and look.seal != seal_of(approval, look.preview_version):
        stale = ConflictError(
            "stale_seal",
            "What you saw has changed since; look at it again and decide then.",
        )
        return _refused(tx, reviewer, approval, verdict, stale)
    # A "no" is always taken, whatever the ask offers: it is the way out.
    if verdict != Verdict.DENY and str(verdict) not in approval.allowed_decisions.split():
        raise InvalidError(f"This approval does not take the verdict {verdict}.")
    return _vote(tx, reviewer, approval, verdict, reason, look)


def _refused(
    tx: Transaction,
    reviewer: Reviewer,
    approval: Approval,
    verdict: Verdict,
    refusal: DeskError,
) -> Decided:
    tell_refused(
        tx,
        approval,
        reviewer.actor,
        refusal,
        verdict=str(verdict),
        channel=reviewer.channel,
        address=reviewer.address,
    )
    return Decided(approval, applied=False, refusal=refusal)


def _check_reason(approval: Approval, reason: str) -> None:
    if len(reason) > REASON_MAX:
        raise InvalidError(
            f"The reason is longer than {REASON_MAX} characters; shorten it."
        )
    if approval.require_reason and not reason.strip():
        raise InvalidError("A reason is required for this call.", code="reason_required")


def _vote(
    tx: Transaction,
    reviewer: Reviewer,
    approval: Approval,
    verdict: Verdict,
    reason: str,
    look: Look,
) -> Decided:
    before = _votes(tx, approval.id)
    if reviewer.user_id in before:
        refusal = ConflictError(
            "already_decided_by_you", "You have already decided this call."
        )
        same = before[reviewer.user_id] == verdict
        return Decided(approval, applied=False, refusal=None if same else refusal)
    _insert_vote(tx, reviewer, approval, verdict, reason, look)
    outcome = resolve(
        [*before.values(), verdict],
        required=approval.approvals_required,
        denials=approval.denials_required,
    )
    note: dict[str, object] = {
        "verdict": str(verdict),
        "reason": reason,
        "who": reviewer.display,
        "channel": reviewer.channel,
        "session": reviewer.session_id,
        "address": reviewer.address,
        "user_agent": reviewer.user_agent,
        "seal": look.seal,
        "opened_full": look.opened_full,
        "seconds": look.seconds,
    }
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
    return Decided(_settle(tx, reviewer, approval, outcome, note), applied=True)


def _votes(tx: Transaction, approval_id: str) -> dict[str, str]:
    rows = tx.execute(
        select(_decisions.c.user_id, _decisions.c.verdict).where(
            _decisions.c.approval_id == approval_id
        )
    )
    return {row.user_id: row.verdict for row in rows}


def _insert_vote(
    tx: Transaction,
    reviewer: Reviewer,
    approval: Approval,
    verdict: Verdict,
    reason: str,
    look: Look,
) -> None:
    tx.execute(
        insert(_decisions),
        {
            "id": new_id("dec", tx.now),
            "org_id": approval.org_id,
            "approval_id": approval.id,
            "user_id": reviewer.user_id,
            "verdict": verdict,
            "reason": reason,
            "seal": look.seal,
            "channel": reviewer.channel,
            "at": tx.now,
        },
    )


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
    reviewer: Reviewer,
    approval: Approval,
    outcome: Status,
    note: dict[str, object],
) -> Approval:
    """Move it, with the deadline and the reviewer's membership checked by the UPDATE itself."""
    values = {
        "decided_by": reviewer.user_id,
        "decided_at": tx.now,
        "settled_at": tx.now,
        "resolution": Resolution.REVIEWER
        if approval.approvals_required <= 1
        else Resolution.QUORUM,
    }
    if outcome is Status.APPROVED:
        values["usable_until"] = max(approval.expires_at, tx.now + USE_WINDOW)
    return move(
        tx,
        approval,
        outcome,
        actor=reviewer.actor,
        action="approval.decided",
        values=values,
        guard=_IN_TIME_BY_A_MEMBER,
        given={"when_now": tx.now, "when_user": reviewer.user_id},
        note=note,
    )


def _late(
    tx: Transaction, reviewer: Reviewer, approval: Approval, verdict: Verdict
) -> Decided:
    """Answer a verdict on a settled approval: a repeat of one's winning vote is a success."""
    mine = _votes(tx, approval.id).get(reviewer.user_id)
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

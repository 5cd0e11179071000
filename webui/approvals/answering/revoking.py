"""Taking a yes back, before its one use."""

from webui.approvals.answering.mandate import given_to_guard, guard_of, refused
from webui.approvals.answering.reviewing import Decided, Reviewer, access_of, actor_of
from webui.approvals.answering.votes import check_reason
from webui.approvals.desk import load, move
from webui.approvals.ending import current_status, end_if_over
from webui.approvals.errors import ConflictError
from webui.approvals.states import OPEN, Resolution, Status
from webui.approvals.words import NOT_USABLE
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.transaction import Transaction


def revoke(
    tx: Transaction, reviewer: Reviewer, org_id: str, approval_id: str, reason: str
) -> Decided:
    """Take back a yes that nobody has used. Whoever may decide the call may do so.

    It and the agent's `consume` are both guarded moves of the same row: one of them wins.

    Returns:
        Decided: applied; or it was taken back already; or with the refusal to answer.

    Raises:
        NotFoundError: not in this org.
        InvalidError: the reason is missing or too long.
        ConflictError: the agent was faster.

    """
    approval = end_if_over(tx, load(tx, org_id, approval_id))
    actor = actor_of(tx, reviewer, org_id)
    access = access_of(tx, actor, approval)
    if not access.allowed:
        return refused(tx, reviewer, approval, "revoke", access)
    check_reason(approval, reason)
    if approval.status == Status.REVOKED:
        return Decided(approval, applied=False)
    if approval.status != Status.APPROVED:
        return refused(tx, reviewer, approval, "revoke", _too_late(approval, tx.now))
    note = {
        "reason": reason,
        "who": reviewer.display,
        "channel": reviewer.channel,
        "session": reviewer.session_id,
        "address": reviewer.address,
        "access": access.reason,
        "delegated_by": access.delegator or None,
        "solo": approval.solo,
    }
    taken = move(
        tx,
        approval,
        Status.REVOKED,
        actor=reviewer.actor,
        action="approval.revoked",
        values={"resolution": Resolution.REVOKED},
        guard=guard_of(access, taking_back=True),
        given=given_to_guard(reviewer, access, tx.now),
        note=note,
    )
    return Decided(taken, applied=True)


def _too_late(approval: Approval, now: int) -> ConflictError:
    status = Status(current_status(approval, now))
    if approval.settles_at is not None:
        return ConflictError(
            "not_approved",
            sentence(
                "The verdict on it can still be undone, by who gave it; once it is "
                "approved you can take that back."
            ),
        )
    if status in OPEN:
        return ConflictError(
            "not_approved",
            sentence("Nobody has approved it yet; deny it if it must not run."),
        )
    code, why = NOT_USABLE[status]
    return ConflictError(
        code, sentence("There is no yes left to take back. %(why)s", why=why)
    )

"""Undoing one's own verdict before it settles."""

from sqlalchemy import select

from webui.approvals.answering.mandate import refused
from webui.approvals.answering.reviewing import Decided, Reviewer, access_of, actor_of
from webui.approvals.answering.settlement import settlement_of
from webui.approvals.answering.settling import take_back
from webui.approvals.desk import load
from webui.approvals.ending import current_status, expire_if_over
from webui.approvals.errors import ConflictError, NotAllowedError
from webui.approvals.states import OPEN, ReplyState
from webui.approvals.words import settled_by
from webui.sentences import sentence
from webui.store.models import Approval, User
from webui.store.models.approval import SETTLES
from webui.store.transaction import Transaction


def undo(tx: Transaction, reviewer: Reviewer, org_id: str, approval_id: str) -> Decided:
    """Take one's own verdict back while it has not settled the approval.

    While one is on its way to an upstream, whoever may decide can take it back: it may be that
    it never gets there. If it has got there already, the upstream's word will count.

    A denial takes those back with it that it had taken along in its session.

    Returns:
        Decided: applied; or with the refusal to answer.

    Raises:
        NotFoundError: not in this org.
        UnreadableError: what was kept of the verdict cannot be read; it settles nothing.

    """
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    actor = actor_of(tx, reviewer, org_id)
    access = access_of(tx, actor, approval)
    if not access.allowed:
        return refused(tx, reviewer, approval, "undo", access)
    if approval.settles_at is None:
        return refused(tx, reviewer, approval, "undo", _nothing(tx, approval))
    verdict = settlement_of(tx.session, tx.keyring, approval)
    sending = approval.reply_state == ReplyState.SENDING
    if not sending and not actor.is_one_of((verdict.user_id,)):
        theirs = NotAllowedError(
            "not_yours", sentence("Only who gave a verdict can undo it.")
        )
        return refused(tx, reviewer, approval, "undo", theirs)
    take_back(tx, approval, verdict, reviewer.actor, "undone")
    for other in _taken_along(tx, approval):
        followed = settlement_of(tx.session, tx.keyring, other)
        same = followed.note.get("because_of") == approval.id
        if same and followed.user_id == verdict.user_id:
            take_back(tx, other, followed, reviewer.actor, "undone")
    return Decided(approval, applied=True)


def _nothing(tx: Transaction, approval: Approval) -> ConflictError:
    if approval.status in OPEN:
        return ConflictError("nothing_to_undo", sentence("There is no verdict to undo."))
    who = tx.session.scalar(select(User.display_name).where(User.id == approval.decided_by))
    settled = settled_by(current_status(approval, tx.now), who, approval.resolution)
    return ConflictError(
        "already_settled", sentence("Too late to undo it. %(settled)s", settled=settled)
    )


def _taken_along(tx: Transaction, first: Approval) -> list[Approval]:
    """Return the other approvals of its session with a verdict that can still be undone."""
    if first.session is None:
        return []
    return list(
        tx.session.scalars(
            select(Approval)
            .where(
                Approval.org_id == first.org_id,
                Approval.agent_id == first.agent_id,
                Approval.session == first.session,
                SETTLES,
                Approval.settles_at > tx.now,
                Approval.id != first.id,
            )
            .order_by(Approval.id)
            .with_for_update(),
            execution_options={"populate_existing": True},
        )
    )

"""A denial that takes the other waiting calls of its session along."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.answering.claiming import holder_of
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Decided, Look, Reviewer, actor_of
from webui.approvals.desk import load
from webui.approvals.errors import ConflictError
from webui.approvals.states import OPEN, Verdict
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.queries.calls import LEFT_BEHIND, agent_of
from webui.store.queries.seeing import Seen, any_of
from webui.store.rare import rare
from webui.store.transaction import Transaction


def others_of_session(
    session: Session, approval: Approval, now: int, seen: Seen
) -> Sequence[Approval]:
    """Return the other open approvals of its agent's session that a person may see."""
    if approval.session is None:
        return ()
    found = session.scalars(
        select(Approval)
        .where(
            Approval.org_id == approval.org_id,
            agent_of == approval.agent_id,
            Approval.session == approval.session,
            rare(Approval.status.in_(OPEN)),
            Approval.expires_at > now,
            Approval.id != approval.id,
            *any_of(seen),
        )
        .options(*LEFT_BEHIND)
    )
    # put in order here: there, SQLite might walk all approvals in this order
    return sorted(found, key=lambda each: each.id)


def deny_along(
    tx: Transaction, reviewer: Reviewer, first: Approval, approval_id: str, reason: str
) -> Decided:
    """Deny one approval because of the first; one that somebody else has claimed is theirs.

    Raises:
        DeskError: as `decide` does.

    """
    approval = load(tx, first.org_id, approval_id)
    holder = holder_of(approval, tx.now)
    if holder and not actor_of(tx, reviewer, first.org_id).is_one_of((holder,)):
        theirs = ConflictError(
            "claimed_by_another",
            sentence("Somebody else has claimed it, so it was left to them."),
        )
        return Decided(approval, applied=False, refusal=theirs)
    look = Look(None, 0)
    return decide(
        tx,
        reviewer,
        first.org_id,
        approval_id,
        Verdict.DENY,
        reason,
        look,
        because_of=first.id,
    )

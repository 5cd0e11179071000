"""Showing somebody a masked value: recorded before it is shown, by path, never by value."""

from webui.approvals.answering.mandate import refused
from webui.approvals.answering.reviewing import (
    Decided,
    Look,
    Reviewer,
    access_of,
    actor_of,
    seal_of,
)
from webui.approvals.authorization import REVEAL
from webui.approvals.desk import facts, load, subject
from webui.approvals.errors import ConflictError, NotAllowedError
from webui.sentences import sentence
from webui.store.transaction import Transaction


def reveal(
    tx: Transaction,
    reviewer: Reviewer,
    org_id: str,
    approval_id: str,
    look: Look,
    path: str,
    part: str = "arguments",
) -> Decided:
    """Record that this person is shown one masked value of an approval, if they may be.

    Args:
        tx: the transaction; only once it is committed may the value be shown.
        reviewer: who.
        org_id: whose approval.
        approval_id: which.
        look: what they had in front of them, so that it is that value and no other.
        path: the JSON pointer of the value, masks standing for the names that are masked.
        part: of what: the arguments, or where and how it runs.

    Raises:
        NotFoundError: not in this org.

    """
    approval = load(tx, org_id, approval_id)
    if reviewer.agent_context:
        agent = NotAllowedError(
            "agent_context", sentence("What is masked is for people's eyes only.")
        )
        return refused(tx, reviewer, approval, "reveal", agent)
    access = access_of(tx, actor_of(tx, reviewer, org_id), approval, REVEAL)
    if not access.allowed:
        return refused(tx, reviewer, approval, "reveal", access)
    if look.seal != seal_of(approval, look.preview_version):
        changed = ConflictError(
            "stale_seal",
            sentence("This call changed since it was shown; look at it again."),
        )
        return refused(tx, reviewer, approval, "reveal", changed)
    note = {
        "who": reviewer.display,
        "channel": reviewer.channel,
        "session": reviewer.session_id,
        "seal": look.seal,
        "part": part,
        "path": path,
    }
    tx.record(
        org_id,
        reviewer.actor,
        "approval.revealed",
        subject(approval.id),
        facts(approval) | note,
    )
    return Decided(approval, applied=True)

"""The conversation about an approval: reviewers and the agent, until it is settled.

A message decides nothing and never changes the version. One of the agent's brings an approval
that a reviewer asked changes of back to those who wait for a decision.
"""

from webui.approvals.answering.mandate import refused
from webui.approvals.answering.messages import check_text, keep
from webui.approvals.answering.reviewing import Decided, Reviewer, access_of, actor_of
from webui.approvals.asking import throttling
from webui.approvals.asking.ask import Filer
from webui.approvals.desk import load, move
from webui.approvals.ending import current_status, expire_if_over
from webui.approvals.errors import ConflictError
from webui.approvals.states import OPEN, Status
from webui.approvals.use.leases import own
from webui.approvals.words import STATUS_INSIDE
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.transaction import Transaction

MOST = 200
"""Messages about one approval; what needs more of them needs a telephone. A verdict that is a
message has always room: the people who can give one are few."""
MOST_BEFORE_AGENT = 150
"""Messages after which the agent is heard no more, so that it never silences its reviewers."""
RATE = 30
"""Messages an agent may send in a minute, over all its approvals; the burst is twice that."""


def say(
    tx: Transaction, reviewer: Reviewer, org_id: str, approval_id: str, text: str
) -> Decided:
    """Write to the agent about an open approval; whoever may decide it may.

    Args:
        tx: the transaction.
        reviewer: who.
        org_id: the org they are in.
        approval_id: which.
        text: what to say.

    Raises:
        NotFoundError: not in this org.
        InvalidError: the text is empty or too long.

    """
    check_text(text)
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    access = access_of(tx, actor_of(tx, reviewer, org_id), approval)
    if not access.allowed:
        return refused(tx, reviewer, approval, "message", access)
    if approval.status not in OPEN:
        return refused(tx, reviewer, approval, "message", _over(approval, tx.now))
    _refuse_full(approval, MOST)
    keep(tx, approval, reviewer.actor, text)
    return Decided(approval, applied=True)


def reply(tx: Transaction, filer: Filer, approval_id: str, text: str) -> Approval:
    """Write to the reviewers about the agent's own open approval.

    If a reviewer has asked for changes, this is the answer, and it waits for a decision again.

    Raises:
        NotFoundError: it is not this agent's.
        InvalidError: the text is empty or too long.
        ConflictError: it is settled; or the conversation is full.
        TooManyError: back-pressure.

    """
    check_text(text)
    approval = expire_if_over(tx, own(tx, filer, approval_id))
    if approval.status not in OPEN:
        raise _over(approval, tx.now)
    throttling.spend(
        tx,
        f"messages:{filer.actor}",
        per_minute=RATE,
        detail="This agent writes more than anybody can read; send the rest later.",
    )
    if approval.status != Status.NEEDS_REVISION:  # whoever was asked may answer
        _refuse_full(approval, MOST_BEFORE_AGENT)
    keep(tx, approval, filer.actor, text)
    if approval.status == Status.NEEDS_REVISION:
        approval = move(
            tx, approval, Status.PENDING, actor=filer.actor, action="approval.resumed"
        )
    return approval


def _refuse_full(approval: Approval, most: int) -> None:
    if approval.message_count >= most:
        raise ConflictError(
            "conversation_full",
            sentence(
                "There are %(most)s messages about this call already; decide it, or "
                "ask anew.",
                most=most,
            ),
        )


def _over(approval: Approval, now: int) -> ConflictError:
    word = STATUS_INSIDE[Status(current_status(approval, now))]
    return ConflictError(
        "already_settled",
        sentence("Nothing is left to talk about here: %(word)s.", word=word),
    )

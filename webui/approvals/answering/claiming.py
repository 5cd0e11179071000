"""Claims: whoever looks into a call says so, so that two people do not read it in vain.

A claim is a courtesy under a lease. It decides nothing, keeps nobody from deciding, and never
changes the version: a form that somebody has open stays good.
"""

from sqlalchemy import update

from webui.approvals.answering.mandate import refused
from webui.approvals.answering.reviewing import Decided, Reviewer, access_of, actor_of
from webui.approvals.answering.votes import voices, votes_on
from webui.approvals.desk import facts, load, subject
from webui.approvals.ending import current_status, expire_if_over
from webui.approvals.errors import ConflictError
from webui.approvals.states import OPEN, Status
from webui.approvals.words import STATUS_INSIDE
from webui.sentences import sentence
from webui.store.models import Approval, table_of
from webui.store.transaction import Transaction

_approvals = table_of(Approval)


def holder_of(approval: Approval, now: int) -> str | None:
    """Return the user id of who looks into an open approval at `now` (ms); none for nobody."""
    alive = approval.claim_expires_at is not None and approval.claim_expires_at > now
    return approval.claimed_by if alive and approval.status in OPEN else None


def claim(
    tx: Transaction, reviewer: Reviewer, org_id: str, approval_id: str, *, lease: int
) -> Decided:
    """Say that this person looks into an open approval, for `lease` ms from now.

    Whoever may decide may also take it over from somebody else: the event says from whom.
    Claiming anew makes one's own claim last longer.

    Raises:
        NotFoundError: not in this org.

    """
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    actor = actor_of(tx, reviewer, org_id)
    voted = voices(votes_on(tx, approval.id))
    access = access_of(tx, actor, approval, decided_by=voted)
    if not access.allowed:
        return refused(tx, reviewer, approval, "claim", access)
    if approval.status not in OPEN:
        return refused(tx, reviewer, approval, "claim", _settled(approval, tx.now))
    before = holder_of(approval, tx.now)
    _hold(tx, approval, reviewer.user_id, tx.now + lease)
    note = {
        "who": reviewer.display,
        "channel": reviewer.channel,
        "until": approval.claim_expires_at,
        "taken_from": None if before == reviewer.user_id else before,
    }
    tx.record(
        org_id,
        reviewer.actor,
        "approval.claimed",
        subject(approval.id),
        facts(approval) | note,
    )
    return Decided(approval, applied=True)


def release(tx: Transaction, reviewer: Reviewer, org_id: str, approval_id: str) -> Decided:
    """Let go of one's own claim; without one there is nothing to do, which is fine.

    Raises:
        NotFoundError: not in this org.

    """
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    holder = holder_of(approval, tx.now)
    if holder is None:
        return Decided(approval, applied=False)
    if holder != reviewer.user_id:
        others = ConflictError(
            "claimed_by_another",
            sentence("Somebody else has claimed it; claim it yourself to take it over."),
        )
        return Decided(approval, applied=False, refusal=others)
    _hold(tx, approval, None, None)
    note = {"who": reviewer.display, "channel": reviewer.channel}
    tx.record(
        org_id,
        reviewer.actor,
        "approval.released",
        subject(approval.id),
        facts(approval) | note,
    )
    return Decided(approval, applied=True)


def _hold(
    tx: Transaction, approval: Approval, user_id: str | None, until: int | None
) -> None:
    values = {"claimed_by": user_id, "claim_expires_at": until}
    tx.execute(update(_approvals).where(_approvals.c.id == approval.id).values(values))
    approval.claimed_by, approval.claim_expires_at = user_id, until


def _settled(approval: Approval, now: int) -> ConflictError:
    word = STATUS_INSIDE[Status(current_status(approval, now))]
    return ConflictError(
        "already_settled", sentence("Nothing is left to look into: %(word)s.", word=word)
    )

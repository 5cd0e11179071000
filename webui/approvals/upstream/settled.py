"""What an upstream says became of what it asked: its word counts, whatever was said here.

Every verb may come again, late, or while one of ours is on its way; each locks the approval
first, so that one of them is the first. Source: spec approvals.md, "Upstream-owned approvals".
"""

from collections.abc import Collection

from sqlalchemy import select

from webui.approvals.answering.carrying import carry_out
from webui.approvals.answering.sending import filer_of
from webui.approvals.answering.settlement import (
    Settlement,
    UnreadableError,
    settlement_of,
)
from webui.approvals.answering.settling import take_back_kept
from webui.approvals.desk import SYSTEM, end_unsettled, facts, load, move, subject
from webui.approvals.ending import expire_if_over
from webui.approvals.states import OPEN, YES, ReplyState, Resolution, Status, Verdict
from webui.approvals.upstream.rows import UNDER_WAY, latest, note, stop
from webui.approvals.use.using import use_upstream
from webui.sentences import Sentence, sentence
from webui.store.models import Approval, Reply, Source
from webui.store.transaction import Transaction

USE_WINDOW = 300_000
"""ms in which the use of a confirmed yes is written down: at once, in fact."""
GONE = sentence("The source waits for it no more and does not say what became of it.")


def settled_upstream(
    tx: Transaction,
    source_id: str,
    source_ref: str,
    *,
    approved: bool,
    by: str | None = None,
    cascade: bool = False,
) -> Approval | None:
    """Settle an approval as its upstream has settled it.

    Args:
        tx: the transaction.
        source_id: which source said so.
        source_ref: of what it asked under this reference, last.
        approved: what its answer was.
        by: who gave it there, if the source says.
        cascade: it fell with another call that was denied.

    Returns:
        The approval as it stands now; None if nothing was asked under this reference.

    """
    approval = _asked(tx, source_id, source_ref)
    if approval is not None:
        settle_as(tx, approval, approved=approved, by=by, cascade=cascade)
    return approval


def settle_as(
    tx: Transaction,
    approval: Approval,
    *,
    approved: bool,
    by: str | None = None,
    cascade: bool = False,
) -> None:
    """Settle a locked approval as `settled_upstream` does.

    A verdict of ours that cannot be read counts for nothing: then the upstream's word is all
    that is known, and stands as its own.
    """
    approval = expire_if_over(tx, approval)
    if approval.status not in OPEN:
        _compare(tx, approval, approved=approved, by=by)
        return
    if approval.settles_at is not None:
        verdict = _readable(tx, approval)
        sent = approval.reply_state == ReplyState.SENDING
        if sent and verdict is not None and (verdict.to == Status.APPROVED) == approved:
            values = {"reply_state": ReplyState.CONFIRMED}
            confirmed(tx, carry_out(tx, approval, verdict, values))
            return
        take_back_kept(tx, approval, "upstream_replied")
    _settle(tx, approval, approved=approved, by=by, cascade=cascade)


def _readable(tx: Transaction, approval: Approval) -> Settlement | None:
    """Return the verdict that is kept; None if nobody can say any more what it was."""
    try:
        return settlement_of(tx.session, tx.keyring, approval)
    except UnreadableError:
        return None


def confirmed(tx: Transaction, approval: Approval) -> Approval:
    """Write down that it was told, and that its upstream runs it now if it may."""
    stop(tx, approval, ReplyState.CONFIRMED)
    _tell(tx, approval, "approval.reply_confirmed")
    if approval.status == Status.APPROVED:
        # it runs, however late we hear of it
        until = max(approval.usable_until or 0, tx.now + USE_WINDOW)
        note(tx, approval, usable_until=until)
        use_upstream(tx, filer_of(approval), approval)
    return approval


def _settle(
    tx: Transaction, approval: Approval, *, approved: bool, by: str | None, cascade: bool
) -> None:
    name = (
        by
        or tx.session.scalars(
            select(Source.name).where(Source.id == approval.source_id)
        ).one_or_none()
    )
    values: dict[str, object] = {
        "decided_by": f"source:{approval.source_id}",
        "decided_at": min(tx.now, approval.expires_at - 1),
        "settled_at": tx.now,
        "resolution": Resolution.CASCADE if cascade else Resolution.UPSTREAM_REPLIED,
        "reply_state": ReplyState.CONFIRMED,
    }
    said = {
        "verdict": str(Verdict.APPROVE if approved else Verdict.DENY),
        "reason": "",
        "who": name,
        "channel": "upstream",
    }
    to = Status.APPROVED if approved else Status.DENIED
    action = "approval.decided"
    moved = move(tx, approval, to, actor=SYSTEM, action=action, values=values, note=said)
    confirmed(tx, moved)


def _compare(
    tx: Transaction, approval: Approval, *, approved: bool, by: str | None
) -> None:
    """Take the upstream's word on what is settled here already: it changes nothing here."""
    under_way = approval.reply_state in UNDER_WAY
    failed = approval.reply_state == ReplyState.FAILED
    if approved == (approval.status in YES):
        if under_way or failed:
            confirmed(tx, approval)
        return
    if under_way or failed or approval.reply_state == ReplyState.CONFIRMED:
        stop(tx, approval, ReplyState.GONE, _otherwise(approved=approved))
        verdict = str(Verdict.APPROVE if approved else Verdict.DENY)
        _tell(tx, approval, "approval.reply_overruled", verdict=verdict, who=by)
    if approval.status == Status.APPROVED:  # by a rule or a grant; the upstream runs it not
        _revoke(tx, approval)


def _otherwise(*, approved: bool) -> Sentence:
    if approved:
        return sentence("The source had allowed it by then.")
    return sentence("The source had denied it by then.")


def gone_upstream(tx: Transaction, source_id: str, source_ref: str) -> Approval | None:
    """Settle what an upstream no longer knows, and says nothing of: never as our verdict.

    Returns:
        The approval as it stands now; None if nothing was asked under this reference.

    """
    approval = _asked(tx, source_id, source_ref)
    if approval is not None:
        settle_as_gone(tx, approval)
    return approval


def settle_as_gone(tx: Transaction, approval: Approval, why: str = GONE) -> None:
    """Settle a locked approval as `gone_upstream` does."""
    approval = expire_if_over(tx, approval)
    if approval.reply_state not in UNDER_WAY | {ReplyState.FAILED}:
        return
    if approval.settles_at is not None:
        take_back_kept(tx, approval, "gone")
    stop(tx, approval, ReplyState.GONE, why)
    _tell(tx, approval, "approval.reply_gone", error=why)
    if approval.status in OPEN:
        end_unsettled(tx, approval, Status.CANCELLED, Resolution.DISPOSED, actor=SYSTEM)
    elif approval.status == Status.APPROVED:
        _revoke(tx, approval)


def _revoke(tx: Transaction, approval: Approval) -> None:
    """Leave no yes standing that nobody will use."""
    values = {"resolution": Resolution.UPSTREAM_REPLIED}
    action = "approval.revoked"
    move(tx, approval, Status.REVOKED, actor=SYSTEM, action=action, values=values)


def reconcile(
    tx: Transaction,
    source_id: str,
    pending_refs: Collection[str],
    *,
    listed_at: int | None = None,
) -> list[str]:
    """Settle as gone what an upstream's own list of what waits does not name any more.

    An attempt under way is left alone: its answer says more than the list.

    Args:
        tx: the transaction.
        source_id: whose list.
        pending_refs: the references on it, all of them.
        listed_at: when it was asked for, ms; what was filed since is left alone.

    Returns:
        The ids of what was settled so.

    """
    listed, gone = set(pending_refs), list[str]()
    for approval in _open_of(tx, source_id):
        reply = tx.session.get_one(Reply, approval.id, populate_existing=True)
        new = listed_at is not None and approval.created_at >= listed_at
        if new or reply.source_ref in listed or (reply.lease_until or 0) > tx.now:
            continue
        settle_as_gone(tx, approval)
        gone.append(approval.id)
    return gone


def dispose(tx: Transaction, source_id: str) -> list[str]:
    """End what is open of a source that is shut down; its upstream is told to reject it.

    A verdict on its way stays there: it is taken up again at the next start.

    Returns:
        The ids of what was ended.

    """
    ended = list[str]()
    for each in _open_of(tx, source_id):
        approval = expire_if_over(tx, each)
        if approval.status in OPEN and approval.reply_state == ReplyState.OPEN:
            disposed = Resolution.DISPOSED
            end_unsettled(tx, approval, Status.CANCELLED, disposed, actor=SYSTEM)
            ended.append(approval.id)
    return ended


def _open_of(tx: Transaction, source_id: str) -> list[Approval]:
    ids = select(Reply.approval_id).where(Reply.source_id == source_id)
    found = tx.session.scalars(
        select(Approval)
        .where(
            Approval.id.in_(ids),
            Approval.status.in_(OPEN),
            Approval.reply_state.in_(UNDER_WAY),
        )
        .order_by(Approval.id)
        .with_for_update(),
        execution_options={"populate_existing": True},
    ).all()
    tx.read_clock()
    return list(found)


def _asked(tx: Transaction, source_id: str, source_ref: str) -> Approval | None:
    known = latest(tx, source_id, source_ref)
    if known is None:
        return None
    org_id = tx.session.scalars(select(Source.org_id).where(Source.id == source_id)).one()
    return load(tx, org_id, known)


def _tell(tx: Transaction, approval: Approval, action: str, **more: object) -> None:
    said = facts(approval) | more
    tx.record(approval.org_id, SYSTEM, action, subject(approval.id), said)

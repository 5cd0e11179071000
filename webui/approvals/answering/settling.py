"""How a verdict settles an approval: at once, or when the time to undo it is over.

Until then the approval stays as it was: its agent sees nothing, and no other verdict is taken.
What the verdict will change is kept with the approval, encrypted, and happens as of the moment
at which it was given. It never waits past the deadline, so the deadline is judged by then.
Source: spec approvals.md, "Undo window".
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, update

from webui.approvals.answering.carrying import carry_out, grant_of
from webui.approvals.answering.holding import why_gone
from webui.approvals.answering.sending import goes_back, send
from webui.approvals.answering.settlement import (
    Settlement,
    UnreadableError,
    sealed,
    settlement_of,
)
from webui.approvals.desk import SYSTEM, Guard, facts, subject
from webui.approvals.errors import ConflictError, DeskError
from webui.approvals.ruling.counting import give_back
from webui.approvals.states import ReplyState
from webui.approvals.upstream.rows import stop
from webui.sentences import sentence
from webui.store.loaded import as_loaded
from webui.store.models import Approval, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

_approvals = table_of(Approval)


def settle(tx: Transaction, approval: Approval, verdict: Settlement) -> Approval:
    """Settle an approval by a verdict now, or once it can be undone no more.

    One that an upstream settles waits on from there, until the upstream has confirmed it.

    Raises:
        DeskError: somebody was faster, or what the verdict rests on is gone.
        InvalidError: the standing grant that it is to make cannot be given.

    """
    if approval.undo_window > 0:
        return _hold(tx, approval, verdict)
    return settle_at_once(tx, approval, verdict)


def settle_at_once(tx: Transaction, approval: Approval, verdict: Settlement) -> Approval:
    """Settle an approval by a verdict that nobody can undo; raises as `settle` does."""
    if not goes_back(approval, verdict):
        return carry_out(tx, approval, verdict)
    held = _hold(tx, approval, verdict, 0)
    send(tx, held, verdict)
    return held


def _hold(
    tx: Transaction, approval: Approval, verdict: Settlement, window: int | None = None
) -> Approval:
    grant_of(tx, approval, verdict)  # refused now, and not when nobody looks any more
    window = approval.undo_window if window is None else window
    settles_at = min(tx.now + window, approval.expires_at)
    kept = {
        "new_settles_at": settles_at,
        "new_settling": sealed(tx, approval, verdict),
        "old_id": approval.id,
        "old_org": approval.org_id,
        "old_version": approval.version,
    }
    done = tx.row(_keeping(verdict.guard), {**kept, **verdict.mandate})
    if done is None:
        raise ConflictError(
            "wrong_status", sentence("Somebody else was faster, or the time is over.")
        )
    waits = as_loaded(Approval, done)
    note = dict(verdict.note) | {"settles_at": settles_at}
    tx.record(
        approval.org_id,
        verdict.actor,
        "approval.settling",
        subject(approval.id),
        facts(waits) | note,
    )
    return waits


@lru_cache(maxsize=4)
def _keeping(guard: Guard) -> Prepared:
    return Prepared(
        update(_approvals)
        .where(
            _approvals.c.id == bindparam("old_id"),
            _approvals.c.org_id == bindparam("old_org"),
            _approvals.c.version == bindparam("old_version"),
            _approvals.c.settles_at.is_(None),
            *guard.conditions,
        )
        .values(settles_at=bindparam("new_settles_at"), settling=bindparam("new_settling"))
        .returning(*_approvals.c)
    )


def settle_if_due(tx: Transaction, approval: Approval) -> Approval:
    """Return the approval, settled by the verdict that can be undone no more, if there is one.

    What that verdict rests on is read once more, as for every other; without it the verdict
    is taken back, and the approval waits for others or expires. So it does where what was kept
    of the verdict cannot be read: nobody knows then what it said.
    """
    if not is_due(approval, tx.now):
        return approval
    try:
        verdict = settlement_of(tx.session, tx.keyring, approval)
    except UnreadableError as error:
        return take_back(tx, approval, None, SYSTEM, error.code, why=error.detail)
    gone = why_gone(tx, approval, verdict)
    if gone is not None:
        return take_back(tx, approval, verdict, SYSTEM, gone.code, why=gone.detail)
    try:
        if goes_back(approval, verdict):
            return send(tx, approval, verdict)
        return carry_out(tx, approval, verdict)
    except DeskError as error:
        return take_back(tx, approval, verdict, SYSTEM, error.code, why=error.detail)


def is_due(approval: Approval, now: int) -> bool:
    """Say whether a verdict settles it now, and nobody has written that down yet.

    On its way to an upstream it settles nothing, until that has confirmed it.
    """
    return (
        approval.settles_at is not None
        and approval.settles_at <= now
        and approval.reply_state != ReplyState.SENDING
    )


def take_back_kept(
    tx: Transaction, approval: Approval, cause: str, error: str | None = None
) -> Approval:
    """Do as `take_back` does with the verdict that is kept, whether it can be read or not."""
    try:
        verdict, why = settlement_of(tx.session, tx.keyring, approval), None
    except UnreadableError as unreadable:
        verdict, why = None, unreadable.detail
    return take_back(tx, approval, verdict, SYSTEM, cause, error, why)


def take_back(
    tx: Transaction,
    approval: Approval,
    verdict: Settlement | None,
    actor: str,
    cause: str,
    error: str | None = None,
    why: str | None = None,
) -> Approval:
    """Let an approval wait for a verdict again, as if this one had not been given.

    One on its way to an upstream is told there no more; `error` says why it did not get there.
    Of one that cannot be read there is nothing to say but that; `why` is the sentence for people.
    """
    nothing: dict[str, Any] = {"settles_at": None, "settling": None}
    if approval.reply_state == ReplyState.SENDING:
        give_back(tx, approval.org_id, approval.reserved)
        nothing["reserved"] = None
        stop(tx, approval, ReplyState.OPEN, error)
    tx.execute(update(_approvals).where(_approvals.c.id == approval.id).values(**nothing))
    approval.__dict__.update(nothing)
    note = {
        "verdict": None if verdict is None else verdict.note.get("verdict"),
        "given_by": None if verdict is None else verdict.actor,
        "given_at": None if verdict is None else verdict.at,
        "cause": cause,
        **({} if why is None else {"why": why}),
    }
    tx.record(
        approval.org_id,
        actor,
        "approval.undone",
        subject(approval.id),
        facts(approval) | note,
    )
    return approval

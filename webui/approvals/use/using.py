"""The one use of an approved call: consume, renew, give back, say how it ended."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, or_, select

from webui.approvals.asking import idempotency
from webui.approvals.asking.ask import Ask, Filed, Filer, Limits
from webui.approvals.asking.intake import find_or_file, live_twin
from webui.approvals.asking.twins import same_people
from webui.approvals.desk import Guard, load, move
from webui.approvals.ending import current_status, end_if_over
from webui.approvals.errors import ConflictError, DeskError
from webui.approvals.grants.covering import stands_for
from webui.approvals.ruling.rulings import ruled, take
from webui.approvals.states import LIVE, Status, Unreported
from webui.approvals.telling import record_call, refuse_running, refuse_use
from webui.approvals.use.leases import (
    Lease,
    end_unreported,
    hash_of_lease,
    lease_token,
    own,
)
from webui.approvals.words import NOT_USABLE
from webui.store.ids import new_id
from webui.store.models import Approval, Consumption, table_of
from webui.store.prepared import Prepared
from webui.store.queries import calls
from webui.store.queries.calls import Vote
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_consumptions = table_of(Consumption)
_insert_consumption = Prepared(insert(_consumptions))
_start_of = Prepared(
    select(_consumptions.c.started_at).where(_consumptions.c.id == bindparam("id"))
)
_USABLE = Guard(
    (
        or_(
            _approvals.c.fingerprint == bindparam("when_fingerprint"),
            _approvals.c.edited_fingerprint == bindparam("when_fingerprint"),
        ),
        _approvals.c.usable_until > bindparam("when_now"),
        _approvals.c.attempts < _approvals.c.max_attempts,
    )
)


PrintUnder = Callable[[str | None], str]
"""The fingerprint of a call, given the hash of its rule."""


@dataclass(frozen=True, slots=True)
class Used:
    """A use that was granted: run exactly the approval's effective arguments, now, once."""

    approval: Approval
    votes: list[Vote]
    consumption_id: str
    started_at: int
    lease_token: str
    lease_expires_at: int


def consume(
    tx: Transaction,
    filer: Filer,
    approval_id: str,
    about_to_run: str | PrintUnder,
    lease: Lease,
    key: idempotency.Key | None = None,
) -> Used | DeskError:
    """Take the one use of an approved call.

    Args:
        tx: the transaction.
        filer: the asking agent.
        approval_id: which.
        about_to_run: the fingerprint of what the caller is about to run; or how to compute
            it, given the hash of the rule that it was approved under.
        lease: how long it may take.
        key: of the request; its repeat gets the same use for as long as that use lasts.

    Returns:
        Used, or the refusal; a refusal is returned and not raised, so that a deadline found
        on the way is written down.

    Raises:
        NotFoundError: not this agent's.

    """
    approval = end_if_over(tx, own(tx, filer, approval_id))
    # read once nobody else holds it: a repeat at the same moment may have used it
    known = None if key is None else idempotency.recall(tx, filer.agent_id, key)
    if known is not None and known.consumption_id is not None:
        again = _again(tx, approval, known.consumption_id, report=True)
        return again or refuse_use(tx, filer, approval, _no_more(approval))
    refusal = _why_not(tx, approval, about_to_run)
    if refusal is not None:
        return refuse_use(tx, filer, approval, refusal)
    taken = take(tx, filer, approval)
    if taken.refusal is not None:
        return refuse_use(tx, filer, approval, taken.refusal)
    used = _use(tx, filer, approval, lease, taken.reserved)
    if key is not None:
        idempotency.remember(
            tx,
            filer.agent_id,
            key,
            approval_id=approval.id,
            consumption_id=used.consumption_id,
        )
    return used


def _why_not(
    tx: Transaction, approval: Approval, about_to_run: str | PrintUnder
) -> ConflictError | None:
    if approval.status != Status.APPROVED:
        return ConflictError(*NOT_USABLE[current_status(approval, tx.now)])
    fingerprint = (
        about_to_run if isinstance(about_to_run, str) else about_to_run(approval.rule_hash)
    )
    if fingerprint not in {approval.fingerprint, approval.edited_fingerprint}:
        return ConflictError(
            "fingerprint_mismatch",
            "What you are about to run is not what was approved; ask for it anew.",
        )
    if not stands_for(tx, approval):
        return ConflictError(
            "revoked", "The standing grant that covered this call is over; ask again."
        )
    return None


def gate(
    tx: Transaction,
    filer: Filer,
    ask: Ask,
    limits: Limits,
    lease: Lease,
    key: idempotency.Key | None = None,
) -> Used | Filed | DeskError:
    """Answer "may I do this now?": use a standing approval, or find or file one.

    A key that led to an end (used up, denied, expired, withdrawn) gets that end again; a
    "wait", and a use that was given back, are looked at anew.

    Returns:
        Used, or what to wait for, or the refusal: the same call is running, the use that the
        key got has ended, or a rule has counted enough.

    """
    known = None if key is None else idempotency.recall(tx, filer.agent_id, key)
    if known is not None:
        known_end = _end_of_known(tx, filer, known, report=ask.report)
        if known_end is not None:
            return known_end
    answer = _gate(tx, filer, ask, limits, lease)
    if key is not None and not isinstance(answer, DeskError):
        idempotency.remember(
            tx,
            filer.agent_id,
            key,
            approval_id=answer.approval.id,
            consumption_id=answer.consumption_id if isinstance(answer, Used) else None,
            known=known,
        )
    return answer


def _gate(
    tx: Transaction, filer: Filer, ask: Ask, limits: Limits, lease: Lease
) -> Used | Filed | DeskError:
    ask = ruled(tx, filer, ask)
    twin = None if ask.settled else live_twin(tx, filer, ask.fingerprint)
    if twin is not None and twin.status == Status.EXECUTING:
        return refuse_running(tx, filer, twin)
    if (
        twin is not None
        and twin.status == Status.APPROVED
        and same_people(tx, filer, ask, twin)
    ):
        return _use_now(tx, filer, ask, twin, lease)
    filed = find_or_file(tx, filer, ask, limits)
    made = filed.approval if isinstance(filed, Filed) else None
    # nobody was asked: a rule allows it or a standing grant covers it
    if made is not None and made.status == Status.APPROVED and not made.by_person:
        return _use_now(tx, filer, ask, made, lease)
    return filed


def _use_now(
    tx: Transaction, filer: Filer, ask: Ask, approval: Approval, lease: Lease
) -> Used | DeskError:
    taken = take(tx, filer, approval, ask)
    if taken.refusal is not None:
        return refuse_use(tx, filer, approval, taken.refusal)
    used = _use(tx, filer, approval, lease, taken.reserved)
    record_call(tx, filer, approval, "consumed", consumption=used.consumption_id)
    if not ask.report:
        end_unreported(tx, filer, used.approval, Unreported.NO_REPORT)
    return used


def _use(
    tx: Transaction, filer: Filer, approval: Approval, lease: Lease, reserved: str | None
) -> Used:
    consumption_id = new_id("con", tx.now)
    token = lease_token(tx, consumption_id)
    expires_at = tx.now + lease.length
    moved = move(
        tx,
        approval,
        Status.EXECUTING,
        actor=filer.actor,
        action="approval.consumed",
        values={
            "consumption_id": consumption_id,
            "lease_hash": hash_of_lease(token),
            "lease_expires_at": expires_at,
            "reserved": reserved,
            "attempts": approval.attempts + 1,  # the version says that it is still this
        },
        guard=_USABLE,
        given={"when_fingerprint": approval.fingerprint, "when_now": tx.now},
        note={"consumption": consumption_id},
    )
    tx.run(
        _insert_consumption,
        {
            "id": consumption_id,
            "org_id": moved.org_id,
            "approval_id": moved.id,
            "started_at": tx.now,
        },
    )
    votes = calls.votes_on(tx.connection, moved.id)
    return Used(moved, votes, consumption_id, tx.now, token, expires_at)


def use_upstream(tx: Transaction, filer: Filer, approval: Approval) -> Approval:
    """Use an approved call up that its upstream runs itself, and reports nothing of.

    Raises:
        ConflictError: it was used or taken back meanwhile.

    """
    used = _use(tx, filer, approval, Lease(), approval.reserved)
    return end_unreported(tx, filer, used.approval, Unreported.BY_SOURCE)


def _end_of_known(
    tx: Transaction, filer: Filer, known: idempotency.Known, *, report: bool
) -> Used | Filed | DeskError | None:
    """Return what a key of the gate led to, or none while that is open or given back."""
    approval = end_if_over(tx, load(tx, filer.org_id, known.approval_id))
    if known.consumption_id is None:
        return None if approval.status in LIVE else Filed(approval, reused=True)
    again = _again(tx, approval, known.consumption_id, report=report)
    if again is not None:
        return again
    use = tx.session.get_one(Consumption, known.consumption_id)
    if use.result == "rolled_back":
        return None
    return refuse_use(tx, filer, approval, _no_more(approval))


def _again(
    tx: Transaction, approval: Approval, consumption_id: str, *, report: bool
) -> Used | None:
    """Answer the repeat of a request that got this use, or none if the use is over.

    A repeat must never start a second run: it is told "go" only while the use it got is the
    one that is running, or, where no outcome is reported, for as long as a lease would last.
    """
    if approval.consumption_id != consumption_id or approval.lease_expires_at is None:
        return None
    until = approval.lease_expires_at
    running = Status.EXECUTING if report else Status.CONSUMED
    if approval.status != running or until <= tx.now:
        return None
    started = tx.first(_start_of, {"id": consumption_id})
    assert started is not None  # the approval names it
    votes = calls.votes_on(tx.connection, approval.id)
    token = lease_token(tx, consumption_id)
    return Used(approval, votes, consumption_id, started[0], token, until)


def _no_more(approval: Approval) -> ConflictError:
    """Refuse the repeat of a request whose use is over."""
    if approval.status == Status.APPROVED:
        return ConflictError(
            "rolled_back",
            "The use that this Idempotency-Key got was given back; ask with a new key.",
        )
    return ConflictError(*NOT_USABLE[Status(approval.status)])

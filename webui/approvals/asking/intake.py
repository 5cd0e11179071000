"""Filing a call: dedupe, denial memory, back-pressure, then one row and its events."""

from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql

from webui.approvals.asking import idempotency, throttling
from webui.approvals.asking.ask import Ask, Filed, Filer, Limits
from webui.approvals.asking.filing import row_of
from webui.approvals.asking.superseding import (
    answered_already,
    revised_by,
    supersede,
    supersede_re_asked,
    supersede_under_another_rule,
)
from webui.approvals.asking.twins import displace, fits, raise_risk
from webui.approvals.desk import facts, subject
from webui.approvals.ending import end_if_over, expire_if_over
from webui.approvals.errors import ConflictError, TooManyError
from webui.approvals.grants.covering import covered, tell_use
from webui.approvals.ruling.rulings import counted, ruled
from webui.approvals.states import LIVE, OPEN, Status
from webui.approvals.telling import led_to, record_call, refuse_running
from webui.approvals.upstream.replies import at_filing, keep_way_back
from webui.store.loaded import as_loaded
from webui.store.models import Approval, table_of
from webui.store.models.approval import LIVE_TWIN
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
# Built once: making a statement costs more than running it, and every filing runs these.
_insert_approval = Prepared(insert(_approvals))
_insert_unless_twin = (
    postgresql.insert(_approvals)
    .on_conflict_do_nothing(
        index_elements=["org_id", "agent_id", "fingerprint"], index_where=LIVE_TWIN
    )
    .returning(_approvals.c.id)
)
_same_call = (
    _approvals.c.org_id == bindparam("org"),
    _approvals.c.agent_id == bindparam("agent"),
    _approvals.c.fingerprint == bindparam("fingerprint"),
)
_twin_of = Prepared(select(_approvals).where(*_same_call, LIVE_TWIN).with_for_update())
_locked = Prepared(
    select(_approvals).where(_approvals.c.id == bindparam("id")).with_for_update()
)
_denial_of = Prepared(
    select(_approvals.c.id)
    .where(
        *_same_call,
        or_(*(_approvals.c.status == no for no in (Status.DENIED, Status.ANSWERED))),
        _approvals.c.decided_at > bindparam("since"),
    )
    .order_by(_approvals.c.id.desc())
    .limit(1)
)
_waiting = (
    select(_approvals.c.id)
    .where(
        _approvals.c.agent_id == bindparam("agent"),
        or_(*(_approvals.c.status == status for status in sorted(OPEN))),
        _approvals.c.expires_at > bindparam("now"),
    )
    .limit(bindparam("most"))
)
_waiting_of = Prepared(select(func.count()).select_from(_waiting.subquery()))


def submit(
    tx: Transaction,
    filer: Filer,
    ask: Ask,
    limits: Limits,
    key: idempotency.Key | None = None,
) -> Filed:
    """File a call, or find the approval that already stands for it.

    Raises:
        InvalidError: a field names something that is not in the org, or a key was reused.
        ConflictError: the same call is running (`in_progress`).
        TooManyError: back-pressure.

    """
    filed = submit_or_refuse(tx, filer, ask, limits, key)
    if isinstance(filed, ConflictError):
        raise filed
    return filed


def submit_or_refuse(
    tx: Transaction,
    filer: Filer,
    ask: Ask,
    limits: Limits,
    key: idempotency.Key | None = None,
) -> Filed | ConflictError:
    """Do as `submit`, but return `in_progress`, so that the event of the attempt is kept."""
    known = None if key is None else idempotency.recall(tx, filer.agent_id, key)
    if known is not None:
        return Filed(expire_if_over(tx, _by_id(tx, known.approval_id)), reused=True)
    filed = find_or_file(tx, filer, ruled(tx, filer, ask), limits)
    if key is not None and isinstance(filed, Filed):
        idempotency.remember(tx, filer.agent_id, key, approval_id=filed.approval.id)
    return filed


def find_or_file(
    tx: Transaction, filer: Filer, ask: Ask, limits: Limits
) -> Filed | ConflictError:
    """Return the live twin or the remembered denial of a ruled call, else file it.

    What the policy settles is a row of its own: no twin stands for it, and no denial. The
    refusal for a call that is running is returned, so that its event is kept.
    """
    asked = None if ask.reply_to is None else answered_already(tx, filer, ask)
    if asked is not None:
        record_call(tx, filer, asked, "reused")
        return Filed(asked, reused=True)
    if ask.settled:
        return _file(tx, filer, counted(tx, filer, ask), limits, stale_twin=None)
    twin = live_twin(tx, filer, ask.fingerprint)
    if twin is not None:
        if twin.status == Status.EXECUTING:
            return refuse_running(tx, filer, twin)
        if fits(tx, filer, ask, limits, twin):
            return _reuse(tx, filer, ask, limits, twin)
    else:
        denial = _remembered_denial(tx, filer, ask.fingerprint, limits)
        if denial is not None:
            _spend(tx, filer, "settled", limits.settled_rate if limits.rate else 0)
            record_call(tx, filer, denial, str(denial.status))
            return Filed(denial, reused=True)
    return _file(tx, filer, ask, limits, stale_twin=twin)


def live_twin(tx: Transaction, filer: Filer, fingerprint: str) -> Approval | None:
    """Return the one approval of this call that may still lead to a run, deadlines applied."""
    found = tx.row(
        _twin_of,
        {"org": filer.org_id, "agent": filer.agent_id, "fingerprint": fingerprint},
    )
    if found is None:
        return None
    tx.read_clock()
    twin = end_if_over(tx, as_loaded(Approval, found))
    return twin if twin.status in LIVE else None


def _reuse(
    tx: Transaction, filer: Filer, ask: Ask, limits: Limits, twin: Approval
) -> Filed:
    _spend(tx, filer, "settled", limits.settled_rate if limits.rate else 0)
    seen = twin.seen_count + 1
    # seen_count is no change of what was asked: the version, and so the seal, stay.
    tx.execute(update(_approvals).where(_approvals.c.id == twin.id).values(seen_count=seen))
    twin.seen_count = seen
    raise_risk(tx, filer, ask, twin)
    record_call(tx, filer, twin, "reused")
    tx.record(
        twin.org_id,
        filer.actor,
        "approval.reused",
        subject(twin.id),
        {"seen_count": seen},
    )
    return Filed(twin, reused=True)


def _remembered_denial(
    tx: Transaction, filer: Filer, fingerprint: str, limits: Limits
) -> Approval | None:
    """Return a no to the same call that still counts: no re-asking what was just answered."""
    found = tx.first(
        _denial_of,
        {
            "org": filer.org_id,
            "agent": filer.agent_id,
            "fingerprint": fingerprint,
            "since": tx.now - limits.denial_memory,
        },
    )
    return None if found is None else _by_id(tx, found[0])


def _file(
    tx: Transaction, filer: Filer, ask: Ask, limits: Limits, stale_twin: Approval | None
) -> Filed | ConflictError:
    if ask.settled:
        _spend(tx, filer, "settled", limits.settled_rate if limits.rate else 0)
    else:
        _spend(tx, filer, "filed", limits.rate)
        _refuse_flood(tx, filer, limits)
    values = row_of(tx, filer, ask, limits)
    values |= at_filing(tx, ask, filer.source_id)
    if not ask.settled:
        values |= covered(tx, filer, ask, values) or {}
    values |= ask.told(tx, as_loaded(Approval, values))
    revised = None if ask.revision_of is None else revised_by(tx, filer, ask.revision_of)
    if stale_twin is not None:
        displace(tx, stale_twin, values["id"])
    if not _insert(tx, values):
        # PostgreSQL: a twin was filed between our look and our insert; take that one.
        return find_or_file(tx, filer, ask, limits)
    if ask.source_ref is not None:
        supersede_re_asked(tx, filer, ask, values["id"])
    if ask.ruling is not None and values["status"] != Status.DENIED:
        supersede_under_another_rule(tx, values)  # a budget that is used up says no for now
    if revised is not None and (stale_twin is None or revised.id != stale_twin.id):
        supersede(tx, revised, values["id"])  # a stale twin was displaced already
    approval = as_loaded(Approval, values)
    keep_way_back(tx, approval, ask)
    record_call(tx, filer, approval, led_to(approval))
    tx.record(
        filer.org_id,
        filer.actor,
        "approval.created",
        subject(approval.id),
        facts(approval)
        | {
            "expires_at": approval.expires_at,
            "on_behalf_of": approval.on_behalf_of,
            "triggered_by": approval.triggered_by,
            "decided_by": approval.decided_by,
        },
    )
    tell_use(tx, filer, approval)
    return Filed(approval, reused=False)


def _insert(tx: Transaction, values: dict[str, Any]) -> bool:
    if not tx.on_postgresql:
        tx.run(_insert_approval, values)
        return True
    return tx.execute(_insert_unless_twin, values).first() is not None


def _spend(tx: Transaction, filer: Filer, bucket: str, rate: int) -> None:
    throttling.spend(
        tx,
        f"{bucket}:{filer.agent_id}",
        per_minute=rate,
        detail=f"This agent asks more than {rate} times a minute.",
    )


def _refuse_flood(tx: Transaction, filer: Filer, limits: Limits) -> None:
    if limits.max_pending == 0:
        return
    found = tx.first(
        _waiting_of,
        {"agent": filer.agent_id, "now": tx.now, "most": limits.max_pending},
    )
    if found is not None and found[0] >= limits.max_pending:
        raise TooManyError(
            f"{limits.max_pending} calls of this agent already wait for a decision.",
            retry_after=30,
            code="too_many_pending",
        )


def _by_id(tx: Transaction, approval_id: str) -> Approval:
    found = tx.row(_locked, {"id": approval_id})
    assert found is not None  # rows of the log and of keys outlive what they name
    return as_loaded(Approval, found)

"""Whether the approval that stands for a call may also stand for another ask of it.

The fingerprint says that the calls are equal; these are the safeguards that it leaves out.
An ask may only ever add some: it never inherits a yes, or a place in the queue, that was
given to less.
"""

from sqlalchemy import select, update

from webui.approvals.asking.ask import Ask, Filer, Limits
from webui.approvals.asking.filing import (
    deadline_of,
    offered,
    principal_of,
    risk_of,
    starter_of,
)
from webui.approvals.desk import SYSTEM, end_unsettled, facts, move, subject
from webui.approvals.states import OPEN, Resolution, Risk, Status
from webui.store.models import Approval, Org, table_of
from webui.store.transaction import Transaction

_approvals = table_of(Approval)


def same_people(tx: Transaction, filer: Filer, ask: Ask, twin: Approval) -> bool:
    """Say whether both act for the same person and were started by the same: who may not decide.

    Raises:
        InvalidError: the ask names nobody of this org.

    """
    return (
        principal_of(tx, filer, ask) == twin.on_behalf_of
        and starter_of(tx, filer, ask) == twin.triggered_by
    )


def fits(tx: Transaction, filer: Filer, ask: Ask, limits: Limits, twin: Approval) -> bool:
    """Say whether a twin that is open or approved may answer this ask.

    One for another person never does. An open one does not if it is older than the org's
    window, offers a verdict that this ask rules out, or outlives the time this ask sets.

    Raises:
        InvalidError: a field of the ask names what is not there or cannot be.

    """
    if not same_people(tx, filer, ask, twin):
        return False
    if twin.status not in OPEN or twin.settles_at is not None:
        return True
    if twin.reply_state is not None:  # the very same question of its upstream
        return True
    if not set(twin.allowed_decisions.split()) <= set(offered(ask)):
        return False
    timed = ask.expires_in is not None or ask.run_deadline is not None
    if timed and deadline_of(tx.now, ask, limits) < twin.expires_at:
        return False
    window = ask.dedupe_window or tx.session.scalar(
        select(Org.dedupe_window).where(Org.id == filer.org_id)
    )
    return window is None or tx.now - twin.created_at < window


def raise_risk(tx: Transaction, filer: Filer, ask: Ask, twin: Approval) -> None:
    """Give an open twin the higher risk that this ask hints at; never a lower one."""
    risk = risk_of(ask)
    if twin.status not in OPEN or risk.level <= Risk(twin.risk).level:
        return
    twin.risk, twin.version = risk, twin.version + 1
    tx.execute(
        update(_approvals)
        .where(_approvals.c.id == twin.id)
        .values(risk=twin.risk, version=twin.version)
    )
    tx.record(
        twin.org_id, filer.actor, "approval.risk_raised", subject(twin.id), facts(twin)
    )


def displace(tx: Transaction, old: Approval, new: str) -> None:
    """Let the approval with the id `new` take the place of an open or approved one."""
    if old.status == Status.APPROVED:
        move(
            tx,
            old,
            Status.REVOKED,
            actor=SYSTEM,
            action="approval.revoked",
            values={"resolution": Resolution.REVOKED},
            note={"superseded_by": new},
        )
    else:
        end_unsettled(tx, old, Status.SUPERSEDED, Resolution.SUPERSEDED, actor=SYSTEM)
    tx.execute(
        update(_approvals).where(_approvals.c.id == old.id).values(superseded_by=new)
    )

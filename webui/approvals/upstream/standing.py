"""Whether a yes that is to be told may still be told: what it rests on is looked at each time.

An upstream may be away for hours. What a person allowed then, or a rule, may be allowed no more.
"""

from sqlalchemy import select

from webui.approvals.answering.holding import why_gone
from webui.approvals.answering.sending import filer_of
from webui.approvals.answering.settlement import (
    Settlement,
    UnreadableError,
    settlement_of,
)
from webui.approvals.answering.settling import take_back
from webui.approvals.desk import SYSTEM, move
from webui.approvals.errors import ConflictError, DeskError
from webui.approvals.ruling.rulings import take
from webui.approvals.senders.sources import ACTIVE
from webui.approvals.states import Resolution, Status
from webui.sentences import sentence
from webui.store.models import Agent, Approval, Source, table_of
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
OFF = ConflictError(
    "source_off",
    sentence("Its source or its agent is switched off, so that it is told no yes."),
)
GONE = ConflictError(
    "mandate_gone",
    sentence("Whoever decided it may decide it no more, so that it is told no yes."),
)


def withdraw_unfounded(tx: Transaction, approval: Approval) -> bool:
    """Take a locked approval's yes back if what it rests on is gone; say whether it was.

    A person's verdict is as if it had not been given. A rule's is revoked, and that is told.
    """
    held, verdict = approval.settles_at is not None, None
    try:
        verdict = settlement_of(tx.session, tx.keyring, approval) if held else None
    except UnreadableError as unreadable:
        take_back(tx, approval, None, SYSTEM, unreadable.code, unreadable.detail)
        return True
    why = _switched_off(tx, approval)
    why = why or (_mandate_gone(tx, approval, verdict) if verdict is not None else None)
    why = why or take(tx, filer_of(approval), approval).refusal
    if why is None:
        return False
    if held:
        take_back(tx, approval, verdict, SYSTEM, why.code, why.detail)
    else:
        values = {"resolution": Resolution.REVOKED}
        said = {"cause": why.code, "error": why.detail}
        action = "approval.revoked"
        to = Status.REVOKED
        move(tx, approval, to, actor=SYSTEM, action=action, values=values, note=said)
    return True


def _switched_off(tx: Transaction, approval: Approval) -> DeskError | None:
    both = (
        select(Source.status, Agent.status)
        .join(Agent, Agent.id == Source.agent_id)
        .where(Source.id == approval.source_id)
    )
    found = tx.session.execute(both).one_or_none()
    return None if found is not None and set(found) == {ACTIVE} else OFF


def _mandate_gone(
    tx: Transaction, approval: Approval, verdict: Settlement
) -> DeskError | None:
    holds = select(_approvals.c.id).where(
        _approvals.c.id == approval.id, *verdict.guard.conditions
    )
    given = {"old_org": approval.org_id, **verdict.mandate}
    if tx.session.execute(holds, given).first() is None:
        return GONE
    return None if why_gone(tx, approval, verdict) is None else GONE

"""Whether a source's upstream takes what it is told: said once when it does not, and once again.

How it stands is read from the log itself, where both are written.
"""

import json
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.desk import SYSTEM
from webui.approvals.senders.sources import subject
from webui.store.models import Approval, Event
from webui.store.transaction import Transaction

FAILING: Final = "source.failing"
MENDED: Final = "source.mended"
CODE: Final = "not_told"
"""By this an event of a source is known from one about what it sent."""
_LOOKED_AT = 500
"""Events of a source, the newest first; what it sends fails once a minute at most."""


class Trouble(NamedTuple):
    """A verdict that never got there, and no other has since."""

    why: str
    approval_id: str
    at: int


def trouble_of(session: Session, org_id: str, source_id: str) -> Trouble | None:
    """Return what is in the way of telling a source's upstream; None: nothing that is known."""
    found = session.execute(
        select(Event.action, Event.payload, Event.at)
        .where(
            Event.org_id == org_id,
            Event.subject == subject(source_id),
            Event.action.in_((FAILING, MENDED)),
        )
        .order_by(Event.seq.desc())
        .limit(_LOOKED_AT)
    )
    for action, payload, at in found:
        if action == MENDED:
            return None
        said = json.loads(payload or b"{}")
        if said.get("code") == CODE:
            return Trouble(said["why"], said["approval"], at)
    return None


def not_told(tx: Transaction, approval: Approval, why: str) -> None:
    """Say that an upstream is told nothing more of an approval, unless it is known for that."""
    source_id = approval.source_id or ""
    known = trouble_of(tx.session, approval.org_id, source_id)
    if known is None or known.why != why:
        facts = {"code": CODE, "why": why, "approval": approval.id}
        tx.record(approval.org_id, SYSTEM, FAILING, subject(source_id), facts)


def told(tx: Transaction, approval: Approval) -> None:
    """Say that an upstream takes what it is told again, if it did not."""
    source_id = approval.source_id or ""
    if trouble_of(tx.session, approval.org_id, source_id) is not None:
        facts = {"code": CODE, "approval": approval.id}
        tx.record(approval.org_id, SYSTEM, MENDED, subject(source_id), facts)

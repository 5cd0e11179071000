"""The way back of a newly filed approval: whether there is one, and what is told at once."""

from sqlalchemy import bindparam, insert, select

from webui.approvals.asking.ask import Ask
from webui.approvals.states import OPEN, ReplyState, Resolution, Status
from webui.approvals.upstream.rows import note, sealed, start
from webui.approvals.upstream.told import APPROVE, DENY, Told
from webui.approvals.words import RESOLUTION
from webui.receivers.registry import WAYS_BACK
from webui.receivers.way_back import WayBack
from webui.store.models import Approval, Reply, Source, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

_replies = table_of(Reply)
_kind_of = Prepared(select(Source.kind).where(Source.id == bindparam("source")))


def way_back_of(tx: Transaction, source_id: str | None) -> WayBack | None:
    """Return how a source's kind is told what became of what it asked; none: it is not."""
    found = None if source_id is None else tx.first(_kind_of, {"source": source_id})
    return None if found is None else WAYS_BACK.get(found[0])


def at_filing(tx: Transaction, ask: Ask, source_id: str | None) -> dict[str, str | None]:
    """Return the columns of an approval that its upstream settles itself, and of all others.

    Its upstream runs what it asked, and nothing else: it can be told yes or no.
    """
    if ask.reply_to is None or ask.source_ref is None:
        return {"reply_state": None}
    if way_back_of(tx, source_id) is None:
        return {"reply_state": None}
    return {"reply_state": ReplyState.OPEN, "allowed_decisions": f"{APPROVE} {DENY}"}


def keep_way_back(tx: Transaction, approval: Approval, ask: Ask) -> None:
    """Keep where the verdict on a newly filed approval goes; tell it if it is settled already."""
    if approval.reply_state is None:
        return
    tx.execute(
        insert(_replies),
        {
            "approval_id": approval.id,
            "org_id": approval.org_id,
            "source_id": approval.source_id,
            "source_ref": approval.source_ref,
            "sealed": sealed(tx, approval, dict(ask.reply_to or {}), "reply_to"),
        },
    )
    if approval.status not in OPEN:
        yes = approval.status == Status.APPROVED
        named = f" Its rule: {approval.rule_name}." if approval.rule_name else ""
        reason = RESOLUTION[Resolution(approval.resolution or Resolution.POLICY)] + named
        note(tx, approval, reply_state=ReplyState.SENDING)
        start(tx, approval, Told(APPROVE if yes else DENY, reason, "", ended=True))

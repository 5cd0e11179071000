"""Handing a verdict to the upstream that settles the approval: it counts when that confirms it."""

from functools import lru_cache

from sqlalchemy import bindparam, update

from webui.approvals.answering.settlement import Settlement
from webui.approvals.asking.ask import Filer
from webui.approvals.desk import Guard, facts, subject
from webui.approvals.errors import ConflictError
from webui.approvals.ruling.rulings import take
from webui.approvals.states import OPEN, ReplyState, Status
from webui.approvals.upstream.rows import start
from webui.approvals.upstream.told import APPROVE, DENY, Told
from webui.sentences import sentence
from webui.store.models import Approval, table_of
from webui.store.models.approval import SETTLES
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

_approvals = table_of(Approval)


def goes_back(approval: Approval, verdict: Settlement) -> bool:
    """Say whether the upstream has to be told before the verdict settles anything."""
    return approval.reply_state is not None and Status(verdict.to) not in OPEN


def send(tx: Transaction, approval: Approval, verdict: Settlement) -> Approval:
    """Have a verdict told upstream; what it rests on is checked now, and then no more.

    A yes counts with the rules from here on: once it is sent, the upstream may run the call.

    Raises:
        DeskError: what the verdict rests on is gone, or a rule says no by now.

    """
    reserved = approval.reserved
    yes = verdict.to == Status.APPROVED
    if yes:
        taken = take(tx, filer_of(approval), approval)
        if taken.refusal is not None:
            raise taken.refusal
        reserved = taken.reserved
    given = {
        "new_reserved": reserved,
        "old_id": approval.id,
        "old_org": approval.org_id,
        "old_version": approval.version,
    }
    row = tx.row(_sending(verdict.guard), {**given, **verdict.mandate})
    if row is None:
        raise ConflictError(
            "wrong_status", sentence("Somebody else was faster, or the time is over.")
        )
    approval.__dict__.update(row)
    note = verdict.note
    told = Told(
        APPROVE if yes else DENY,
        str(note.get("reason") or ""),
        str(note.get("who") or ""),
        note.get("option"),
    )
    start(tx, approval, told)
    about = {"verdict": note.get("verdict"), "option": told.option, "who": told.by}
    name, of = "approval.reply_started", subject(approval.id)
    tx.record(approval.org_id, verdict.actor, name, of, facts(approval) | about)
    return approval


@lru_cache(maxsize=4)
def _sending(guard: Guard) -> Prepared:
    return Prepared(
        update(_approvals)
        .where(
            _approvals.c.id == bindparam("old_id"),
            _approvals.c.org_id == bindparam("old_org"),
            _approvals.c.version == bindparam("old_version"),
            SETTLES,
            *guard.conditions,
        )
        .values(reply_state=ReplyState.SENDING, reserved=bindparam("new_reserved"))
        .returning(*_approvals.c)
    )


def filer_of(approval: Approval) -> Filer:
    """Return who filed an approval, as far as its rules and its use ask."""
    return Filer(
        approval.agent_id,
        approval.org_id,
        approval.agent_owner,
        approval.source_id,
        approval.project_id,
    )

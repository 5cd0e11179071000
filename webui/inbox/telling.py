"""Telling how a call ended to those who ask until it has: the first to read a yes uses it."""

from webui.approvals.answering.said import answer_of, why_not
from webui.approvals.asking.ask import Filer
from webui.approvals.call.arguments import effective_arguments
from webui.approvals.desk import SYSTEM, load, move
from webui.approvals.errors import DeskError
from webui.approvals.states import Resolution, Status, Unreported
from webui.approvals.use.leases import Lease, end_unreported
from webui.approvals.use.using import Used, consume
from webui.receivers.answers import Answer
from webui.sentences import sentence
from webui.store.models import Approval, Consumption
from webui.store.queries import calls
from webui.store.transaction import Transaction


def answer_now(tx: Transaction, filer: Filer, row: Approval, lease: Lease) -> Answer:
    """Return what became of an approval that waits no more; a yes is used by it.

    Asked again, it is the same answer: what ran once is told again to whom it was told before,
    and not to somebody who finds it used by another way. A yes that may not be used is taken
    back, because whoever was told no has gone on without it.
    """
    if row.status == Status.APPROVED:
        used = consume(tx, filer, row.id, row.fingerprint, lease)
        if not isinstance(used, Used):
            return Answer("deny", _take_back(tx, row, used))
        row = end_unreported(tx, filer, used.approval, Unreported.TOLD)
        return _yes(tx, row)
    if row.status == Status.CONSUMED and _told_before(tx, row):
        return _yes(tx, row)
    votes = calls.votes_on(tx.connection, row.id)
    if row.status == Status.ANSWERED:
        return Answer("respond", answer_of(votes))
    return Answer("deny", why_not(row, votes, tx.now))


def _take_back(tx: Transaction, row: Approval, refusal: DeskError) -> str:
    told = sentence("It was approved, but may not run now: %(why)s", why=refusal.detail)
    standing = load(tx, row.org_id, row.id)
    if standing.status == Status.APPROVED:
        move(
            tx,
            standing,
            Status.REVOKED,
            actor=SYSTEM,
            action="approval.revoked",
            values={"resolution": Resolution.REVOKED},
            note={"code": refusal.code, "reason": told},
        )
    return told


def _told_before(tx: Transaction, row: Approval) -> bool:
    use = tx.session.get_one(Consumption, row.consumption_id)
    return use.result == Unreported.TOLD


def _yes(tx: Transaction, row: Approval) -> Answer:
    if row.edited_hash is None:
        return Answer("approve")
    edited = effective_arguments(tx.session, tx.keyring, row).value
    return Answer("edit", arguments=edited)

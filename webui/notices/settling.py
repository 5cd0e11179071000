"""Writing down how a message fared: delivered, again later, or given up."""

import random

from webui.approvals.desk import SYSTEM
from webui.channels.addresses import Undeliverable
from webui.channels.schedule import Breaker, after_failure, after_success, after_trouble
from webui.notices.claiming import Bundle
from webui.store.models import Destination, Notice
from webui.store.transaction import Transaction


def settle(tx: Transaction, bundle: Bundle, failure: Undeliverable | None) -> None:
    """Write down one attempt. A result that comes after its lease was lost changes nothing."""
    jitter = random.random()  # noqa: S311 - spreads load, guards nothing
    for notice_id, attempts in sorted(bundle.attempts.items()):
        notice = tx.session.get(
            Notice, notice_id, with_for_update=True, populate_existing=True
        )
        if notice is None or (notice.status, notice.attempts) != ("sending", attempts):
            continue
        notice.lease_until = None
        if failure is None:
            notice.status, notice.ended_at, notice.last_error = "delivered", tx.now, None
            continue
        step = after_failure(
            permanent=failure.permanent, attempts=attempts, now=tx.now, jitter=jitter
        )
        notice.status, notice.last_error = step.status, failure.why
        notice.next_at = step.next_at or notice.next_at
        if step.status == "dead":
            notice.ended_at = tx.now
            _give_up(tx, notice)
    tx.session.flush()
    _note_place(tx, bundle.destination_id, failure)


def _note_place(tx: Transaction, place: str, failure: Undeliverable | None) -> None:
    destination = tx.session.get_one(
        Destination, place, with_for_update=True, populate_existing=True
    )
    before = Breaker(destination.failures, destination.open_until)
    after = after_success() if failure is None else after_trouble(before, now=tx.now)
    destination.failures, destination.open_until = after.failures, after.open_until
    destination.last_error = None if failure is None else failure.why
    tx.session.flush()


def _give_up(tx: Transaction, notice: Notice) -> None:
    note = {
        "approval": notice.approval_id,
        "user": notice.user_id,
        "destination": notice.destination_id,
        "attempts": notice.attempts,
        "why": notice.last_error,
    }
    tx.record(notice.org_id, SYSTEM, "notice.gave_up", f"notice:{notice.id}", note)

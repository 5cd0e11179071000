"""Writing down how one attempt ended: delivered, again later, or a dead letter."""

import json
import random
from dataclasses import dataclass

from webui.approvals.desk import SYSTEM
from webui.approvals.senders import endpoints
from webui.channels.addresses import Undeliverable
from webui.channels.http import Answer
from webui.channels.schedule import (
    Breaker,
    Step,
    after_answer,
    after_failure,
    after_success,
    after_trouble,
)
from webui.outbox.claiming import Claimed
from webui.sentences import sentence
from webui.store.models import Delivery, Endpoint
from webui.store.transaction import Transaction

GONE = 410
TRIES_KEPT = 20
"""Attempts of one delivery that are shown; there are ten, and ten more after each resending."""
_WHY_MAX = 500


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended, as the sender saw it."""

    outcome: Answer | Undeliverable

    @property
    def status(self) -> int | None:
        """Return the HTTP status, if there was an answer."""
        return self.outcome.status if isinstance(self.outcome, Answer) else None

    @property
    def why(self) -> str | None:
        """Return a sentence about what was wrong, or None."""
        if isinstance(self.outcome, Undeliverable):
            return self.outcome.why[:_WHY_MAX]
        status = self.outcome.status
        if 200 <= status < 300:  # noqa: PLR2004 - success, as HTTP has it
            return None
        if status == GONE:
            return sentence("The receiver answered 410: it wants nothing more.")
        if 300 <= status < 400:  # noqa: PLR2004 - redirects
            return sentence(
                "The receiver answered %(status)s; redirects are not followed.",
                status=status,
            )
        return sentence("The receiver answered %(status)s.", status=status)

    @property
    def good(self) -> bool:
        """Say whether the message arrived."""
        return self.why is None

    def step(self, attempts: int, now: int) -> Step:
        """Return what follows."""
        jitter = random.random()  # noqa: S311 - spreads load, guards nothing
        if isinstance(self.outcome, Undeliverable):
            return after_failure(
                permanent=self.outcome.permanent, attempts=attempts, now=now, jitter=jitter
            )
        return after_answer(
            self.outcome.status,
            self.outcome.retry_after,
            attempts=attempts,
            now=now,
            jitter=jitter,
        )


def settle(tx: Transaction, claimed: Claimed, attempt: Attempt) -> None:
    """Write down one attempt. A result that comes after its lease was lost changes nothing."""
    delivery = tx.session.get(
        Delivery, claimed.id, with_for_update=True, populate_existing=True
    )
    if (
        delivery is None
        or delivery.status != "sending"
        or delivery.attempts != claimed.attempts
    ):
        return  # another process repeats it, or a person gave it up
    step = attempt.step(claimed.attempts, tx.now)
    delivery.status = step.status
    delivery.next_at = step.next_at or delivery.next_at
    delivery.ended_at = None if step.status == "waiting" else tx.now
    delivery.lease_until = None
    delivery.last_status, delivery.last_error = attempt.status, attempt.why
    tries = [*json.loads(delivery.tries), [tx.now, attempt.status, attempt.why]]
    delivery.tries = json.dumps(tries[-TRIES_KEPT:])
    tx.session.flush()
    if delivery.endpoint_id is not None:
        _tell_endpoint(tx, delivery.endpoint_id, attempt, disable=step.disable)
    if step.status == "dead":
        _give_up(tx, delivery)


def _tell_endpoint(
    tx: Transaction, endpoint_id: str, attempt: Attempt, *, disable: bool
) -> None:
    endpoint = tx.session.get_one(
        Endpoint, endpoint_id, with_for_update=True, populate_existing=True
    )
    before = Breaker(endpoint.failures, endpoint.open_until)
    after = breaker_after(before, attempt, tx.now)
    if after != before:
        endpoint.failures, endpoint.open_until = after.failures, after.open_until
        tx.session.flush()
    if disable:
        why = attempt.why or ""
        endpoints.disable(tx, endpoint.org_id, endpoint.id, why)


def breaker_after(before: Breaker, attempt: Attempt, now: int) -> Breaker:
    """Return how an endpoint, or a host of callbacks, stands after an attempt."""
    return after_success() if attempt.good else after_trouble(before, now=now)


def _give_up(tx: Transaction, delivery: Delivery) -> None:
    tx.record(
        delivery.org_id,
        SYSTEM,
        "delivery.gave_up",
        f"delivery:{delivery.id}",
        {
            "event": delivery.event,
            "approval": delivery.approval_id,
            "endpoint": delivery.endpoint_id,
            "attempts": delivery.attempts,
            "status": delivery.last_status,
            "why": delivery.last_error,
        },
    )

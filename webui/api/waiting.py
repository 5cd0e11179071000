"""Holding a request until its approval changes, its deadline passes or its key is revoked."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from flask import current_app, g, request

from webui.api.answers import etag_of
from webui.api.keys import FORGET, runtime
from webui.approvals import ending
from webui.approvals.errors import NotAllowedError
from webui.approvals.states import OPEN, ReplyState, Status
from webui.live.bus import Bus, Wake, Watch
from webui.store.queries import polled
from webui.store.queries.identity import KeyHolder, key_holder
from webui.store.queries.polled import Standing

SHORTEST = 0.001


class HeldPolls:
    """The polls that wait now, by org: a change of a key or agent lets each look at its own."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._held: dict[str, set[Watch]] = {}
        bus.subscribe(self._told)

    @contextmanager
    def watch(self, org_id: str, approval_id: str) -> Iterator[Watch]:
        """Watch an approval, and the keys of its org."""
        with self._bus.watch(approval_id) as watch:
            held = self._held.setdefault(org_id, set())
            held.add(watch)
            try:
                yield watch
            finally:
                held.discard(watch)

    def _told(self, org_id: str, wakes: Sequence[Wake]) -> None:
        if any(wake.type.startswith(FORGET) for wake in wakes):
            for watch in tuple(self._held.get(org_id, ())):
                watch.wake()


def unchanged(status: str, version: int, messages: int) -> bool:
    """Say whether the caller would learn nothing new by an answer now."""
    if request.if_none_match:
        return request.if_none_match.contains_weak(etag_of(status, version, messages))
    return status == Status.PENDING


def bring_up_to_date(org_id: str, approval_id: str) -> None:
    """Settle what is due of an approval before it is read."""
    runtime().store.write(lambda tx: ending.bring_up_to_date(tx, org_id, approval_id))


def hold(approval_id: str, seconds: int) -> None:
    """Wait for a change, the deadline of the approval, or the end of the wait.

    Raises:
        NotAllowedError: the key was revoked, or has expired, meanwhile.

    """
    house = runtime()
    polls = cast("HeldPolls", current_app.extensions["countersign.polls"])
    until = time.monotonic() + seconds
    with polls.watch(g.filer.org_id, approval_id) as watch:
        while (left := until - time.monotonic()) > 0 and not house.bus.stopping:
            with house.store.reading() as session:
                found = polled.standing(session, approval_id)
            if found is None or not unchanged(
                found.status, found.version, found.message_count
            ):
                return
            if found.is_due(house.store.now()):
                bring_up_to_date(g.filer.org_id, approval_id)
                watch.wait(SHORTEST)  # another clock may say that it is not due yet
                continue
            deadline = _to_next_deadline(found, house.store.now())
            if deadline is not None and deadline <= 0:
                return
            watch.wait(left if deadline is None else min(left, max(deadline, SHORTEST)))
            _refuse_revoked()


def _to_next_deadline(found: Standing, now: int) -> float | None:
    """Return the seconds until the approval or the key expires; None if neither will."""
    key: KeyHolder = g.agent
    sending = found.reply_state == ReplyState.SENDING  # no time settles it
    moments = [found.expires_at] if found.status in OPEN and not sending else []
    moments += [] if found.settles_at is None or sending else [found.settles_at]
    moments += [] if key.expires_at is None else [key.expires_at]
    return (min(moments) - now) / 1000 if moments else None


def _refuse_revoked() -> None:
    held: KeyHolder = g.agent
    with runtime().store.reading() as session:
        holder = key_holder(session, held.key_id)
    if holder is None or not holder.works(runtime().store.now()):
        raise NotAllowedError(
            "key_revoked", "This key was revoked or has expired while the request waited."
        )

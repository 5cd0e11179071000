"""Holding a sender's request until its approval is answered, the time is over or we stop."""

import time

from webui.approvals import ending
from webui.approvals.states import OPEN
from webui.runtime import Runtime
from webui.store.queries import polled

SHORTEST = 0.001


def hold(runtime: Runtime, org_id: str, approval_id: str, until: float) -> bool:
    """Wait until an approval is not open any more; say whether that is so.

    Args:
        runtime: the process.
        org_id: whose.
        approval_id: which.
        until: when to give up (`time.monotonic`); the end of the process ends it as well.

    """
    with runtime.bus.watch(approval_id) as watch:
        while True:
            with runtime.store.reading() as session:
                found = polled.standing(session, approval_id)
            if found is None or found.status not in OPEN:
                return True
            now = runtime.store.now()
            due = found.expires_at if found.settles_at is None else found.settles_at
            if due <= now:
                runtime.store.write(
                    lambda tx: ending.bring_up_to_date(tx, org_id, approval_id)
                )
                watch.wait(SHORTEST)  # another clock may say that it is not due yet
                continue
            left = until - time.monotonic()
            if left <= 0 or runtime.bus.stopping:
                return False
            watch.wait(max(SHORTEST, min(left, (due - now) / 1000)))

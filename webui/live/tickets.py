"""Single-use tickets for opening the live socket (spec, details.md F; ASVS 4.4.3).

A ticket is fetched by a CSRF-protected POST and spent in the handshake, so another site that
can make the browser send its cookies still cannot open the socket. Tickets live in the memory
of the process that issued them: behind a load balancer, keep a browser on one node.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIFETIME_SECONDS = 60.0
MAX_OUTSTANDING = 50_000
TICKET_BYTES = 16


class Tickets:
    """Outstanding tickets, oldest first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._issued: dict[str, tuple[str, float]] = {}

    def issue(self, session_id: str) -> str:
        """Make a ticket of 128 random bits that only `session_id` may spend, once, for 60 s."""
        self._drop_old()
        ticket = secrets.token_urlsafe(TICKET_BYTES)
        self._issued[ticket] = (session_id, self._clock() + LIFETIME_SECONDS)
        return ticket

    def redeem(self, ticket: str, session_id: str) -> bool:
        """Spend a ticket; a wrong session spends it too, and gets False."""
        # A dict look-up is not constant-time, but guessing 128 bits by timing within the single
        # attempt that a ticket allows is not a practical attack.
        owner, expires = self._issued.pop(ticket, ("", 0.0))
        return bool(owner) and owner == session_id and self._clock() < expires

    def _drop_old(self) -> None:
        now = self._clock()
        while self._issued:
            oldest = next(iter(self._issued))
            if self._issued[oldest][1] > now and len(self._issued) < MAX_OUTSTANDING:
                return
            del self._issued[oldest]

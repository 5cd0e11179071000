"""What the live sockets ask the dashboard: who is there, and what may they know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from webui.live.bus import Wake


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose socket it is. Viewers with the same org and `audience` may see the same events."""

    session_id: str
    user_id: str
    org_id: str
    audience: Hashable


class Feed(Protocol):
    """What the dashboard tells the sockets about people and the log.

    Methods may read the database (they run in greenlets, outside any request but `viewer`).
    One that raises closes the sockets concerned, which come back and catch up.
    """

    def viewer(self) -> Viewer | None:
        """Who is signed in on the current Flask request; None when nobody is."""

    def recheck(self, viewer: Viewer) -> Viewer | None:
        """The same viewer as of now; None or a different one ends the socket with 4401."""

    def may_see(self, viewer: Viewer, wake: Wake) -> bool:
        """Whether this audience may know of this event."""

    def addressee(self, wake: Wake) -> str | None:
        """The user id of the one person who may know of this event; None for all others."""

    def backlog(self, org_id: str, since: int) -> Sequence[Wake] | None:
        """All events after `since`, ascending; None when the page must reload instead.

        That is: `since` lies below the pruned floor or above the head, or over 1,000 back.
        """

    def head(self, org_id: str) -> int:
        """The newest sequence number of the org's log."""

    def epoch(self, org_id: str) -> str:
        """Install, log and generation; differs after a restore from backup."""

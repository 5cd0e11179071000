"""What open pages were told, so that asking again costs no look into the database.

One look reads up to 1,000 events, and asks of up to 50 calls who may decide them. So a session
is answered once in `LEAST` seconds, and without a look while nothing has happened since it was told.
Who asks sooner is kept waiting, which costs nothing: a refusal at once would make a loop turn faster.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from webui.live.bus import Bus, Wake

LEAST = 2.0
"""Seconds between two looks of a session; `ring.js` keeps to it by itself."""
TRUSTED = 30.0
"""Seconds after a look in which its session is not asked again who it is."""
MOST_HELD = 32
"""Requests of one session that are kept waiting at once; more are refused at once."""
MOST = 10_000


class _Told(NamedTuple):
    asked: float
    looked: float = 0.0
    org_id: str = ""
    seq: int | None = None
    """Of the last event that was looked at; none before the first look."""


class Rings:
    """A bounded memory of this process; what falls out of it is looked up again."""

    def __init__(self, bus: Bus) -> None:
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._ends: dict[str, int] = {}
        self._held: Counter[str] = Counter()
        bus.subscribe(self._hear)

    def _hear(self, org_id: str, wakes: Sequence[Wake]) -> None:
        self._ends[org_id] = max(self._ends.get(org_id, 0), wakes[-1].seq)

    def unchanged(self, session: str, since: int, now: float) -> int | None:
        """Return where the log ends, if nothing happened after `since`; none if one must look.

        Args:
            session: whose.
            since: up to where its page knows, or heard of: by another node, maybe, before us.
            now: seconds, of a clock that only runs forward.

        """
        told = self._told.get(session)
        if told is None or told.seq != since or now - told.looked >= TRUSTED:
            return None
        return since if self._ends.get(told.org_id, 0) <= since else None

    def wait(self, session: str, now: float) -> float:
        """Return how many seconds a session has to wait; 0 if it is answered now."""
        told = self._told.get(session)
        if told is not None and now - told.asked < LEAST:
            return LEAST - (now - told.asked)
        self._keep(session, _Told(now) if told is None else told._replace(asked=now))
        return 0.0

    @contextmanager
    def holding(self, session: str) -> Iterator[bool]:
        """Say whether a request that came too soon can be kept waiting, and count it meanwhile."""
        holds = self._held[session] < MOST_HELD
        self._held[session] += holds
        try:
            yield holds
        finally:
            self._held[session] -= holds
            if not self._held[session]:
                del self._held[session]

    def note(self, session: str, org_id: str, seq: int, now: float) -> None:
        """Note up to where a session was told what happened."""
        self._keep(session, _Told(now, now, org_id, seq))

    def forget(self, session: str) -> None:
        """Look again when this session asks next; it may be about another organization."""
        self._told.pop(session, None)

    def _keep(self, session: str, told: _Told) -> None:
        self._told[session] = told
        self._told.move_to_end(session)
        if len(self._told) > MOST:
            self._told.popitem(last=False)

"""What agents are told of their approvals, event by event: read once for a whole organization.

A stream keeps nothing but the number of the last event it sent: the events of an organization
are read and written out once, the newest are kept for all of its streams, and whoever is slower
than that reads the log again.
"""

import json
import threading
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from webui.audit.chain import rfc3339
from webui.live.bus import Bus, Wake
from webui.store.models import Event
from webui.store.queries import events
from webui.store.store import Store

KEPT = 1_000
"""Events of an organization that are kept for its streams."""
PAGE = 500
FARTHEST = 10_000
"""Events back from which a stream may resume; from farther on, reading the list is faster."""
STREAMS_EACH = 4
"""Open streams of one agent in this process."""
DOUBT = ("key.", "agent.")
"""Events after which each stream looks whether its key still works and whom it manages."""
TOLD = frozenset(
    {
        "approval.created",
        "approval.escalated",
        "approval.changes_requested",
        "approval.message",
        "approval.resumed",
        "approval.decided",
        "approval.revoked",
        "approval.expired",
        "approval.cancelled",
        "approval.superseded",
        "approval.consumed",
        "approval.rolled_back",
        "approval.outcome",
        "approval.lease_over",
    }
)
"""What an agent learns of: every change of status, messages, and that others are asked."""
_FACTS = ("agent", "tool", "risk", "status", "version", "resolution")


class Told(NamedTuple):
    """One event as it is sent, and whose approval it is about."""

    seq: int
    agent_id: str
    frame: bytes


@dataclass(slots=True)
class _Room:
    """The newest events of one organization: all that agents are told after `floor`."""

    floor: int
    head: int
    known: int
    """The newest event that the bus told of; `head` is the newest that was read."""
    doubts: int = 0
    kept: deque[Told] = field(default_factory=deque)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Streams:
    """The streams of a process."""

    def __init__(self, bus: Bus, store: Store) -> None:
        self._store = store
        self._rooms: dict[str, _Room] = {}
        self._open: Counter[str] = Counter()
        bus.subscribe(self._rung)

    @contextmanager
    def place(self, agent_id: str) -> Iterator[bool]:
        """Take one of an agent's places for as long as its stream lasts; False if none is free."""
        free = self._open[agent_id] < STREAMS_EACH
        self._open[agent_id] += free
        try:
            yield free
        finally:
            self._open[agent_id] -= free
            if not self._open[agent_id]:
                del self._open[agent_id]

    def doubts(self, org_id: str) -> int:
        """Return a number that grows whenever a key or an agent of an organization changes."""
        return self._room(org_id).doubts

    def start(self, org_id: str, after: int | None) -> tuple[int, bool]:
        """Return where a stream starts, and whether it missed what nobody can tell it any more."""
        self._room(org_id)  # from here on the bus is heard: nothing falls in between
        with self._store.reading() as session:
            end = events.end(session, org_id)
        if after is None:
            return end.seq, False
        if not end.pruned_upto <= after <= end.seq or end.seq - after > FARTHEST:
            return end.seq, True
        return after, False

    def after(
        self, org_id: str, position: int, agents: Collection[str]
    ) -> tuple[list[bytes], int]:
        """Return what some agents are told after an event, and up to where that is."""
        room = self._room(org_id)
        with room.lock:
            self._read_on(org_id, room)
            if position >= room.floor:
                mine = []
                for told in reversed(room.kept):
                    if told.seq <= position:
                        break
                    if told.agent_id in agents:
                        mine.append(told.frame)
                return mine[::-1], max(position, room.head)
            floor = room.floor
        older, upto = self._page(org_id, position, floor)
        return [each.frame for each in older if each.agent_id in agents], upto

    def _room(self, org_id: str) -> _Room:
        room = self._rooms.get(org_id)
        if room is None:
            with self._store.reading() as session:
                head = events.end(session, org_id).seq
            room = self._rooms.setdefault(org_id, _Room(head, head, head))
        return room

    def _rung(self, org_id: str, wakes: Sequence[Wake]) -> None:
        room = self._rooms.get(org_id)
        if room is None:
            return
        room.known = max(room.known, wakes[-1].seq)
        if any(wake.type.startswith(DOUBT) for wake in wakes):
            room.doubts += 1

    def _read_on(self, org_id: str, room: _Room) -> None:
        """Read what the bus told of since; the first stream that is woken does it for all."""
        while room.head < room.known:
            told, upto = self._page(org_id, room.head, room.known)
            if upto == room.head:
                return
            room.head = upto
            room.kept.extend(told)
            while len(room.kept) > KEPT:
                room.floor = room.kept.popleft().seq

    def _page(self, org_id: str, after: int, upto: int) -> tuple[list[Told], int]:
        """Return what agents are told of the next events of the log, and where those end."""
        everything = events.EventFilters()
        with self._store.reading() as session:
            rows = events.ascending(session, org_id, everything, after, upto, PAGE)
        told = [_told(row) for row in rows if row.action in TOLD]
        last = rows[-1].seq if len(rows) == PAGE else upto
        return [each for each in told if each is not None], last if rows else after


def _told(event: Event) -> Told | None:
    """Write an event out; none for one that says no more whose it was."""
    facts = json.loads(event.payload or b"{}")
    if not facts.get("agent"):
        return None
    data = {
        "seq": event.seq,
        "type": event.action,
        "at": rfc3339(event.at),
        "approval": event.subject.partition(":")[2],
        **{name: facts.get(name) for name in _FACTS},
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    frame = f"id: {event.seq}\nevent: {event.action}\ndata: {text}\n\n"
    return Told(event.seq, facts["agent"], frame.encode())

"""All live sockets of a process: who is connected, and one event to each who may see it."""

from __future__ import annotations

import _socket
import logging
import os
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

import gevent

from webui.live import frames
from webui.live.connection import Connection
from webui.live.messages import Message, message, resync

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from webui.live.bus import Bus, Wake
    from webui.live.feed import Feed, Viewer

log = logging.getLogger(__name__)

PER_SESSION = 8
COALESCE_SECONDS = 0.05
RESYNC_ABOVE = 1_000
SENDS_PER_TURN = 512
PING_SECONDS = 25
RECHECK_SECONDS = 30
RECHECKS_PER_TURN = 16
# Thin events are small: a little kernel memory holds hundreds, and a reader that stopped is
# noticed before megabytes are buffered for it.
SEND_BUFFER_BYTES = 65_536


@dataclass(slots=True)
class Room:
    """The sockets of one org, by audience, and the events not yet sent to them."""

    groups: dict[Hashable, dict[Connection, None]] = field(default_factory=dict)
    pending: list[Wake] = field(default_factory=list)
    seq: int = 0
    sending: bool = False


class Sockets:
    """Sends each committed event to the browsers that may see it.

    Events of a burst are sent together, at most every 50 ms, and at once when it was quiet.
    Create it in the serving process; all methods belong to the hub's thread.
    """

    def __init__(self, bus: Bus, feed: Feed, limit: int) -> None:
        self.feed = feed
        self._limit = limit
        self._rooms: dict[str, Room] = {}
        self._all: dict[Connection, None] = {}
        self._per_session: Counter[str] = Counter()
        self._numbers = count()
        self._doubted: set[str] = set()
        self._stopping = False
        bus.subscribe(self._published)
        self._upkeep = gevent.spawn(self._keep_up)

    def __len__(self) -> int:
        return len(self._all)

    def has_room(self, session_id: str) -> bool:
        """Whether one more socket of this session may be opened now."""
        full = len(self._all) >= self._limit or self._per_session[session_id] >= PER_SESSION
        return not (full or self._stopping)

    def join(self, fd: int, viewer: Viewer, since: int | None, epoch: str) -> None:
        """Adopt an upgraded connection (a duplicate of `fd` is kept) and bring it up to date."""
        raw = _socket.socket(fileno=os.dup(fd))
        raw.setblocking(False)
        raw.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        raw.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        io = gevent.get_hub().loop.io
        connection = Connection(raw, io, viewer, next(self._numbers), self._left)  # type: ignore[arg-type]
        # Live events are held from here on, before the backlog is read: none falls between.
        self._all[connection] = None
        self._per_session[viewer.session_id] += 1
        room = self._rooms.setdefault(viewer.org_id, Room())
        room.groups.setdefault(viewer.audience, {})[connection] = None
        try:
            self._catch_up(connection, since, epoch)
        except Exception:
            log.exception("reading the backlog of a live socket failed")
            connection.close(frames.CLOSE_RESTART, "please come back")
        if self._stopping:
            connection.close(frames.CLOSE_RESTART, "the server is restarting")

    def drop(self, *, session_id: str | None = None, user_id: str | None = None) -> None:
        """End the sockets of a session or of a person at once: signed out, or a role changed."""
        for connection in list(self._all):
            viewer = connection.viewer
            if session_id == viewer.session_id or user_id == viewer.user_id:
                connection.close(frames.CLOSE_SESSION_ENDED, "please sign in again")

    def rename(self, before: str, after: str) -> None:
        """Let the sockets of a session live on under its new id."""
        for connection in list(self._all):
            if connection.viewer.session_id == before:
                connection.viewer = replace(connection.viewer, session_id=after)
                self._per_session[before] -= 1
                self._per_session[after] += 1
        if not self._per_session[before]:
            del self._per_session[before]

    def recheck(self, *, user_id: str | None = None, org_id: str | None = None) -> None:
        """Look at once whether a person, or everybody in an org, may still be connected.

        A burst of changes in an org, such as a sync, is one look.
        """
        if org_id in self._doubted:
            return
        if org_id is not None and org_id in self._rooms:
            self._doubted.add(org_id)
            gevent.spawn(self._recheck_room, org_id)
        if user_id is not None:
            gevent.spawn(self._recheck_in_turns, lambda viewer: viewer.user_id == user_id)

    def _recheck_room(self, org_id: str) -> None:
        gevent.sleep(COALESCE_SECONDS)
        # What changes from here on is looked at again.
        self._doubted.discard(org_id)
        self._recheck_in_turns(lambda viewer: viewer.org_id == org_id)

    def _recheck_in_turns(self, concerned: Callable[[Viewer], bool]) -> None:
        due: dict[Viewer, list[Connection]] = {}
        for connection in list(self._all):
            if concerned(connection.viewer):
                due.setdefault(connection.viewer, []).append(connection)
        for turn, (viewer, connections) in enumerate(due.items(), 1):
            self._recheck(viewer, connections)
            if turn % RECHECKS_PER_TURN == 0:
                gevent.sleep(0)

    def stop(self, patience: float) -> None:
        """Tell every browser to come back (1012) and wait up to `patience` seconds for them."""
        self._stopping = True
        for connection in list(self._all):
            connection.close(frames.CLOSE_RESTART, "the server is restarting")
        deadline = time.monotonic() + patience
        while self._all and time.monotonic() < deadline:
            gevent.sleep(0.02)
        self._upkeep.kill()
        for connection in list(self._all):
            connection.end()

    def _catch_up(self, connection: Connection, since: int | None, epoch: str) -> None:
        viewer, feed = connection.viewer, self.feed
        missed = None
        if since is not None and epoch == feed.epoch(viewer.org_id):
            missed = feed.backlog(viewer.org_id, since)
        if missed is None or since is None:
            head = feed.head(viewer.org_id)
            connection.begin((), head, resync(head, feed.epoch(viewer.org_id)))
            return
        visible = [
            message(wake)
            for wake in missed
            if feed.may_see(viewer, wake) or feed.addressee(wake) == viewer.user_id
        ]
        connection.begin(visible, missed[-1].seq if missed else since)

    def _left(self, connection: Connection) -> None:
        viewer = connection.viewer
        self._all.pop(connection, None)
        self._per_session[viewer.session_id] -= 1
        if not self._per_session[viewer.session_id]:
            del self._per_session[viewer.session_id]
        room = self._rooms[viewer.org_id]
        room.groups[viewer.audience].pop(connection, None)
        if not room.groups[viewer.audience]:
            del room.groups[viewer.audience]
        if not room.groups:
            del self._rooms[viewer.org_id]

    def _published(self, org_id: str, wakes: Sequence[Wake]) -> None:
        room = self._rooms.get(org_id)
        if room is None:
            return
        fresh = [wake for wake in wakes if wake.seq > room.seq]
        if not fresh:
            return
        room.seq = fresh[-1].seq
        room.pending += fresh
        if not room.sending:
            room.sending = True
            gevent.spawn(self._send_pending, org_id, room)

    def _send_pending(self, org_id: str, room: Room) -> None:
        try:
            while room.pending:
                started = time.monotonic()
                batch, room.pending = room.pending, []
                personal = self._personal(batch)
                for audience in list(room.groups):
                    self._send_to_group(org_id, room, audience, batch, personal)
                gevent.sleep(max(0.0, COALESCE_SECONDS - (time.monotonic() - started)))
        finally:
            room.sending = False

    def _personal(self, batch: Sequence[Wake]) -> dict[str, list[Message]]:
        """Return what concerns one person alone, by their id; losing it costs a reload."""
        found: dict[str, list[Message]] = {}
        for wake in batch:
            try:
                whose = self.feed.addressee(wake)
            except Exception:
                log.exception("finding whom a live event is for failed")
                continue
            if whose is not None:
                found.setdefault(whose, []).append(message(wake))
        return found

    def _send_to_group(
        self,
        org_id: str,
        room: Room,
        audience: Hashable,
        batch: Sequence[Wake],
        personal: dict[str, list[Message]],
    ) -> None:
        members = list(room.groups.get(audience, ()))
        if not members:
            return
        first, last = batch[0].seq, batch[-1].seq
        if len(batch) > RESYNC_ABOVE:
            frame = resync(last, self.feed.epoch(org_id))
            _in_turns(members, lambda member: member.announce(frame, last))
            return
        try:
            viewer = members[0].viewer
            visible = [message(wake) for wake in batch if self.feed.may_see(viewer, wake)]
        except Exception:
            log.exception("deciding who may see a live event failed")
            _in_turns(
                members, lambda member: member.close(frames.CLOSE_RESTART, "come back")
            )
            return
        data = b"".join(item.frame for item in visible)

        def deliver(member: Connection) -> None:
            own = personal.get(member.viewer.user_id)
            if own is None:
                member.deliver(first, last, visible, data)
                return
            both = sorted([*visible, *own])
            member.deliver(first, last, both, b"".join(item.frame for item in both))

        _in_turns(members, deliver)

    def _keep_up(self) -> None:
        for second in count():
            gevent.sleep(1.0)
            now = time.monotonic()
            due: dict[Viewer, list[Connection]] = {}
            for connection in list(self._all):
                turn = connection.number + second
                connection.tick(now, ping=turn % PING_SECONDS == 0)
                if turn % RECHECK_SECONDS == 0:
                    due.setdefault(connection.viewer, []).append(connection)
            self._recheck_all(due)

    def _recheck_all(self, due: dict[Viewer, list[Connection]]) -> None:
        for viewer, connections in due.items():
            self._recheck(viewer, connections)

    def _recheck(self, viewer: Viewer, connections: Iterable[Connection]) -> None:
        try:
            same = self.feed.recheck(viewer) == viewer
        except Exception:
            log.exception("checking the session of a live socket failed")
            code, reason = frames.CLOSE_RESTART, "please come back"
        else:
            if same:
                return
            code, reason = frames.CLOSE_SESSION_ENDED, "please sign in again"
        for connection in connections:
            connection.close(code, reason)


def _in_turns(members: Sequence[Connection], act: Callable[[Connection], None]) -> None:
    """Act on each, letting other greenlets run now and then: 10,000 sends take 60 ms."""
    for index, member in enumerate(members, 1):
        act(member)
        if index % SENDS_PER_TURN == 0:
            gevent.sleep(0)

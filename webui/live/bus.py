"""Wake-ups inside one process: after a commit, to held long polls and to the live sockets.

The database is the truth. A wake-up says only that something with this sequence number is
there to be read, so losing one costs latency and never data.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

import gevent.event
import gevent.monkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager


class Wake(NamedTuple):
    """One committed audit event, as thin as it travels to a browser."""

    org_id: str
    seq: int
    type: str
    approval_id: str


class Watch:
    """One caller's interest in a key, taken before reading the state that may change."""

    __slots__ = ("_bus", "_event")

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        # Unpatched programs (tests, tools) use real threads; the server uses greenlets, where
        # gevent's own event costs a tenth of the patched threading.Event.
        patched = gevent.monkey.is_module_patched("threading")
        self._event = gevent.event.Event() if patched else threading.Event()

    def wait(self, timeout: float) -> bool:
        """Sleep until something happened since the watch began: False after `timeout` seconds.

        Returns at once while the process is stopping: read the state again and answer.
        """
        if self._bus.stopping:
            return True
        woken = bool(self._event.wait(timeout))
        self._event.clear()
        return woken

    def wake(self) -> None:
        """Let the waiting caller go on; called in the hub's thread."""
        self._event.set()


class Bus:
    """The event bus of one process. Create it in the thread (under gevent: the hub's) that serves.

    `publish` may be called from any thread; everything else belongs to the serving thread and
    its greenlets. Sequence numbers of one org must be published in ascending order, which the
    single writer (SQLite) and the log reader (PostgreSQL) give for free.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._watches: dict[str, list[Watch]] = {}
        self._listeners: list[Callable[[str, Sequence[Wake]], None]] = []
        self._inbox: deque[tuple[str, Sequence[Wake]]] = deque()
        self._hub_thread: int | None = None
        # Greenlets switch only where they wait, and nothing below waits; threads need a lock.
        self._lock: AbstractContextManager[object] = threading.RLock()
        if gevent.monkey.is_module_patched("threading"):
            hub = gevent.get_hub()
            self._lock = nullcontext()
            self._hub_thread = hub.thread_ident
            self._doorbell = hub.loop.async_()
            self._doorbell.start(self._deliver)

    def publish(self, org_id: str, seq: int, events: Sequence[Wake]) -> None:
        """Wake whoever waits for these committed events of one org, the last being `seq`.

        Wakes watchers of each `approval_id` and of `org_id` itself. Safe from any native thread.
        """
        if not events or events[-1].seq > seq:
            message = "publish: events must be given, and none later than seq"
            raise ValueError(message)
        self._inbox.append((org_id, events))
        if self._hub_thread in {None, _native_ident()}:
            self._deliver()
        else:
            # The one call of libev that other threads may make; it wakes the hub at once.
            self._doorbell.send()

    def subscribe(self, listener: Callable[[str, Sequence[Wake]], None]) -> None:
        """Call `listener(org_id, wakes)` for every publication; it must not block or raise."""
        self._listeners.append(listener)

    @contextmanager
    def watch(self, key: str) -> Iterator[Watch]:
        """Watch an approval's or an org's id. Enter first, then read the state, then wait.

        In this order a change between reading and waiting is not missed.
        """
        watch = Watch(self)
        with self._lock:
            self._watches.setdefault(key, []).append(watch)
        try:
            yield watch
        finally:
            self._forget(key, watch)

    def waiting(self) -> int:
        """How many watches are held."""
        with self._lock:
            return sum(len(watches) for watches in self._watches.values())

    def stop(self) -> None:
        """Let every held poll answer now; later ones are not held at all."""
        self.stopping = True
        with self._lock:
            for watches in self._watches.values():
                for watch in watches:
                    watch.wake()

    def _forget(self, key: str, watch: Watch) -> None:
        with self._lock:
            watches = self._watches[key]
            watches.remove(watch)
            if not watches:
                del self._watches[key]

    def _deliver(self) -> None:
        with self._lock:
            while self._inbox:
                org_id, events = self._inbox.popleft()
                for key in {org_id, *(event.approval_id for event in events)}:
                    for watch in self._watches.get(key, ()):
                        watch.wake()
                for listener in self._listeners:
                    listener(org_id, events)


# The patched get_ident answers with a greenlet; the thread below it is wanted.
_native_ident: Callable[[], int] = gevent.monkey.get_original("threading", "get_ident")

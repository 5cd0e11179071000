"""Keeps the bridges of one process: takes those that are wanted and free, gives up the others."""

from collections.abc import Mapping
from threading import Event, Thread

import structlog
from sqlalchemy import select

from webui.approvals.senders.sources import ACTIVE
from webui.bridges import lease
from webui.bridges.link import FIRST_PAUSE, Link, Listen, sender_of
from webui.bridges.registry import BRIDGES
from webui.channels.http import Sender
from webui.runtime import Runtime
from webui.store.errors import StoreUnavailableError
from webui.store.models import Agent, Source

log = structlog.get_logger()
EACH = 1.0
"""Seconds between two looks."""
RENEW = 5
"""Looks between two renewals of a lease."""
Wanted = tuple[str, str, bytes | None]
"""A source's kind, settings and token: another one of these is another connection."""


class Supervisor:
    """The bridges of one process."""

    def __init__(
        self,
        runtime: Runtime,
        sender: Sender | None = None,
        bridges: Mapping[str, Listen] = BRIDGES,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._runtime = runtime
        self._sender = sender or sender_of(runtime)
        self._bridges = bridges
        self._first_pause = first_pause
        self._node = runtime.node
        self._links: dict[str, tuple[Wanted, Link]] = {}
        self._looks = 0
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin, on a thread (a greenlet, under gevent) of its own."""
        self._thread = Thread(target=self._run, name="bridges", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and let other nodes have them."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)
        for _, link in self._links.values():
            link.stop()  # all of them, before the first is waited for
        for source_id in list(self._links):
            try:
                self._end(source_id)
            except StoreUnavailableError:  # its lease runs out
                log.warning("a bridge was not handed over", source=source_id)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:
                log.exception("bridges could not be looked after")
            self._stop.wait(EACH)

    def look(self) -> None:
        """Open what is wanted and free, renew what is ours, close what is wanted no more."""
        wanted = self._wanted()
        for source_id, (of, link) in list(self._links.items()):
            if wanted.get(source_id) != of or not link.alive or not self._ours(source_id):
                self._end(source_id)
        self._looks += 1
        for source_id, of in wanted.items():
            if source_id not in self._links and self._claimed(source_id):
                listen = self._bridges[of[0]]
                link = Link(
                    self._runtime,
                    source_id,
                    self._node,
                    listen,
                    self._sender,
                    self._first_pause,
                )
                self._links[source_id] = (of, link)
                link.start()

    def _wanted(self) -> dict[str, Wanted]:
        with self._runtime.store.reading() as session:
            found = session.execute(
                select(Source.id, Source.kind, Source.config, Source.token)
                .join(Agent, Agent.id == Source.agent_id)
                .where(
                    Source.kind.in_(self._bridges),
                    Source.status == ACTIVE,
                    Agent.status == ACTIVE,
                )
            )
            return {row.id: (row.kind, row.config, row.token) for row in found}

    def _claimed(self, source_id: str) -> bool:
        node, store = self._node, self._runtime.store
        with store.reading() as session:
            if lease.held_elsewhere(session, source_id, node, store.now()):
                return False
        return store.write(lambda tx: lease.claim(tx, source_id, node))

    def _ours(self, source_id: str) -> bool:
        if self._looks % RENEW:
            return True
        node = self._node
        return self._runtime.store.write(lambda tx: lease.renew(tx, source_id, node))

    def _end(self, source_id: str) -> None:
        _, link = self._links.pop(source_id)
        link.stop()
        link.wait(5)
        node = self._node
        self._runtime.store.write(lambda tx: lease.release(tx, source_id, node))

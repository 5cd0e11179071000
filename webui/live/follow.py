"""On PostgreSQL: events that other nodes committed, found by looking at the chains' heads.

The log is the truth, and its sequence is gapless under the chain's lock, so looking four
times a second misses nothing; a commit of this very node looks at once.
"""

from collections.abc import Callable, Sequence
from threading import Event, Thread

import structlog
from sqlalchemy import select

from webui.store.errors import StoreUnavailableError
from webui.store.models import AuditHead
from webui.store.queries import events
from webui.store.store import Store
from webui.store.transaction import Wake

log = structlog.get_logger()
LOOK_SECONDS = 0.25
AT_ONCE = 1_000


class Follower:
    """Rings the bus for every committed event, whichever node wrote it.

    On SQLite there is one process, and the store rings the bus itself: nothing to follow.
    """

    def __init__(self, store: Store, ring: Callable[[Sequence[Wake]], None]) -> None:
        self._store = store
        self._ring = ring
        self._told: dict[str, int] = {}
        self._look = Event()
        self._ended = False
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin after the newest events there are."""
        if self._store.on_sqlite:
            return
        self._told = self._heads()
        self._store.listen(lambda _: self._look.set())
        self._thread = Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ended = True
        self._look.set()
        if self._thread is not None:
            self._thread.join(2)

    def _heads(self) -> dict[str, int]:
        with self._store.reading() as session:
            rows = session.execute(select(AuditHead.org_id, AuditHead.seq))
            return {row.org_id: row.seq for row in rows}

    def _run(self) -> None:
        while not self._ended:
            self._look.wait(LOOK_SECONDS)
            self._look.clear()
            try:
                self.look()
            except StoreUnavailableError:
                log.warning("the database did not answer; looking again")
            except Exception:
                log.exception("following the log failed; looking again")

    def look(self) -> None:
        """Tell the bus what is new in every org."""
        for org_id, head in self._heads().items():
            told = self._told.get(org_id, 0)
            if head > told:
                with self._store.reading() as session:
                    fresh = events.after(session, org_id, told, AT_ONCE)
                self._ring(fresh)
                self._told[org_id] = fresh[-1].seq if fresh else told

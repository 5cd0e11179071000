"""The worker of long jobs: takes one, works it off in slices, and keeps what comes of it.

Jobs compute, and under gevent everything here shares one thread with the requests. So a job is
a generator that yields every few milliseconds, and between two slices the requests have their
turn: whoever comes in waits for one slice at most before the event loop looks at them.
"""

import time
from collections.abc import Callable, Generator, Mapping
from threading import Event, Thread
from typing import Any, Final, NamedTuple

import structlog

from webui.approvals import jobs
from webui.approvals.errors import DeskError
from webui.approvals.jobs import Claimed
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError
from webui.store.queries import jobs as queries
from webui.store.store import Store

log = structlog.get_logger()
PAUSE: Final = 0.001
"""Seconds between two slices, for whoever waits."""
BEAT: Final = 1.0
"""Seconds between two signs of life."""
IDLE: Final = 1.0
"""Seconds between two looks for work."""
FAILED: Final = sentence("It failed by a fault of the desk; the server's log says which.")


class Step(NamedTuple):
    """How far a job is."""

    done: int
    total: int


Work = Generator[Step, None, Mapping[str, Any]]
"""Yields every few milliseconds, and returns the result."""
Kind = Callable[[Store, Claimed], Work]
Told = Callable[[Step], None]


class Runner:
    """Works off one job after the other, on a thread (a greenlet, under gevent) of its own."""

    def __init__(self, store: Store, kinds: Mapping[str, Kind]) -> None:
        self._store = store
        self._kinds = kinds
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give back the job at hand and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                did = self.turn()
            except Exception:
                log.exception("jobs could not be looked for")
                did = False
            if not did:
                self._stop.wait(IDLE)

    def turn(self) -> bool:
        """Work off one job, if there is one; looks first, so that an idle desk writes nothing."""
        store = self._store
        with store.reading() as session:
            if not queries.any_due(session, store.now()):
                return False
        claimed = store.write(jobs.claim)
        if claimed is not None:
            self.work(claimed)
        return True

    def work(self, job: Claimed, told: Told = lambda _: None) -> None:
        """Work off a job that is ours; `told` hears how far it is with every sign of life."""
        store = self._store
        try:
            result = self._worked(job, told)
        except DeskError as error:
            why = error.detail
            store.write(lambda tx: jobs.fail(tx, job, why))
        except StoreUnavailableError:
            # the lease runs out, and then it is begun anew
            log.warning("a job was lost", job=job.id)
        except Exception:
            log.exception("a job failed", job=job.id, kind=job.kind)
            store.write(lambda tx: jobs.fail(tx, job, FAILED))
        else:
            if result is not None:
                store.write(lambda tx: jobs.finish(tx, job, result))

    def _worked(self, job: Claimed, told: Told) -> Mapping[str, Any] | None:
        """Return the result; none if it was cancelled, lost or given back."""
        store, work = self._store, self._kinds[job.kind](self._store, job)
        beat_at = 0.0
        while True:
            try:
                step = next(work)
            except StopIteration as end:
                result: Mapping[str, Any] = end.value
                return result
            if self._stop.is_set():
                store.write(lambda tx: jobs.give_back(tx, job))
                return None
            if time.monotonic() >= beat_at:
                if not store.write(lambda tx, at=step: jobs.beat(tx, job, *at)):  # type: ignore[misc]
                    return None
                told(step)
                beat_at = time.monotonic() + BEAT
            time.sleep(PAUSE)

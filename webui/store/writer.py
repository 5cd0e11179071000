"""One writer with group commit, for SQLite (research: performance.md, "What follows").

Callers put units of work into one queue. A pump takes all that wait, runs each in a savepoint
of one transaction, writes the events of all, commits once, and only then answers: acknowledged
means on disk. A unit that fails rolls back to its savepoint and harms no other; where the events
of a batch cannot be written, its units run again, each in a transaction of its own.
"""

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from webui.sentences import sentence
from webui.store.errors import (
    StoreBrokenError,
    StoreBusyError,
    StoreFullError,
    StoreUnavailableError,
)
from webui.store.transaction import Transaction

Unit = Callable[[Transaction], Any]
Native = Callable[[Callable[[], None]], Any]
"""Runs a function outside the event loop and waits for it (gevent's thread pool)."""

BATCH = 64
WAITING = 4096


class UnwrittenError(Exception):
    """The events of a batch could not be made or kept; `why`, and nothing was committed."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


class Job:
    """One unit, who waits for it, and what became of it."""

    __slots__ = ("done", "error", "result", "tx", "unit")

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None
        self.tx: Transaction | None = None


class Writer:
    """The only connection that writes, and the queue in front of it."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        begin: Callable[[Connection], Transaction],
        finish: Callable[[Sequence[Transaction]], None],
        committed: Callable[[Sequence[Transaction]], None],
        native: Native,
    ) -> None:
        self._connect = connect
        self._begin = begin
        self._finish = finish
        self._committed = committed
        self._native = native
        self._connection: Connection | None = None
        self._closed = False
        self._jobs: queue.Queue[Job | None] = queue.Queue(WAITING)
        self._pump = threading.Thread(target=self._run, name="writer", daemon=True)
        self._pump.start()

    def write(self, unit: Unit) -> Any:
        """Run `unit`, wait until it is on disk, return its result or raise its error."""
        if self._closed:
            raise StoreUnavailableError(
                sentence("The store is closing; nothing was changed.")
            )
        job = Job(unit)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise StoreBusyError(
                sentence("Too many writes are waiting; try again.")
            ) from None
        if not self._pump.is_alive():  # it ended between the first look and the queue
            self._refuse_waiting()
        job.done.wait()
        if job.error is not None:
            raise job.error
        return job.result

    def close(self) -> None:
        """Finish what waits, then stop; whoever comes later is refused and never hangs."""
        self._closed = True
        self._jobs.put(None)
        self._pump.join()
        self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    job.error = StoreUnavailableError(sentence("The store is closed."))
                    job.done.set()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            batch = self._next_batch()
            stopping = None in batch
            jobs = [job for job in batch if job is not None]
            if jobs:
                self._native(lambda jobs=jobs: self._run_batch(jobs))  # type: ignore[misc]
                self._committed([job.tx for job in jobs if job.tx and job.error is None])
                for job in jobs:
                    job.done.set()
        self._native(self._disconnect)

    def _next_batch(self) -> list[Job | None]:
        batch = [self._jobs.get()]
        while len(batch) < BATCH:
            try:
                batch.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return batch

    def _run_batch(self, jobs: list[Job]) -> None:
        try:
            self._commit_together(jobs)
        except BaseException as error:  # noqa: BLE001 - whatever: nobody may be told "done"
            # A COMMIT that failed may have left its transaction open: the next batch starts
            # on a connection of its own.
            with contextlib.suppress(DBAPIError):
                self._disconnect()
            harmless = [job for job in jobs if job.error is None]
            if isinstance(error, UnwrittenError) and len(jobs) > 1:
                for job in harmless:  # one of them cannot be logged; the others can
                    self._run_batch([job])
                return
            failure = error.why if isinstance(error, UnwrittenError) else error
            for job in harmless:
                job.error = as_store_error(failure) if of_the_file(failure) else failure

    def _commit_together(self, jobs: list[Job]) -> None:
        if self._connection is None:
            self._connection = self._connect()
        with self._connection.begin():
            for job in jobs:
                self._run_unit(self._connection, job)
            try:
                self._finish([job.tx for job in jobs if job.tx and job.error is None])
            except Exception as error:
                if of_the_file(error):
                    raise
                raise UnwrittenError(error) from error

    def _run_unit(self, connection: Connection, job: Job) -> None:
        driver = connection.connection.cursor()  # a savepoint a unit: past the toolkit
        driver.execute("SAVEPOINT unit")
        tx = self._begin(connection)
        try:
            job.result = job.unit(tx)
        except Exception as error:
            if of_the_file(error):
                raise  # the whole batch fails, nothing is half done
            driver.execute("ROLLBACK TO unit")
            job.error = error
        finally:
            tx.close()
        driver.execute("RELEASE unit")
        job.tx = tx

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def of_the_file(error: BaseException) -> bool:
    """Say whether an error is the disk's or the database's, and not that of one unit."""
    return isinstance(error, DBAPIError) and not isinstance(error, IntegrityError)


def as_store_error(error: BaseException) -> BaseException:
    """Say in the store's own words what a database error means; pass others through."""
    if not isinstance(error, DBAPIError):
        return error
    name = getattr(error.orig, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return StoreFullError(sentence("The disk is full: nothing was changed."))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusyError(
            sentence("Another process holds the database; nothing was changed.")
        )
    if name.startswith(
        ("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN")
    ):
        return StoreBrokenError(
            sentence(
                "The database cannot be written (%(name)s); nothing was changed.", name=name
            )
        )
    if isinstance(error.orig, sqlite3.Error) or error.connection_invalidated:
        return StoreUnavailableError(
            sentence("The database did not answer; nothing was changed.")
        )
    return error

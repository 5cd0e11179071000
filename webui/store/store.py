"""The store: `write` is the only place where anything is committed."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webui.sentences import sentence
from webui.store.clock import Clock
from webui.store.engines import reading_engine, writing_engine
from webui.store.errors import StoreUnavailableError
from webui.store.keyring import Keyring
from webui.store.transaction import Transaction, Wake, highest_time
from webui.store.writer import Native, Writer, as_store_error

Result = TypeVar("Result")
RETRIES = 5
_log = logging.getLogger(__name__)
_AGAIN = {"40001", "40P01", "23505"}
"""PostgreSQL: serialization failure, deadlock, a row that somebody else inserted first: nothing
happened, and the unit run again sees what the other one did."""
_LOST = {"57P01", "57P02", "57P03", "08006", "08001", "08003"}


def run_here(work: Callable[[], None]) -> None:
    """Run the writer's batches on the pump's own thread (no event loop to protect)."""
    work()


class Store:
    """Rows, and the one way to change them.

    Args:
        url: of the database.
        keyring: the instance's secrets.
        finish: writes the events of the units of one commit, last (`webui.audit.journal`).
        native: how to run SQLite's blocking batches beside an event loop.
        clock: the process clock.

    """

    def __init__(
        self,
        url: URL | str,
        keyring: Keyring,
        finish: Callable[[Sequence[Transaction]], None],
        *,
        native: Native = run_here,
        clock: Clock | None = None,
    ) -> None:
        self.url = make_url(url)
        self.keyring = keyring
        self.clock = clock or Clock()
        self.on_sqlite = self.url.get_backend_name() == "sqlite"
        self._finish = finish
        self._listeners: list[Callable[[Sequence[Wake]], None]] = []
        self._reading = reading_engine(self.url)
        self._writing = writing_engine(self.url)
        self._writer = self._start_writer(native) if self.on_sqlite else None
        with self.reading() as session:
            self.clock.seen(highest_time(session.connection()))

    def _start_writer(self, native: Native) -> Writer:
        return Writer(
            self._writing.connect,
            self._transaction,
            self._finish,
            self._committed,
            native,
        )

    def write(self, unit: Callable[[Transaction], Result]) -> Result:
        """Run one unit of work in a transaction and return what it returns, once it is durable.

        The unit may run more than once, so it must change nothing but rows, and keep no
        row objects: plain values only leave it.

        Raises:
            StoreUnavailableError: nothing was changed; the caller may try again.

        """
        if self._writer is not None:
            return cast("Result", self._writer.write(unit))
        return self._write_with_retries(unit)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for selects; it sees only what is committed."""
        try:
            with Session(self._reading, autoflush=False, expire_on_commit=False) as session:
                yield session
        except DBAPIError as error:
            told = as_store_error(error) if self.on_sqlite else _postgresql_error(error)
            if told is error:
                raise
            raise told from error

    def now(self) -> int:
        """Return the present time in ms, for pages; verbs get theirs from `write`."""
        return self.clock.now()

    def listen(self, listener: Callable[[Sequence[Wake]], None]) -> None:
        """Call `listener` with what happened, after each commit, before its caller goes on."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Finish what waits and let go of the database."""
        if self._writer is not None:
            self._writer.close()
            self._checkpoint()
        self._writing.dispose()
        self._reading.dispose()

    def _checkpoint(self) -> None:
        connection = self._writing.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def _transaction(self, connection: Connection) -> Transaction:
        tx = Transaction(connection, self.clock, self.keyring)
        tx.read_clock()
        return tx

    def _committed(self, done: Sequence[Transaction]) -> None:
        wakes = [wake for tx in done for wake in tx.wakes]
        if not wakes:
            return
        for listener in self._listeners:
            try:
                listener(wakes)
            except Exception:  # noqa: BLE001 - whatever a listener does wrong
                # It is committed: a deaf feed must not turn "done" into an error or a hang.
                _log.exception("a listener failed after a commit")

    def _write_with_retries(self, unit: Callable[[Transaction], Result]) -> Result:
        for attempt in range(RETRIES):
            try:
                result, tx = self._write_once(unit)
            except DBAPIError as error:
                if _code(error) not in _AGAIN or attempt == RETRIES - 1:
                    told = _postgresql_error(error)
                    if told is error:
                        raise
                    raise told from error
                time.sleep(0.005 * 2**attempt)
            else:
                self._committed([tx])
                return result
        raise AssertionError("the last attempt returns or raises")

    def _write_once(
        self, unit: Callable[[Transaction], Result]
    ) -> tuple[Result, Transaction]:
        with self._writing.begin() as connection:
            tx = self._transaction(connection)
            try:
                result = unit(tx)
                self._finish([tx])
            finally:
                tx.close()
        return result, tx


def _code(error: DBAPIError) -> str | None:
    code: str | None = getattr(error.orig, "sqlstate", None)
    return code


def _postgresql_error(error: DBAPIError) -> Exception:
    code = _code(error)
    if error.connection_invalidated or code is None or code in _LOST:
        return StoreUnavailableError(sentence("The database did not answer; ask again."))
    if code in _AGAIN or code.startswith(("53", "55", "57")):
        return StoreUnavailableError(sentence("The database is busy; ask again."))
    return error

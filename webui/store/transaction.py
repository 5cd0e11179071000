"""What a unit of work gets: a connection, the time, and a place for its events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, Result, select, text
from sqlalchemy.orm import Session

from webui.store.clock import Clock
from webui.store.keyring import Keyring
from webui.store.models import AuditHead
from webui.store.prepared import Prepared, Values


class Happening(NamedTuple):
    """An event to be written at the end of its transaction."""

    org_id: str
    actor: str
    action: str
    subject: str
    payload: Mapping[str, Any]


class Wake(NamedTuple):
    """What the live feed tells after the commit: that it happened, not what it holds."""

    org_id: str
    seq: int
    action: str
    subject: str


@dataclass(slots=True)
class Transaction:
    """One unit of work. It may be run again from the start, so it keeps nothing outside."""

    connection: Connection
    clock: Clock
    keyring: Keyring
    now: int = 0
    happenings: list[Happening] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    _session: Session | None = None

    @property
    def session(self) -> Session:
        """Return an ORM session on the same transaction, for verbs that are not hot."""
        if self._session is None:
            self._session = Session(
                self.connection, autoflush=False, expire_on_commit=False
            )
        return self._session

    def execute(self, statement: Executable, values: Any = None) -> Result[Any]:
        """Run one Core statement."""
        return self.connection.execute(statement, values)

    def run(self, prepared: Prepared, values: Values | Sequence[Values]) -> None:
        """Run a prepared statement, once for each set of values."""
        prepared.run(self.connection, values)

    def first(self, prepared: Prepared, values: Values) -> tuple[Any, ...] | None:
        """Run a prepared statement and return its first row, or none."""
        return prepared.first(self.connection, values)

    def row(self, prepared: Prepared, values: Values) -> dict[str, Any] | None:
        """Run a prepared statement and return its only row by column names, or none."""
        rows = prepared.rows(self.connection, values)
        return rows[0] if rows else None

    def prepared_rows(self, prepared: Prepared, values: Values) -> list[dict[str, Any]]:
        """Run a prepared statement and return its rows by column names."""
        return prepared.rows(self.connection, values)

    def record(
        self,
        org_id: str,
        actor: str,
        action: str,
        subject: str,
        payload: Mapping[str, Any],
    ) -> None:
        """Put one event into the log with this change: written last, committed together."""
        self.happenings.append(Happening(org_id, actor, action, subject, payload))

    @property
    def on_postgresql(self) -> bool:
        """Say whether rows have to be locked one by one (SQLite has one writer anyway)."""
        return self.connection.dialect.name == "postgresql"

    def read_clock(self) -> int:
        """Read the time, after the row that it judges was locked; return and keep it."""
        if self.on_postgresql:
            self.now = self.clock.seen(self._database_now())
        else:
            self.now = self.clock.now()
        return self.now

    def _database_now(self) -> int:
        stamp = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        return int(self.connection.scalar(stamp) or 0)

    def close(self) -> None:
        """Drop the ORM session, if there was one."""
        if self._session is not None:
            self._session.close()


def highest_time(connection: Connection) -> int:
    """Return the latest time any chain has seen, to anchor a clock at the start."""
    heads = connection.scalars(select(AuditHead.at)).all()
    return max(heads, default=0)

"""Statements that every filing or use runs: compiled once and given straight to SQLite's driver.

The toolkit's execution of one statement costs several times what SQLite itself does with it, and
an intake runs seven. On PostgreSQL, where the trip to the server costs more than either, they run
as all others do.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, cast

from sqlalchemy import Boolean, Connection, Insert
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Values = Mapping[str, Any]


class _Compiled(NamedTuple):
    sql: str
    names: tuple[str, ...]
    """Of its values, in the order of its question marks."""
    otherwise: Values
    """What stands for names that are not given."""
    columns: tuple[str, ...]
    """Of its answer, if it has one; `truths` are those that hold truth values."""
    truths: tuple[str, ...]


class Prepared:
    """One statement over columns whose values SQLite takes and gives as they are.

    That is: texts, whole numbers, bytes and truth values; `first` gives the last as 0 and 1.
    """

    def __init__(self, statement: Executable) -> None:
        self.statement = statement

    @cached_property
    def _compiled(self) -> _Compiled:
        """Compile it when it first runs: not every process runs every statement."""
        statement = self.statement
        compiled = cast("ClauseElement", statement).compile(
            dialect=SQLiteDialect_pysqlite()
        )
        assert isinstance(compiled, SQLCompiler)
        given = getattr(statement, "exported_columns", ())
        return _Compiled(
            compiled.string,
            tuple(compiled.positiontup or ()),
            compiled.params | _defaults(statement),
            tuple(column.key for column in given),
            tuple(column.key for column in given if isinstance(column.type, Boolean)),
        )

    def run(self, connection: Connection, values: Values | Sequence[Values]) -> None:
        """Run it, once for each set of values."""
        if connection.dialect.name != "sqlite":
            connection.execute(self.statement, values)
        elif isinstance(values, Mapping):
            self._on_sqlite(connection, values)
        else:
            self._on_sqlite(connection, *values, many=True)

    def first(self, connection: Connection, values: Values) -> tuple[Any, ...] | None:
        """Run it and return its first row, or none."""
        if connection.dialect.name != "sqlite":
            found = connection.execute(self.statement, values).first()
            return None if found is None else tuple(found)
        return cast(
            "tuple[Any, ...] | None", self._on_sqlite(connection, values).fetchone()
        )

    def rows(self, connection: Connection, values: Values) -> list[dict[str, Any]]:
        """Run it and return its rows by the names of their columns, truth values as such."""
        if connection.dialect.name != "sqlite":
            found = connection.execute(self.statement, values).mappings()
            return [dict(row) for row in found]
        return [self._named(row) for row in self._on_sqlite(connection, values).fetchall()]

    def _named(self, row: Sequence[Any]) -> dict[str, Any]:
        named = dict(zip(self._compiled.columns, row, strict=True))
        for name in self._compiled.truths:
            named[name] = bool(named[name])
        return named

    def _on_sqlite(
        self, connection: Connection, *values: Values, many: bool = False
    ) -> sqlite3.Cursor:
        sql, names, otherwise, _, _ = self._compiled
        rows = [
            [each[name] if name in each else otherwise[name] for name in names]
            for each in values
        ]
        cursor = cast("sqlite3.Cursor", connection.connection.cursor())
        try:
            return cursor.executemany(sql, rows) if many else cursor.execute(sql, rows[0])
        except (
            sqlite3.Error
        ) as error:  # the toolkit's own errors, which the writer tells apart
            raise DBAPIError.instance(
                sql, None, error, sqlite3.Error, dialect=connection.dialect
            ) from error


def _defaults(statement: Executable) -> dict[str, Any]:
    """Return what an INSERT writes into columns that its values leave out."""
    if not isinstance(statement, Insert):
        return {}
    return {
        column.key: getattr(column.default, "arg", None)
        for column in statement.table.columns
    }

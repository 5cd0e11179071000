"""Long tables, and how many rows of them statements visit, by the databases' own account."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql
from sqlalchemy import Table, event, insert, literal, select
from sqlalchemy.engine import Connection, Engine

from webui.store.engines import is_planned_anew
from webui.store.transaction import Transaction

INSTRUCTIONS_A_ROW = 10
"""Of SQLite's machine, about; it counts these and not the rows."""
_READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)


class Visited:
    """The rows visited for each statement, in order."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.rows: list[int] = []

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.rows)

    def above(self, most: int) -> dict[str, int]:
        """Return the statements that visited more rows than these."""
        seen = zip(self.statements, self.rows, strict=True)
        return {statement: rows for statement, rows in seen if rows > most}


@contextmanager
def visits_counted(engine: Engine) -> Iterator[Visited]:
    """Count what is visited by the reads of an engine while the block lasts."""
    found = Visited()
    on_sqlite = engine.dialect.name == "sqlite"
    before = _step_by_step(found) if on_sqlite else _explained(found)
    event.listen(engine, "before_cursor_execute", before)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", before)


def _step_by_step(found: Visited) -> Any:
    """Let SQLite call back while it runs, until the next statement."""

    def before(
        connection: Connection, _cursor: Any, statement: str, _parameters: Any, *_: Any
    ) -> None:
        found.statements.append(statement)
        found.rows.append(0)
        at = len(found.rows) - 1

        def step() -> None:
            found.rows[at] += 1

        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(step, INSTRUCTIONS_A_ROW)

    return before


def _explained(found: Visited) -> Any:
    """Let PostgreSQL run each statement twice more, and tell of it.

    Once as it plans it for these values, and once for any, as it may come to do with a statement
    that a connection has often run, unless that asks to be planned anew.
    """
    asking = False

    def before(
        connection: Connection,
        _cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        _many: bool,
    ) -> None:
        nonlocal asking
        if asking or not _READS.match(statement):
            return
        asking = True
        told = f"{_EXPLAIN} {statement}"
        plans = [connection.exec_driver_sql(told, parameters).scalar_one()]
        if not is_planned_anew(statement, context.execution_options):
            plans.append(_planned_for_any(connection, statement, parameters))
        asking = False
        found.statements.append(statement)
        found.rows.append(max(_rows_in(plan[0]["Plan"]) for plan in plans))

    return before


_EXPLAIN = "EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF)"
_PLACE = re.compile(r"%\((\w+)\)s")


def _planned_for_any(connection: Connection, statement: str, parameters: Any) -> Any:
    names = list(dict.fromkeys(_PLACE.findall(statement)))
    general = _PLACE.sub(lambda match: f"${names.index(match[1]) + 1}", statement)
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        cursor.execute("PREPARE seen AS " + general.replace("%%", "%"))
        values = sql.SQL(", ").join(sql.Literal(parameters[name]) for name in names)
        run = sql.SQL("({})").format(values) if names else sql.SQL("")
        plan = cursor.execute(sql.SQL(f"{_EXPLAIN} EXECUTE seen") + run).fetchone()[0]
        cursor.execute("DEALLOCATE seen")
        cursor.execute("RESET plan_cache_mode")
    return plan


def _rows_in(plan: dict[str, Any]) -> int:
    """Return the rows that the leaves of a plan visited, and those that they threw away."""
    below = plan.get("Plans", [])
    thrown = sum(
        plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck")
    )
    own_rows = 0 if below else (plan["Actual Rows"] + thrown) * plan["Actual Loops"]
    return int(own_rows) + sum(_rows_in(each) for each in below)


def copied(
    tx: Transaction, table: Table, like: Any, rows: int, **changed: Callable[[Any], Any]
) -> None:
    """Fill a table with rows that differ in what is changed, by their number."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < rows))
    columns = [
        changed[column.name](numbers.c.n) if column.name in changed else column
        for column in table.columns
    ]
    found = select(*columns).select_from(table.join(numbers, literal(1) == 1)).where(like)
    tx.session.execute(insert(table).from_select(list(table.columns), found))

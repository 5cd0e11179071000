"""Walks along an index, newest first, that end: what a page costs does not grow with history.

One index serves one condition. A walk with more conditions looks through so many rows of the one
it follows, and says where it stopped; from there the next page goes on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import QueryableAttribute, Session

from webui.store.engines import PLANNED_ANEW

LOOKED = 5_000
"""Rows that one page looks through."""
Column = QueryableAttribute[Any]


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns with stars and question marks, any of which a text may fit."""

    patterns: tuple[str, ...]
    on_sqlite: bool

    def on(self, column: ColumnElement[Any] | Column) -> ColumnElement[bool]:
        """Return the condition that a column fits. A class of characters fits nothing here.

        Where this says no and `fnmatchcase` would say yes, a list leaves a row out that its own
        page shows: the harmless side.
        """
        plain = [each for each in self.patterns if "[" not in each]
        return or_(false(), *(self._one(column, each) for each in plain))

    def _one(self, column: ColumnElement[Any] | Column, glob: str) -> ColumnElement[bool]:
        if self.on_sqlite:  # its LIKE does not tell capitals from small letters
            return column.op("GLOB", is_comparison=True)(glob)
        like = glob.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        return column.like(like.replace("*", "%").replace("?", "_"), escape="\\")


@dataclass(frozen=True, slots=True)
class Given:
    """Whether a column has a value at all."""

    is_given: bool

    def on(self, column: ColumnElement[Any] | Column) -> ColumnElement[bool]:
        """Return the condition that it has one, or has none."""
        return column.is_not(None) if self.is_given else column.is_(None)


Values = Mapping[Column, Sequence[Any]]
"""Which values a column may have; none at all: nothing fits."""
Test = Sequence[Any] | Globs | Given
Tests = Mapping[Column, Test]
"""The same where no index helps, so that patterns do too."""
Key = tuple[Any, ...]


class Walk(NamedTuple):
    """The keys that fit, newest first, and how far was looked."""

    keys: list[Key]
    looked_to: Key | None
    """Where looking stopped before there were enough; None when nothing more can fit."""


def walk(
    session: Session,
    order: Sequence[Column],
    where: Iterable[ColumnElement[bool]],
    indexed: Values,
    also: Tests,
    limit: int,
    share: int = 1,
) -> Walk:
    """Return the keys of the newest rows that fit.

    Args:
        session: to read with.
        order: the columns of a key, by which an index is ordered.
        where: what every index for these walks begins with, and bounds of the key.
        indexed: conditions, each with an index of its own; the rarest choice leads.
        also: conditions without one.
        limit: keys.
        share: among how many walks what one page looks through is divided.

    """
    if not all([*indexed.values(), *also.values()]):
        return Walk([], None)
    lead = min(indexed, key=lambda column: len(indexed[column]), default=None)
    tests: dict[Column, Test] = {**indexed, **also}
    rest = {column: values for column, values in tests.items() if column is not lead}
    whole = (
        select(*order, *rest)
        .where(*where)
        .order_by(*(c.desc() for c in order))
        .execution_options(**{PLANNED_ANEW: True})
    )
    if lead is None:
        return _one(session, whole, order, rest, limit, max(LOOKED // share, limit))
    values = indexed[lead]
    most = max(LOOKED // share // len(values), limit)
    return merged(
        [_one(session, whole.where(lead == v), order, rest, limit, most) for v in values],
        limit,
    )


def fits(column: ColumnElement[Any] | Column, values: Test) -> ColumnElement[bool]:
    """Return the condition that a column has one of these values."""
    return values.on(column) if isinstance(values, Globs | Given) else column.in_(values)


def merged(walks: Sequence[Walk], limit: int) -> Walk:
    """Return several walks as one: whole down to where the first of them stopped looking."""
    keys = sorted({key for each in walks for key in each.keys}, reverse=True)
    stops = [each.looked_to for each in walks if each.looked_to is not None]
    if not stops:
        return Walk(keys[:limit], None)
    stop = max(stops)
    seen = [key for key in keys if key >= stop][:limit]
    return Walk(seen, stop if len(seen) < limit else None)


def _one(
    session: Session,
    whole: Select[Any],
    order: Sequence[Column],
    rest: Tests,
    limit: int,
    most: int,
) -> Walk:
    """Walk along one index; with more conditions through `most` of its rows and no more."""
    if not rest:
        return Walk([tuple(row) for row in session.execute(whole.limit(limit))], None)
    looked = whole.limit(most).subquery()  # a limit in there: no planner looks through it
    names = [looked.c[column.key] for column in order]
    fitting = (
        select(*names)
        .where(*(fits(looked.c[column.key], values) for column, values in rest.items()))
        .order_by(*(name.desc() for name in names))
        .limit(limit)
        .execution_options(**{PLANNED_ANEW: True})
    )
    keys = [tuple(row) for row in session.execute(fitting)]
    if len(keys) == limit:
        return Walk(keys, None)
    last = session.execute(
        whole.with_only_columns(*order).offset(most - 1).limit(1)
    ).first()
    return Walk(keys, None if last is None else tuple(last))

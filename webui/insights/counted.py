"""The numbers of a period as they were counted, and what a chart is made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from webui.insights import buckets
from webui.insights.counting import WAITS, Facet
from webui.insights.drawing import Mark
from webui.sentences import number, sentence, sentence_in

Cell = str | int
Counts = Mapping[str, Any]
DRAWN: Final = 8
"""Bars of a chart; its table has more."""
OFTEN: Final = 5
"""Times that the same has to be asked, and never denied, to be called a candidate for a rule."""
NO_RULE: Final = sentence("(no rule)")
NOTHING: Final[Counts] = {}
DECIDED: Final = ("approved", "denied", "answered")
VERDICTS: Final = (*DECIDED, "changes")


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: what is drawn, and the whole of it as a table."""

    key: str
    title: str
    about: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    marks: Sequence[Mark]
    upright: bool = False
    """Columns side by side, instead of bars."""
    parts: tuple[str, str] | None = None
    """What the two parts of a bar are."""


class Names(NamedTuple):
    """How ids are shown: as visible text."""

    agent: Callable[[str], str]
    person: Callable[[str], str]
    text: Callable[[str], str]
    """Of a text that somebody else wrote."""


class Counted:
    """The numbers of a period, by facet and name; what was never counted is 0."""

    def __init__(self, rows: Iterable[Counts], before: "Counted | None" = None) -> None:
        self.before = before
        """The period of the same length directly before; none if it was not counted whole."""
        self._facets: dict[str, dict[str, Counts]] = {}
        for row in rows:
            self._facets.setdefault(row["facet"], {})[row["name"]] = row

    def of(self, facet: Facet) -> Mapping[str, Counts]:
        """Return the rows of a facet by name."""
        return self._facets.get(facet, {})

    @property
    def all(self) -> Counts:
        """Return the row of everything."""
        return self.of(Facet.ALL).get("", NOTHING)

    def head_before(self, head: str) -> tuple[str, ...]:
        """Return the head of one more column, for the period before; none if there is none."""
        return () if self.before is None else (head,)

    def cell_before(
        self, facet: Facet, name: str, cell: Callable[[Counts], Cell]
    ) -> tuple[Cell, ...]:
        """Return what a row has in that column."""
        if self.before is None:
            return ()
        return (cell(self.before.of(facet).get(name, NOTHING)),)

    def ranked(self, facet: Facet, *columns: str) -> list[tuple[str, Counts]]:
        """Return rows that count something in these columns, most first."""
        found = [(n(row, *columns), name, row) for name, row in self.of(facet).items()]
        found = [each for each in found if each[0] > 0]
        return [(name, row) for _, name, row in sorted(found, key=lambda e: (-e[0], e[1]))]


def n(row: Counts, *columns: str) -> int:
    """Return the sum of columns of a row."""
    if len(columns) == 1:  # most often
        return int(row.get(columns[0], 0))
    return sum([row.get(column, 0) for column in columns])


def waits(row: Counts) -> list[int]:
    """Return the durations of a row by bucket."""
    return [row.get(name, 0) for name in WAITS]


def median_wait(row: Counts) -> str:
    """Return the bucket of a row's median wait, in words."""
    return buckets.words(buckets.median(waits(row)))


def share(part: int, whole: int) -> str:
    """Return a part in a hundredth."""
    return f"{part * 100 / whole:.0f} %" if whole else sentence_in("no share", "none")


def share_denied(row: Counts) -> str:
    """Return how much of what was decided was denied."""
    return share(n(row, "denied"), n(row, *DECIDED))


def tenths(value: float) -> str:
    """Return a number with one digit behind the point."""
    return number(round(value, 1), f"{value:.1f}")

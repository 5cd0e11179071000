"""Insights: how people decide, as charts with their tables and as CSV."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.authorization import AUDIT_READ, POLICY_READ, VIEW
from webui.approvals.errors import NotFoundError
from webui.audit.export import csv_lines
from webui.insights import drawing
from webui.insights.buckets import DAY
from webui.insights.counted import (
    DECIDED,
    Cell,
    Chart,
    Counted,
    Counts,
    Names,
    n,
)
from webui.insights.counting import (
    COLUMNS,
    LISTED,
    LISTS,
    OTHER,
    PAIRS_MAX,
    TIMED,
    Facet,
)
from webui.insights.drawing import Drawing
from webui.insights.figures import charts
from webui.insights.headline import figures
from webui.insights.units import day_of, units_of
from webui.languages import Language
from webui.preview import inline
from webui.sentences import sentence, told
from webui.store.models import Agent
from webui.store.queries import insights, people
from webui.web.access import may, require
from webui.web.context import house
from webui.web.links import link
from webui.web.render import page as whole_page
from webui.web.speaking import spoken

blueprint = Blueprint("insights", __name__, url_prefix="/insights")
PERIODS = (7, 30, 90)
USUAL = 30
SHOWN = 24
"""Rows of a table on the page; its CSV has all."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is narrowed to."""

    days: int
    agent: str
    tool: str

    @classmethod
    def read(cls) -> "Asked":
        """Read it from the address; what makes no sense there is the usual."""
        text = request.args.get("days", "")
        days = int(text) if text in {str(period) for period in PERIODS} else USUAL
        agent, tool = (request.args.get(name, "")[:_LONGEST] for name in ("agent", "tool"))
        return cls(days, agent.strip(), tool.strip())

    @property
    def given(self) -> dict[str, str]:
        """Return it as an address has it."""
        narrowed = {"agent": self.agent, "tool": self.tool}
        return {"days": str(self.days)} | {k: text for k, text in narrowed.items() if text}


@dataclass(frozen=True, slots=True)
class Read:
    """What a period holds."""

    counted: Counted
    charts: list[Chart]
    first: int
    """The day it begins with."""
    begins: int | None
    """The first day that anything was counted on; none if nothing ever was."""
    unknown_agent: bool
    seq: int
    """The last event of the log."""
    left: int
    """Events of the log that are not counted yet."""


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart on the page."""

    chart: Chart
    drawing: Drawing | None
    """None where there is nothing to draw."""
    heads: Sequence[tuple[str, str]]
    """Each with its class."""
    rows: Sequence[Sequence[tuple[str, str, str]]]
    """Of each cell: what it is headed by, its class, and its text."""
    more: int
    """Rows that only the CSV has."""
    csv_url: str


@blueprint.get("")
def page() -> str:
    """Show the charts of a period."""
    org_id, asked = _reader(), Asked.read()
    with house().store.reading() as session:
        read = _read(session, org_id, asked, inline)
    return whole_page(
        "insights/page.html",
        asked=asked,
        periods=[(days, link("insights.page", asked.given, days=days)) for days in PERIODS],
        figures=figures(read.counted, asked.days),
        charts=[_view(chart, asked) for chart in read.charts],
        empty=not n(read.counted.all, "asked", *DECIDED, "expired", "gone"),
        first=_day(read.first),
        compared=_compared(read, asked),
        begins=None if read.begins is None else _day(read.begins),
        seq=read.seq,
        left=read.left,
        unknown_agent=read.unknown_agent,
        told_apart=PAIRS_MAX,
        may_suggest=may(POLICY_READ).allowed,
    )


@blueprint.get("/export")
def export() -> Response:
    """Give the table of one chart as CSV, whole."""
    org_id, asked = _reader(), Asked.read()
    with house().store.reading() as session:
        found = _read(session, org_id, asked, str).charts  # a cell is made safe as CSV
    wanted = request.args.get("chart", found[0].key)
    chart = next((each for each in found if each.key == wanted), None)
    if chart is None:
        raise NotFoundError("chart")
    name = f"countersign-{chart.key}-{asked.days}-days.csv"
    return Response(
        "".join(csv_lines(chart.heads, chart.rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _reader() -> str:
    """Return the org of a person who reads its log and sees all of its calls.

    Who sees some calls only is refused: numbers would tell of the others.
    """
    require(AUDIT_READ)
    return require(VIEW).org_id


def _read(session: Session, org_id: str, asked: Asked, shown: Callable[[str], str]) -> Read:
    today = day_of(house().store.now())
    first = today - asked.days + 1
    agent_id = _agent_called(session, org_id, asked.agent) if asked.agent else ""
    counted, begins = Counted([]), insights.begins(session, org_id)
    if agent_id is not None:
        cut, before = (agent_id, asked.tool), None
        if begins is not None and begins <= first - asked.days:
            units = units_of(first - asked.days, first - 1)
            before = Counted(_sums(session, org_id, cut, units))
        counted = Counted(_sums(session, org_id, cut, units_of(first, today)), before)
    seq = insights.head(session, org_id)
    left = seq - (insights.place(session, org_id) or 0)
    names = _names(session, org_id, counted, shown)
    found = charts(counted, names, asked.days)
    return Read(counted, found, first, begins, agent_id is None, seq, left)


def _sums(
    session: Session, org_id: str, cut: tuple[str, str], units: Sequence[int]
) -> Iterator[Counts]:
    for facets, columns in ((TIMED, COLUMNS), (LISTED, LISTS)):
        yield from insights.sums(session, org_id, cut, facets, columns, units)


def _compared(read: Read, asked: Asked) -> tuple[str, str] | None:
    """Return the first and the last day of the period before, if it is compared with."""
    if read.counted.before is None:
        return None
    return _day(read.first - asked.days), _day(read.first - 1)


def _day(day: int) -> str:
    return spoken().day(day * DAY)


def _agent_called(session: Session, org_id: str, text: str) -> str | None:
    called = (Agent.name == text) | (Agent.id == text)
    return session.scalar(select(Agent.id).where(Agent.org_id == org_id, called).limit(1))


def _names(
    session: Session, org_id: str, counted: Counted, shown: Callable[[str], str]
) -> Names:
    agents = {name.partition(" ")[0] for name in counted.of(Facet.PAIR)}
    agents |= set(counted.of(Facet.AGENT))
    known = people.names(
        session,
        org_id,
        _actors("agent", agents) | _actors("user", counted.of(Facet.REVIEWER)),
    )
    return Names(  # each stands in several charts, and the name of an agent in many rows
        cache(lambda agent_id: shown(known.get(f"agent:{agent_id}", agent_id))),
        cache(lambda user_id: shown(known.get(f"user:{user_id}", user_id))),
        cache(lambda text: sentence("(other tools)") if text == OTHER else shown(text)),
    )


def _actors(kind: str, ids: Iterable[str]) -> set[str]:
    return {f"{kind}:{each}" for each in ids}


def _view(chart: Chart, asked: Asked) -> ChartView:
    draw = drawing.columns if chart.upright else drawing.bars
    speaker = spoken()
    heads = [str(told(head, speaker)) for head in chart.heads]  # once, not in each row
    kinds = [
        "number" if isinstance(cell, int) else "" for cell in next(iter(chart.rows), ())
    ]
    drawn = any(mark.value or mark.other for mark in chart.marks)
    return ChartView(
        chart,
        draw(chart.key, chart.title, chart.about, chart.marks) if drawn else None,
        list(zip(heads, kinds, strict=False)),
        [_cells(speaker, heads, kinds, row) for row in chart.rows[:SHOWN]],
        max(0, len(chart.rows) - SHOWN),
        link("insights.export", asked.given, chart=chart.key),
    )


def _cells(
    speaker: Language, heads: Sequence[str], kinds: Sequence[str], row: Sequence[Cell]
) -> list[tuple[str, str, str]]:
    texts = [
        speaker.number(cell) if isinstance(cell, int) else str(told(cell, speaker))
        for cell in row
    ]
    return list(zip(heads, kinds, texts, strict=True))

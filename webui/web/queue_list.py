"""The list of the queue: what fits the line, in its order and groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from webui.narrowing import FIELDS, Query, read
from webui.narrowing.language import quoted
from webui.sentences import sentence
from webui.store.queries import events, narrowing, settled
from webui.store.queries.calls import Filters, Row
from webui.web.access import may_view, me, seen
from webui.web.context import house
from webui.web.cursors import read_cursor, write_cursor
from webui.web.links import link
from webui.web.picking import barred
from webui.web.rows import RowView, queue_rows, row_view

PAGE = 100
_MOST_LOOKED_AT = 1_000
"""Rows that are asked about for `is:mine`, for one page."""
_TYPED = ("tool", "agent", "risk", "session", "sort", "group")
"""Fields of the form beside the line."""


_UNSAID = {"sort": "urgency"}


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that stand together."""

    title: str
    """Visible text; empty if the list is not grouped."""
    rows: list[RowView]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the line that is in force, and the address without it."""

    text: str
    clear_url: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The list and up to which event it is true."""

    groups: list[Group]
    seq: int
    query: Query
    older_url: str | None
    settled_last: str | None

    @property
    def shown(self) -> bool:
        """Whether there is a row at all."""
        return any(group.rows for group in self.groups)


def asked(address: MultiDict[str, str] | None = None) -> Query:
    """Return the line of an address, of this request's if none is given.

    The fields of the form are written into it.
    """
    values = request.args if address is None else address
    given = [values.get("q", "").strip()]
    for name in _TYPED:
        value = values.get(name, "").strip()
        if value and value != _UNSAID.get(name):
            given.append(f"{name}:{_compared(name, value)}")
    return read(" ".join(filter(None, given)))


def _compared(name: str, value: str) -> str:
    at_least = name == "risk" and value in FIELDS["risk"].choices
    return f">={value}" if at_least else quoted(value)


def kept(query: Query) -> dict[str, str]:
    """Return the line as it stands in addresses."""
    return {"q": query.text} if query.text else {}


def in_force(query: Query) -> Query:
    """Return what narrows the list: nothing, while a part of the line cannot be read."""
    return Query(query.text, faults=query.faults) if query.faults else query


def listed(session: Session) -> Rows:
    """Return the list; the log's end is read first, so that nothing falls in between."""
    query = in_force(asked())
    seq = events.end(session, me().org_id).seq
    found, older = _page(session, query, read_cursor(request.args.get("after")))
    views = queue_rows(
        session, found, house().store.now(), kept(query), barred(session, found)
    )
    nothing = not found and not query.narrows
    return Rows(
        groups=_grouped(query, found, views),
        seq=seq,
        query=query,
        older_url=older and link("queue.page", kept(query), after=older),
        settled_last=_settled_last(session) if nothing else None,
    )


def fitting(session: Session, query: Query) -> Iterable[Row]:
    """Yield what waits and fits, as far as one look goes."""
    found, _ = _look(session, query, None)
    return _which(session, query, [row for _, row in found])


def _page(
    session: Session, query: Query, after: tuple[int, str] | None
) -> tuple[list[Row], str | None]:
    """Return a page of rows, and the place where the next one begins."""
    shown: list[Row] = []
    looked_at = 0
    while True:
        found, more = _look(session, query, after)
        wanted = {row.approval.id for row in _which(session, query, [r for _, r in found])}
        for place, row in found:
            after = (place, row.approval.id)
            if row.approval.id in wanted:
                shown.append(row)
            if len(shown) == PAGE:
                more = more or row is not found[-1][1]
                return shown, write_cursor(*after) if more else None
        looked_at += len(found)
        if not more:
            return shown, None
        if looked_at >= _MOST_LOOKED_AT:
            assert after is not None, "there was more than one row"
            return shown, write_cursor(*after)


def _look(
    session: Session, query: Query, after: tuple[int, str] | None
) -> tuple[list[tuple[int, Row]], bool]:
    """Return some rows from a place on, and whether there are more."""
    most = 2 * PAGE
    found = narrowing.waiting(
        session,
        me().org_id,
        house().store.now(),
        query,
        seen=seen(),
        limit=most + 1,
        after=after,
    )
    return found[:most], len(found) > most


def _which(session: Session, query: Query, rows: Sequence[Row]) -> list[Row]:
    """Return those that this person may see, and, where that is asked, can decide."""
    visible_ones = [row for row in rows if may_view(row.approval)]
    wanted = narrowing.wants_mine(query)
    if wanted is None:
        return visible_ones
    why_not = barred(session, visible_ones)
    return [row for row in visible_ones if (why_not[row.approval.id] is None) == wanted]


def _grouped(query: Query, rows: Sequence[Row], views: list[RowView]) -> list[Group]:
    """Put rows together; groups stand where their first row would."""
    if not query.group:
        return [Group("", views)]
    groups: dict[str, Group] = {}
    for row, view in zip(rows, views, strict=True):
        key, title = _group_of(query.group, row, view)
        groups.setdefault(key, Group(title, [])).rows.append(view)
    return list(groups.values())


def _group_of(by: str, row: Row, view: RowView) -> tuple[str, str]:
    """Return what a row is put together by, and the heading."""
    approval = row.approval
    if by == "agent":
        return approval.agent_id, view.agent_name
    if by == "session":
        return approval.session or "", view.session or sentence("No session")
    return f"{approval.tool}\0{approval.agent_id}", sentence(
        "%(tool)s by %(agent)s", tool=view.tool, agent=view.agent_name
    )


def settled_lately(session: Session, most: int = 5) -> list[RowView]:
    """Return what was settled last, newest first."""
    now = house().store.now()
    found = settled.history(session, me().org_id, Filters(seen=seen()), limit=most).rows
    return [
        row_view(row, now, url_for("approval.page", approval_id=row.approval.id))
        for row in found
    ]


def _settled_last(session: Session) -> str | None:
    last = settled_lately(session, 1)
    if not last:
        return None
    view = last[0]
    return sentence(
        "The last call was %(tool)s. %(how)s", tool=view.tool, how=view.settled_words
    )

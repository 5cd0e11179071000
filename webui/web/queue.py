"""The queue: what waits, the selected call beside it, and its parts for live updates."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from sqlalchemy.orm import Session

from webui.approvals.authorization import AGENTS, MEMBERS
from webui.narrowing import EVERYBODYS, FIELDS, GROUPS, SORTS, Query, offers
from webui.preview import visible
from webui.sentences import sentence
from webui.store.queries import calls, events, narrowing
from webui.store.queries.calls import Row
from webui.store.queries.views import View, views_for
from webui.web import write_gate
from webui.web.access import approval_or_404, may, me, seen
from webui.web.approval import deciding_context
from webui.web.context import house
from webui.web.cursors import read_seq
from webui.web.detail import detail_of
from webui.web.links import link
from webui.web.looked import note_viewed
from webui.web.picking import barred
from webui.web.queue_list import (
    Part,
    Rows,
    asked,
    fitting,
    in_force,
    kept,
    listed,
    settled_lately,
)
from webui.web.render import page as whole_page
from webui.web.render import part
from webui.web.rows import queue_rows
from webui.web.typed import NOTHING

blueprint = Blueprint("queue", __name__)
_SORTED = {
    "urgency": sentence("Urgency"),
    "risk": sentence("Risk"),
    "age": sentence("Age"),
    "deadline": sentence("Deadline"),
}
_TOGETHER = {
    "agent": sentence("By agent"),
    "session": sentence("By session"),
    "call": sentence("By similar call"),
}


@dataclass(frozen=True, slots=True)
class ViewLink:
    """One view above the list."""

    name: str
    """Visible text."""
    url: str
    is_open: bool
    saved: View | None
    """None if nobody had to save it."""
    is_mine: bool


def _parts(rows: Rows) -> dict[str, object]:
    return {
        "groups": rows.groups,
        "any_rows": rows.shown,
        "seq": rows.seq,
        "selected_id": request.args.get("selected"),
        "filtered": rows.query.narrows,
        "older_url": rows.older_url,
        "api_url": house().bound.agents.url if may(AGENTS).allowed else None,
        "settled_last": rows.settled_last,
    }


@blueprint.get("/")
def page() -> str:
    """Show the whole queue, with the selected call beside it."""
    org_id, now = me().org_id, house().store.now()
    with house().store.reading() as session:
        rows = listed(session)
        views = views_for(session, org_id, me().signed.user_id)
        counts = calls.pressure(session, org_id, now, seen=seen())
        waiting_writes = write_gate.waiting(session)
        selected = _selected(session)
        detail = None if selected is None else detail_of(session, selected)
        lately = [] if rows.shown else settled_lately(session)
    if selected is not None and detail is not None:
        note_viewed(selected.approval, detail.seal)
    return whole_page(
        "queue/page.html",
        **_parts(rows),
        **_new(0),
        works_alone=me().signed.solo_operator,
        **_line(asked(), views),
        counts=counts,
        lately=lately,
        detail=detail,
        writes=waiting_writes,
        **(deciding_context(selected, detail, NOTHING) if selected and detail else {}),
    )


def _selected(session: Session) -> Row | None:
    wanted = request.args.get("selected")
    return approval_or_404(session, wanted) if wanted else None


def _line(query: Query, views: Sequence[View]) -> dict[str, object]:
    """Return what stands around the line that narrows the list."""
    return {
        "line": query.text,
        "bare_line": query.bare,
        "manages_views": may(MEMBERS).allowed,
        "faults": [visible(fault.words) for fault in query.faults],
        "parts": [
            Part(
                visible(query.text[begin:end]),
                link("queue.page", {"q": query.without((begin, end))}),
            )
            for begin, end in query.parts
        ],
        "views": [
            *(_offered(name, line, query) for name, line in EVERYBODYS),
            *(_offered(visible(each.name), each.line, query, each) for each in views),
        ],
        "sorts": [(each, _SORTED[each]) for each in SORTS],
        "sort": query.sort,
        "groupings": [(each, _TOGETHER[each]) for each in GROUPS],
        "grouping": query.group,
        "fields": list(FIELDS.values()),
    }


def _offered(name: str, line: str, query: Query, saved: View | None = None) -> ViewLink:
    return ViewLink(
        name,
        link("queue.page", {"q": line}),
        line == query.text,
        saved,
        saved is not None and saved.user_id == me().signed.user_id,
    )


def _new(count: int) -> dict[str, object]:
    line = kept(asked())
    return {
        "new_count": count,
        "rows_url": link("queue.rows", line),
        "page_url": link("queue.page", line),
    }


@blueprint.get("/queue/rows")
def rows() -> str:
    """Return the list alone."""
    with house().store.reading() as session:
        found = listed(session)
    return part("queue/_rows.html", **_parts(found))


@blueprint.get("/queue/rows/<approval_id>")
def row(approval_id: str) -> str:
    """Return one row alone; a settled one says how it ended."""
    now = house().store.now()
    with house().store.reading() as session:
        found = approval_or_404(session, approval_id)
        why_not = barred(session, [found])
        view = queue_rows(session, [found], now, kept(asked()), why_not)[0]
    return part("queue/_row.html", row=view, selected_id=request.args.get("selected"))


@blueprint.get("/queue/writes")
def writes() -> str:
    """Return what agents would write in this person's name, alone."""
    with house().store.reading() as session:
        found = write_gate.waiting(session)
    return part("write_gate/_waiting.html", writes=found)


@blueprint.get("/queue/new")
def new() -> str:
    """Return how many arrived since the list was drawn, and how many wait in all."""
    org_id, now = me().org_id, house().store.now()
    since = read_seq(request.args.get("since")) or 0
    with house().store.reading() as session:
        filed = events.created_since(session, org_id, since)
        found = fitting(session, in_force(asked()))
        counts = calls.pressure(session, org_id, now, seen=seen())
    count = sum(f"approval:{row.approval.id}" in filed for row in found)
    return part("queue/_new.html", waiting=counts.waiting, counts=counts, **_new(count))


@blueprint.get("/queue/offers")
def offered() -> str:
    """Return how the line could go on where the cursor stands."""
    line, org_id, now = request.args.get("q", "")[:500], me().org_id, house().store.now()
    at = read_seq(request.args.get("at"))
    with house().store.reading() as session:
        found = offers(
            line,
            len(line) if at is None else at,
            lambda field, typed: narrowing.known_values(
                session, org_id, now, field, typed, seen=seen()
            ),
        )
    return part("queue/_offers.html", offers=found)

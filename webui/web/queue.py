"""The queue: what waits, the selected call beside it, and its parts for live updates."""

from dataclasses import dataclass

from flask import Blueprint, request
from sqlalchemy.orm import Session

from webui.approvals.authorization import AGENTS
from webui.store.queries import calls, events, settled
from webui.store.queries.calls import Filters, Row
from webui.web import write_gate
from webui.web.access import approval_or_404, may, may_view, me, seen
from webui.web.approval import deciding_context
from webui.web.context import house
from webui.web.cursors import read_cursor, read_seq, write_cursor
from webui.web.detail import detail_of
from webui.web.links import link
from webui.web.looked import note_viewed
from webui.web.picking import barred
from webui.web.render import page as whole_page
from webui.web.render import part
from webui.web.rows import RowView, queue_rows, row_view
from webui.web.typed import NOTHING

blueprint = Blueprint("queue", __name__)
PAGE = 100
_FIELDS = {
    "q": "Words",
    "tool": "Tool",
    "agent": "Agent",
    "risk": "Risk",
    "session": "Session",
}


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter in force, and the address without it."""

    label: str
    clear_url: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The list and up to which event it is true."""

    rows: list[RowView]
    seq: int
    filters: dict[str, str]
    older_url: str | None
    settled_last: str | None


def _asked() -> dict[str, str]:
    """Return the filters of this request, empty ones left out."""
    given = {name: request.args.get(name, "").strip()[:200] for name in _FIELDS}
    return {name: text for name, text in given.items() if text}


def _filters(asked: dict[str, str]) -> Filters:
    return Filters(
        tool=asked.get("tool", ""),
        agent=asked.get("agent", ""),
        risk=asked.get("risk", ""),
        session=asked.get("session", ""),
        words=asked.get("q", ""),
        seen=seen(),
    )


def _rows(session: Session) -> Rows:
    """Return the list; the log's end is read first, so that nothing falls in between."""
    org_id, now, asked = me().org_id, house().store.now(), _asked()
    seq = events.end(session, org_id).seq
    after = read_cursor(request.args.get("after"))
    found = calls.queue(session, org_id, now, _filters(asked), PAGE + 1, after)
    shown = [row for row in found[:PAGE] if may_view(row.approval)]
    last = found[PAGE - 1].approval if len(found) > PAGE else None
    older = None if last is None else write_cursor(last.expires_at, last.id)
    return Rows(
        rows=queue_rows(shown, now, asked, barred(session, shown)),
        seq=seq,
        filters=asked,
        older_url=older and link("queue.page", asked, after=older),
        settled_last=None if shown or asked else _settled_last(session, now),
    )


def _settled_last(session: Session, now: int) -> str | None:
    last = settled.history(session, me().org_id, Filters(seen=seen()), limit=1).rows
    if not last:
        return None
    view = row_view(last[0], now, "")
    return f"The last call was {view.tool}. {view.settled_words}"


def _parts(rows: Rows) -> dict[str, object]:
    return {
        "rows": rows.rows,
        "seq": rows.seq,
        "selected_id": request.args.get("selected"),
        "filtered": bool(rows.filters),
        "older_url": rows.older_url,
        "api_url": house().bound.agents.url if may(AGENTS).allowed else None,
        "settled_last": rows.settled_last,
    }


@blueprint.get("/")
def page() -> str:
    """Show the whole queue, with the selected call beside it."""
    org_id, now = me().org_id, house().store.now()
    with house().store.reading() as session:
        rows = _rows(session)
        counts = calls.pressure(session, org_id, now, seen=seen())
        selected = _selected(session)
        detail = None if selected is None else detail_of(session, selected)
    if selected is not None and detail is not None:
        note_viewed(selected.approval, detail.seal)
    return whole_page(
        "queue/page.html",
        **_parts(rows),
        **_new(0),
        works_alone=me().signed.solo_operator,
        filters={name: rows.filters.get(name, "") for name in _FIELDS},
        active_filters=_active(rows.filters),
        counts=counts,
        detail=detail,
        writes=write_gate.waiting(),
        **(deciding_context(selected, detail, NOTHING) if selected and detail else {}),
    )


def _selected(session: Session) -> Row | None:
    wanted = request.args.get("selected")
    return approval_or_404(session, wanted) if wanted else None


def _active(filters: dict[str, str]) -> list[ActiveFilter]:
    return [
        ActiveFilter(
            f"{_FIELDS[name]}: {text}",
            link("queue.page", {k: v for k, v in filters.items() if k != name}),
        )
        for name, text in filters.items()
    ]


def _new(count: int) -> dict[str, object]:
    asked = _asked()
    return {
        "new_count": count,
        "rows_url": link("queue.rows", asked),
        "page_url": link("queue.page", asked),
    }


@blueprint.get("/queue/rows")
def rows() -> str:
    """Return the list alone."""
    with house().store.reading() as session:
        found = _rows(session)
    return part("queue/_rows.html", **_parts(found))


@blueprint.get("/queue/rows/<approval_id>")
def row(approval_id: str) -> str:
    """Return one row alone; a settled one says how it ended."""
    now = house().store.now()
    with house().store.reading() as session:
        found = approval_or_404(session, approval_id)
        why_not = barred(session, [found])
    view = queue_rows([found], now, _asked(), why_not)[0]
    return part("queue/_row.html", row=view, selected_id=request.args.get("selected"))


@blueprint.get("/queue/writes")
def writes() -> str:
    """Return what agents would write in this person's name, alone."""
    return part("write_gate/_waiting.html", writes=write_gate.waiting())


@blueprint.get("/queue/new")
def new() -> str:
    """Return how many arrived since the list was drawn, and how many wait in all."""
    org_id, now = me().org_id, house().store.now()
    since = read_seq(request.args.get("since")) or 0
    with house().store.reading() as session:
        filed = events.created_since(session, org_id, since)
        found = calls.queue(session, org_id, now, _filters(_asked()), calls.LONGEST_PAGE)
        waiting = calls.pressure(session, org_id, now, seen=seen()).waiting
    count = sum(
        f"approval:{row.approval.id}" in filed for row in found if may_view(row.approval)
    )
    return part("queue/_new.html", waiting=waiting, **_new(count))

"""History: every settled approval, newest first, searched by words."""

from dataclasses import dataclass

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session

from webui.approvals.states import OPEN, Status
from webui.approvals.words import STATUS
from webui.store.queries import calls, settled
from webui.store.queries.calls import Filters, Row
from webui.store.queries.settled import History
from webui.web.access import may_view, me, seen
from webui.web.context import house
from webui.web.cursors import read_cursor, write_cursor
from webui.web.filters import day_end, day_start
from webui.web.granted import ties_of
from webui.web.links import link
from webui.web.render import page as whole_page
from webui.web.rows import RowView, row_view

blueprint = Blueprint("history", __name__)
PAGE = 50
_FIELDS = ("q", "status", "agent", "tool", "since", "until")


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    word: str


@blueprint.get("/history")
def page() -> str:
    """Show settled approvals."""
    asked = {name: request.args.get(name, "").strip()[:200] for name in _FIELDS}
    before = read_cursor(request.args.get("before"))
    with house().store.reading() as session:
        found = settled.history(session, me().org_id, _filters(asked), before, PAGE + 1)
        shown = [row for row in found.rows[:PAGE] if may_view(row.approval)]
        rows = _views(session, shown)
    given = {name: text for name, text in asked.items() if text}
    return whole_page(
        "history/page.html",
        rows=rows,
        filters=asked,
        statuses=[Choice(str(s), STATUS[s]) for s in Status if s not in OPEN],
        older_url=_older(found, given),
        looked_to=found.looked_to and found.looked_to[0],
        newest_url=link("history.page", given) if before else None,
    )


def _filters(asked: dict[str, str]) -> Filters:
    return Filters(
        tool=asked["tool"],
        agent=asked["agent"],
        status=asked["status"],
        words=asked["q"],
        seen=seen(),
        since=day_start(asked["since"]),
        until=day_end(asked["until"]),
    )


def _views(session: Session, rows: list[Row]) -> list[RowView]:
    votes = calls.votes(session, [row.approval.id for row in rows])
    ties = ties_of(session, [row.approval for row in rows])
    now = house().store.now()
    return [
        row_view(
            row,
            now,
            url_for("approval.page", approval_id=row.approval.id),
            votes.get(row.approval.id, []),
            ties[row.approval.id],
        )
        for row in rows
    ]


def _older(found: History, given: dict[str, str]) -> str | None:
    if found.looked_to is not None:
        return link("history.page", given, before=write_cursor(*found.looked_to))
    if len(found.rows) <= PAGE:
        return None
    last = found.rows[PAGE - 1].approval
    assert last.settled_at is not None, "history holds settled ones only"
    return link("history.page", given, before=write_cursor(last.settled_at, last.id))

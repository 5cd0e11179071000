"""Where a page leads whoever has decided its call: to the next one that waits for them."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from flask import request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from webui.narrowing import Query, read
from webui.preview import inline
from webui.store.models import Approval
from webui.store.queries import calls, narrowing, onward
from webui.store.queries.calls import Row
from webui.web.access import may_view, me, seen
from webui.web.context import house
from webui.web.links import link
from webui.web.picking import barred
from webui.web.plain import holds_nul
from webui.web.queue_list import asked, fitting, in_force, kept

_JUST: Final = 600_000
"""Milliseconds for which a verdict has just been given."""
_LOOKED_AT: Final = 20
"""Calls after the one decided among which the next one is looked for, and as many from the first on."""


@dataclass(frozen=True, slots=True)
class Next:
    """The next call that this person can decide."""

    tool: str
    """Visible text."""
    url: str
    panel_url: str
    count: int
    """How many wait in the list that they work through."""


def has_decided(session: Session, approval: Approval) -> bool:
    """Say whether this person has just given a verdict on a call."""
    since = house().store.now() - _JUST
    return onward.decided_since(session, approval.id, me().signed.user_id, since)


def next_after(session: Session, approval: Approval) -> Next | None:
    """Return what stands after a call in the list that this person works through; none if nothing."""
    query = in_force(_line())
    found = _first(session, query, onward.place_of(session, approval.id, query))
    row = found or _first(session, query, None)
    if row is None:
        return None
    return Next(
        inline(row.approval.tool),
        link("queue.page", kept(query), selected=row.approval.id),
        url_for("approval.panel", approval_id=row.approval.id),
        _count(session, query),
    )


def kept_line() -> dict[str, str]:
    """Return what the addresses of a call carry on: the line of the list it was opened from."""
    return kept(_line())


def _line() -> Query:
    """Return the line of the list on whose page the call stands, or from which it was opened."""
    if request.endpoint == "queue.page":
        return asked()
    came = _came_from()
    return read(request.args.get("q", "").strip()) if came is None else asked(came)


def _came_from() -> MultiDict[str, str] | None:
    """Return the queue's address that a browser says it comes from; none if that is no such one."""
    try:
        came = urlsplit(request.referrer or "")
    except ValueError:
        return None
    given = MultiDict(parse_qsl(came.query))
    if came.path != url_for("queue.page") or holds_nul(*given.values()):
        return None
    return given


def _first(session: Session, query: Query, after: tuple[int, str] | None) -> Row | None:
    """Return the first call after a place that this person may see and can decide."""
    found = narrowing.waiting(
        session,
        me().org_id,
        house().store.now(),
        query,
        seen=seen(),
        limit=_LOOKED_AT,
        after=after,
    )
    rows = [row for _, row in found if may_view(row.approval)]
    why_not = barred(session, rows)
    return next((row for row in rows if why_not[row.approval.id] is None), None)


def _count(session: Session, query: Query) -> int:
    if query.narrows:
        return sum(1 for _ in fitting(session, query))
    return calls.pressure(session, me().org_id, house().store.now(), seen=seen()).waiting

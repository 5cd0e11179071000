"""What an open page tells its reader: asked by the page's script when the socket rings."""

import time
from collections.abc import Collection
from math import ceil
from typing import Any

from flask import Blueprint, Flask, jsonify, request, url_for
from flask import session as cookie
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.answering.claiming import holder_of
from webui.approvals.answering.reviewing import owners_now
from webui.approvals.desk import approval_of
from webui.approvals.states import Risk
from webui.notices import wishes, wording
from webui.notices.audience import Audience
from webui.notices.destinations import wish_of
from webui.notices.matters import Call, Write
from webui.notices.planning import CREATED, ESCALATED, RESUMED, waits
from webui.notices.wording import Item
from webui.notices.writes import REQUESTED, RISK, subject_of
from webui.problems import problem
from webui.sentences import sentence
from webui.store.models import Destination, User
from webui.store.queries import calls, events, write_grants
from webui.store.queries.calls import Row
from webui.store.queries.notices import browser_of
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.cursors import read_seq
from webui.web.rings import LEAST
from webui.web.sessions import hash_of
from webui.web.speaking import tell

blueprint = Blueprint("ringing", __name__)
AT_ONCE = 3
"""Notifications at once; more are told as one."""
MOST = 50
LOOKED_AT = 1_000
"""Events that are looked through; a page that was away for longer shows the queue itself."""
_WHYS = {
    CREATED: wishes.DECIDE,
    RESUMED: wishes.DECIDE,
    ESCALATED: wishes.ESCALATED,
    REQUESTED: wishes.WRITE,
}


@blueprint.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"rings": rings}


def rings() -> bool:
    """Say whether this person wants to be told by open pages; those that can ask this."""
    signed = me().signed
    with house().store.reading() as session:
        return browser_of(session, signed.org_id, signed.user_id) is not None


def register(app: Flask) -> None:
    """Answer who asks too often, or for what has not happened, before anything is looked up."""

    @app.before_request
    def without_a_look() -> BaseResponse | None:
        asked_by = cookie.get("_user_id")
        if request.endpoint != "ringing.ring" or asked_by is None:
            return None
        rings, asks, now = desk().rings, hash_of(str(asked_by)), time.monotonic()
        wait = rings.wait(asks, now)
        if wait:
            with rings.holding(asks) as holds:
                if holds:
                    time.sleep(wait)  # of this greenlet alone; `holds` bounds how many
            return problem(429, "too_often", _TOO_OFTEN, retry_after=ceil(LEAST))
        known, heard = (
            read_seq(request.args.get(name)) or 0 for name in ("since", "heard")
        )
        end = rings.unchanged(asks, max(known, heard), now)
        return None if end is None else jsonify(notices=[], sound=False, seq=end)


_TOO_OFTEN = sentence("This page asks too often; it looks again by itself.")


@blueprint.get("/queue/ring")
def ring() -> BaseResponse:
    """Return what this person wants to hear now of what happened since a point of the log.

    The wishes are read here and not in the page, so that all tabs and browsers follow them;
    nothing is told that would wait for a digest or the end of quiet hours. The page asks when
    its socket rings, with the event it `heard` of, and when it polls because it has none; `seq`
    is from where it asks next.
    """
    signed = me().signed
    with house().store.reading() as reading:
        end = events.end(reading, signed.org_id)
        since = max(read_seq(request.args.get("since")) or 0, end.seq - LOOKED_AT)
        place = browser_of(reading, signed.org_id, signed.user_id)
        items = [] if place is None else _items(reading, place, since)
    desk().rings.note(me().session_hash, signed.org_id, end.seq, time.monotonic())
    sound = bool(items and place and place.sound)
    return jsonify(notices=_told(items), sound=sound, seq=end.seq)


def _items(session: Session, place: Destination, since: int) -> list[Item]:
    wakes = [
        wake
        for wake in events.after(session, place.org_id, since, LOOKED_AT)
        if wake.action in _WHYS
    ]
    # the newest word counts: what was asked and then escalated is an escalation
    wanted = {wake.subject: _WHYS[wake.action] for wake in wakes[-MOST:]}
    return [
        *_calls(session, place, {approval_of(name): why for name, why in wanted.items()}),
        *_writes(session, place, wanted.keys()),
    ]


def _writes(session: Session, place: Destination, subjects: Collection[str]) -> list[Item]:
    """Return the writes that wait for this very person, if they were asked for lately."""
    now = house().store.now()
    wish = wish_of(place, session.get_one(User, place.user_id).time_zone)
    wanted = wishes.wants(wish, risk=RISK, tool="", why=wishes.WRITE)
    if not wanted or wishes.due(wish, now, risk=RISK, why=wishes.WRITE).at > now:
        return []
    waiting = write_grants.waiting(session, me().session_hash, now)
    return [
        Write(asked.grant, asked.service, asked.org_slug).item(wishes.WRITE, "")
        for asked in waiting
        if subject_of(asked.grant) in subjects
    ]


def _calls(session: Session, place: Destination, wanted: dict[str, str]) -> list[Item]:
    now, user_id = house().store.now(), place.user_id
    wish = wish_of(place, session.get_one(User, user_id).time_zone)
    known = calls.by_id(session, list(wanted))
    of_org = (row for id_ in wanted if (row := known.get(id_)))
    found = [row for row in of_org if row.approval.org_id == place.org_id]
    owners = owners_now(session, [row.approval for row in found])
    votes = calls.votes(session, [row.approval.id for row in found])
    audience = Audience(session, place.org_id, now)
    items = []
    for row in found:
        approval, why = row.approval, wanted[row.approval.id]
        risk = Risk(approval.handled_as)
        if not (
            waits(approval, now)
            and wishes.wants(wish, risk=risk, tool=approval.tool, why=why)
        ):
            continue
        if wishes.due(wish, now, risk=risk, why=why).at > now or _is_held(
            audience, place, row
        ):
            continue
        owner, given = owners.get(approval.agent_id), votes.get(approval.id, [])
        if audience.decides(user_id, approval, owner, given) is not None:
            items.append(Call(approval, row.agent_name, owner).item(why, ""))
    return items


def _is_held(audience: Audience, place: Destination, row: Row) -> bool:
    holder = holder_of(row.approval, house().store.now())
    return holder is not None and not audience.actor(place.user_id).is_one_of((holder,))


def _told(items: list[Item]) -> list[dict[str, Any]]:
    """Return the titles to show and where a click leads; a flood is one of them."""
    if len(items) > AT_ONCE:
        several = tell(wording.title(items))
        return [{"tag": "several", "title": several, "url": url_for("queue.page")}]
    return [
        {
            "tag": item.id,
            "title": tell(wording.head(item)),
            "url": item.link,
        }
        for item in items
    ]

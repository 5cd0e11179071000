"""Endpoints: whom this desk tells, and whether it arrived."""

import json
from typing import Any

from flask import Blueprint, request, url_for

from webui.approvals.authorization import SOURCES
from webui.approvals.errors import NotFoundError
from webui.approvals.senders.outbound import ALL_ON
from webui.preview import visible
from webui.store.queries import traffic
from webui.store.queries.letters import letters
from webui.web.access import me, require
from webui.web.context import desk, house
from webui.web.endpoint_views import (
    WishesView,
    delivery_view,
    endpoint_view,
    state_of_ends,
    state_of_letters,
    tries_of,
    wishes_view,
)
from webui.web.letters import Asked, filter_view
from webui.web.links import link
from webui.web.render import page as whole_page
from webui.web.render import part, wants_part

blueprint = Blueprint("endpoints", __name__)
PAGE = 50
ENDS = "ends"
"""The part that says who is told; the other one has what they are told."""


@blueprint.get("/deliveries")
def page() -> str:
    """Show endpoints and the latest deliveries; a script asks for those alone."""
    org_id = require(SOURCES).org_id
    shown = _shown(org_id, None)
    if wants_part():
        return _part(shown)
    return whole_page("endpoints/page.html", **shown)


@blueprint.get("/deliveries/new")
def new() -> str:
    """Show the form for an endpoint."""
    require(SOURCES)
    return form("", wishes_view([ALL_ON], plain=False, with_arguments=False), {})


def form(url: str, wishes: WishesView, errors: dict[str, list[str]]) -> str:
    """Return the form for an endpoint, with what was typed and refused, if anything was."""
    return whole_page("endpoints/new.html", url=url, wishes=wishes, errors=errors)


@blueprint.get("/deliveries/endpoints/<endpoint_id>")
def one(endpoint_id: str) -> str:
    """Show an endpoint and what went to it; a script asks for what went to it alone."""
    org_id = require(SOURCES).org_id
    shown = _shown(org_id, endpoint_id)
    if wants_part():
        return _part(shown)
    with house().store.reading() as session:
        row = traffic.endpoint(session, org_id, endpoint_id)
    if row is None:
        raise NotFoundError("endpoint")
    endpoint = row.endpoint
    return whole_page(
        "endpoints/one.html",
        made=desk().once.take(me().session_hash, f"endpoint:{endpoint_id}"),
        wishes=wishes_view(
            endpoint.events.split(),
            plain=endpoint.plain,
            with_arguments=endpoint.with_arguments,
        ),
        **shown,
    )


def _part(shown: dict[str, Any]) -> str:
    """Return one of the two parts of a page: who is told, or what was."""
    name = "_ends" if request.args.get("part") == ENDS else "_deliveries"
    return part(f"endpoints/{name}.html", **shown)


def _shown(org_id: str, endpoint_id: str | None) -> dict[str, Any]:
    """Return what is on its way, of all endpoints or of one, as a page and its parts need it."""
    asked, now = Asked.read(), house().store.now()
    with house().store.reading() as session:
        if endpoint_id is None:
            known = traffic.endpoints(session, org_id)
        else:
            row = traffic.endpoint(session, org_id, endpoint_id)
            if row is None:
                raise NotFoundError("endpoint")
            known = [row]
        wanted = asked.wanted(endpoint_id)
        found = letters(session, org_id, wanted, asked.before, PAGE + 1)
    of = {} if endpoint_id is None else {"endpoint_id": endpoint_id}
    page = f"endpoints.{'page' if endpoint_id is None else 'one'}"
    given = asked.given | of
    here = {"before": asked.before} if asked.before else {}
    last = found.rows[PAGE - 1].id if len(found.rows) > PAGE else found.looked_to
    urls = {row.endpoint.id: visible(row.endpoint.url) for row in known}
    return {
        "endpoints": [endpoint_view(row, now) for row in known],
        "alone": endpoint_id is not None,
        "filter": filter_view(asked, known, link(page, of), alone=endpoint_id is not None),
        "deliveries": [delivery_view(one, urls) for one in found.rows[:PAGE]],
        "part_url": link(page, given, **here),
        "ends_url": link(page, of, part=ENDS),
        "state": state_of_letters(found.rows[:PAGE]),
        "ends_state": state_of_ends(known, now),
        "older_url": last and link(page, given, before=last),
        "newest_url": link(page, given) if asked.before else None,
        "looked_to": bool(found.looked_to) and len(found.rows) <= PAGE,
    }


@blueprint.get("/deliveries/<delivery_id>")
def delivery(delivery_id: str) -> str:
    """Show one delivery: what it says, and each attempt with how it ended."""
    org_id = require(SOURCES).org_id
    with house().store.reading() as session:
        found = traffic.delivery(session, org_id, delivery_id)
        if found is None:
            raise NotFoundError("delivery")
        row = found.endpoint_id and traffic.endpoint(session, org_id, found.endpoint_id)
    return whole_page(
        "endpoints/delivery.html",
        delivery=delivery_view(found, {}),
        endpoint_url=url_for("endpoints.one", endpoint_id=found.endpoint_id)
        if row
        else None,
        approval_url=url_for("approval.page", approval_id=found.approval_id)
        if found.approval_id
        else None,
        tries=tries_of(found),
        body=_lines(found.body),
    )


def _lines(body: str) -> list[str]:
    """Return a message laid out, line by line, with nothing hidden in it but the layout's blanks."""
    text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    told = [line.lstrip(" ") for line in text.split("\n")]
    return [
        line.removesuffix(said) + visible(said)
        for line, said in zip(text.split("\n"), told, strict=True)
    ]

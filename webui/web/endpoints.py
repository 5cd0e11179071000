"""Endpoints: whom this desk tells, and whether it arrived."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, request, url_for

from webui.approvals.authorization import SOURCES
from webui.preview import visible
from webui.store.models import Delivery, Endpoint
from webui.store.queries import traffic
from webui.web.access import me, require
from webui.web.context import desk, house
from webui.web.render import page as whole_page

blueprint = Blueprint("endpoints", __name__)
PAGE = 50
_OK = {"delivered": True, "dead": False}


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One endpoint."""

    id: str
    name: str
    url: str
    enabled: bool
    events: str
    why: str
    """What switched it off, if nobody did."""
    by_policy: bool
    can_pause: bool
    can_resume: bool
    can_remove: bool


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event on its way."""

    event: str
    endpoint_name: str
    state: str
    ok: bool | None
    attempts: int
    status_code: int | None
    words: str
    at: int
    next_at: int | None
    resend_url: str | None
    """Where a dead letter is sent again."""


@blueprint.get("/deliveries")
def page() -> str:
    """Show endpoints and the latest deliveries."""
    org_id = require(SOURCES).org_id
    before = request.args.get("before", "")
    with house().store.reading() as session:
        known = traffic.endpoints(session, org_id)
        found = traffic.deliveries(session, org_id, before, PAGE + 1)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    made = desk().once.take(me().session_hash, "endpoints")
    hosts = {endpoint.id: visible(endpoint.url) for endpoint in known}
    return whole_page(
        "endpoints/page.html",
        endpoints=[_endpoint(endpoint) for endpoint in known],
        deliveries=[_delivery(delivery, hosts) for delivery in found[:PAGE]],
        older_url=older and url_for("endpoints.page", before=older),
        created=made,
    )


def _endpoint(endpoint: Endpoint) -> EndpointView:
    by_hand, enabled = not endpoint.by_policy, endpoint.status == "active"
    named = (
        endpoint.status != "paused"
    )  # the policy pauses its own when it names them no more
    return EndpointView(
        endpoint.id,
        endpoint.id,
        visible(endpoint.url),
        enabled,
        endpoint.events,
        visible(endpoint.why or ""),
        endpoint.by_policy,
        can_pause=by_hand and enabled,
        can_resume=not enabled and (by_hand or named),
        can_remove=by_hand or not named,
    )


def _delivery(delivery: Delivery, hosts: Mapping[str, str]) -> DeliveryView:
    url = visible(delivery.url)
    target = (
        hosts.get(delivery.endpoint_id, url) if delivery.endpoint_id else f"callback {url}"
    )
    waits = delivery.status == "waiting"
    return DeliveryView(
        delivery.event,
        target,
        delivery.status,
        _OK.get(delivery.status),
        delivery.attempts,
        delivery.last_status,
        visible(delivery.last_error or ""),
        delivery.created_at,
        delivery.next_at if waits else None,
        url_for("endpoint_changes.resend", delivery_id=delivery.id)
        if delivery.status == "dead"
        else None,
    )

"""What a person changes about endpoints: made, paused, resumed, removed; letters resent."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import SOURCES
from webui.approvals.senders import endpoints
from webui.channels.addresses import AllowList
from webui.preview import visible
from webui.web.access import require
from webui.web.context import desk, house
from webui.web.once import Secret

blueprint = Blueprint("endpoint_changes", __name__, url_prefix="/deliveries")


@blueprint.post("/endpoints")
def create() -> BaseResponse:
    """Make an endpoint; its signing secret is shown once."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    url = request.form.get("url", "").strip()
    events = request.form.get("events", "").split() or ["*"]
    allowed = AllowList.of(house().settings.callback_allow)
    made = house().store.write(
        lambda tx: endpoints.create_endpoint(
            tx, org_id, url, events, allowed=allowed, actor=actor
        )
    )
    kept = Secret("endpoints", visible(url), made.secret)
    desk().once.keep(person.session_hash, kept)
    return _back()


@blueprint.post("/endpoints/<endpoint_id>/pause")
def pause(endpoint_id: str) -> BaseResponse:
    """Send nothing until it is resumed."""
    return _do(endpoints.pause, endpoint_id)


@blueprint.post("/endpoints/<endpoint_id>/resume")
def resume(endpoint_id: str) -> BaseResponse:
    """Send again."""
    return _do(endpoints.resume, endpoint_id)


@blueprint.post("/endpoints/<endpoint_id>/remove")
def remove(endpoint_id: str) -> BaseResponse:
    """Forget an endpoint."""
    return _do(endpoints.remove, endpoint_id)


@blueprint.post("/<delivery_id>/resend")
def resend(delivery_id: str) -> BaseResponse:
    """Send a dead letter again."""
    return _do(endpoints.resend, delivery_id)


def _do(verb: Callable[..., Any], about: str) -> BaseResponse:
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    house().store.write(lambda tx: verb(tx, org_id, about, actor=actor))
    return _back()


def _back() -> BaseResponse:
    return redirect(url_for("endpoints.page"), 303)

"""What a person changes about endpoints: made, changed, switched, removed; letters resent."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import SOURCES
from webui.approvals.errors import InvalidError
from webui.approvals.senders import endpoints, letters
from webui.approvals.senders.endpoints import Wishes
from webui.approvals.senders.outbound import ALL_ON
from webui.channels.addresses import AllowList
from webui.preview import visible
from webui.web.access import require
from webui.web.context import desk, house
from webui.web.endpoint_views import wishes_view
from webui.web.endpoints import form
from webui.web.once import Secret

blueprint = Blueprint("endpoint_changes", __name__, url_prefix="/deliveries")


@blueprint.post("/endpoints")
def create() -> BaseResponse | tuple[str, int]:
    """Make an endpoint; its page shows the signing secret once."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    url, wishes = request.form.get("url", "").strip(), _wishes()
    allowed = AllowList.of(house().settings.callback_allow)
    try:
        made = house().store.write(
            lambda tx: endpoints.create_endpoint(
                tx, org_id, url, wishes, allowed=allowed, actor=actor
            )
        )
    except InvalidError as error:
        errors: dict[str, list[str]] = {}
        for pointer, sentence in error.faults:
            errors.setdefault(pointer[1:], []).append(sentence)
        return form(url, wishes_view(**wishes._asdict()), errors), 422
    _show_once(made.endpoint_id, url, made.secret, person.session_hash)
    return _back_to(made.endpoint_id)


@blueprint.post("/endpoints/<endpoint_id>/wishes")
def change(endpoint_id: str) -> BaseResponse:
    """Tell it other events, or in another way."""
    person = require(SOURCES)
    org_id, actor, wishes = person.org_id, person.name, _wishes()
    house().store.write(
        lambda tx: endpoints.change_wishes(tx, org_id, endpoint_id, wishes, actor=actor)
    )
    return _back_to(endpoint_id)


def _wishes() -> Wishes:
    """Read the boxes of a form; with all of them empty it wants nothing, which is refused."""
    events = [event for each in request.form.getlist("events") for event in each.split()]
    if (
        ALL_ON in events
    ):  # then a name besides is one that is off by default, or an older one
        events = [ALL_ON, *(event for event in events if event != ALL_ON)]
    return Wishes(
        tuple(dict.fromkeys(events)),
        plain="plain" in request.form,
        with_arguments="arguments" in request.form,
    )


@blueprint.post("/endpoints/<endpoint_id>/rotate")
def rotate(endpoint_id: str) -> BaseResponse:
    """Make a new secret; for a day both sign."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    secret = house().store.write(
        lambda tx: endpoints.rotate_secret(tx, org_id, endpoint_id, actor=actor)
    )
    _show_once(endpoint_id, endpoint_id, secret, person.session_hash)
    return _back_to(endpoint_id)


@blueprint.post("/endpoints/<endpoint_id>/test")
def send_test(endpoint_id: str) -> BaseResponse:
    """Send it a message that tells of nothing."""
    _do(letters.send_test, endpoint_id)
    return _back_to(endpoint_id)


@blueprint.post("/endpoints/<endpoint_id>/pause")
def pause(endpoint_id: str) -> BaseResponse:
    """Send nothing until it is resumed."""
    _do(endpoints.pause, endpoint_id)
    return _back_to(endpoint_id)


@blueprint.post("/endpoints/<endpoint_id>/resume")
def resume(endpoint_id: str) -> BaseResponse:
    """Send again."""
    _do(endpoints.resume, endpoint_id)
    return _back_to(endpoint_id)


@blueprint.post("/endpoints/<endpoint_id>/remove")
def remove(endpoint_id: str) -> BaseResponse:
    """Forget an endpoint."""
    _do(endpoints.remove, endpoint_id)
    return redirect(url_for("endpoints.page"), 303)


@blueprint.post("/endpoints/<endpoint_id>/resend")
def resend_all(endpoint_id: str) -> BaseResponse:
    """Send its dead letters again."""
    _do(letters.resend_all, endpoint_id)
    return _back_to(endpoint_id)


@blueprint.post("/<delivery_id>/resend")
def resend(delivery_id: str) -> BaseResponse:
    """Send a dead letter again."""
    _do(letters.resend, delivery_id)
    return redirect(url_for("endpoints.delivery", delivery_id=delivery_id), 303)


def _do(verb: Callable[..., Any], about: str) -> None:
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    house().store.write(lambda tx: verb(tx, org_id, about, actor=actor))


def _show_once(endpoint_id: str, name: str, secret: str, session_hash: str) -> None:
    kept = Secret(f"endpoint:{endpoint_id}", visible(name), secret)
    desk().once.keep(session_hash, kept)


def _back_to(endpoint_id: str) -> BaseResponse:
    return redirect(url_for("endpoints.one", endpoint_id=endpoint_id), 303)

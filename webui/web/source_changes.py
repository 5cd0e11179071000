"""What a person changes about a source: its settings, its secret, its switch; and replays."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import SOURCES
from webui.approvals.errors import NotFoundError
from webui.approvals.senders import sources
from webui.inbox.replaying import replay as replay_delivery
from webui.preview import visible
from webui.store.queries import traffic
from webui.web.access import require
from webui.web.config_text import read_config_text
from webui.web.context import desk, house
from webui.web.once import Secret

blueprint = Blueprint("source_changes", __name__, url_prefix="/sources")


@blueprint.post("/<source_id>/config")
def change_config(source_id: str) -> BaseResponse:
    """Give a source other settings of its kind."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    config = read_config_text(request.form.get("config", ""))
    house().store.write(
        lambda tx: sources.change_config(tx, org_id, source_id, config, actor=actor)
    )
    return _back(source_id)


@blueprint.post("/<source_id>/rotate")
def rotate(source_id: str) -> BaseResponse:
    """Make a new secret; the old one works on for a day."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    with house().store.reading() as session:
        source = traffic.source(session, org_id, source_id)
    if source is None:
        raise NotFoundError("source")
    secret = house().store.write(
        lambda tx: sources.rotate_secret(tx, org_id, source_id, actor=actor)
    )
    kept = Secret("sources", visible(source.name), secret)
    desk().once.keep(person.session_hash, kept)
    return redirect(url_for("sources.page"), 303)


@blueprint.post("/<source_id>/pause")
def pause(source_id: str) -> BaseResponse:
    """Take nothing from a source until it is resumed."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    house().store.write(lambda tx: sources.pause(tx, org_id, source_id, actor=actor))
    return _back(source_id)


@blueprint.post("/<source_id>/resume")
def resume(source_id: str) -> BaseResponse:
    """Take deliveries again."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    house().store.write(lambda tx: sources.resume(tx, org_id, source_id, actor=actor))
    return _back(source_id)


@blueprint.post("/deliveries/<arrival_id>/replay")
def replay(arrival_id: str) -> BaseResponse:
    """File a delivery that had failed, once its source is mended."""
    person = require(SOURCES)
    approval_id = replay_delivery(house(), person.org_id, arrival_id, actor=person.name)
    return redirect(url_for("approval.page", approval_id=approval_id), 303)


def _back(source_id: str) -> BaseResponse:
    return redirect(url_for("sources.deliveries", source_id=source_id), 303)

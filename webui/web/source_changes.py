"""What a person changes about a source: settings, secret, token, switch; tests and replays."""

from contextlib import suppress

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import SOURCES
from webui.approvals.errors import InvalidError, NotFoundError
from webui.approvals.senders import sources
from webui.inbox import replaying, trying
from webui.preview import visible
from webui.receivers.chat_config import OWN_SECRETS
from webui.receivers.kind import Refused
from webui.sentences import sentence
from webui.store.queries import traffic
from webui.web.access import require
from webui.web.config_text import read_config_text
from webui.web.context import desk, house
from webui.web.once import Secret
from webui.web.source_views import told
from webui.web.sources import check_own_secret, keeper, one_source

blueprint = Blueprint("source_changes", __name__, url_prefix="/sources")


@blueprint.post("/<source_id>/config")
def change_config(source_id: str) -> BaseResponse | tuple[str, int]:
    """Give a source other settings of its kind."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    typed = request.form.get("config", "")
    try:
        config = read_config_text(typed)
        house().store.write(
            lambda tx: sources.change_config(tx, org_id, source_id, config, actor=actor)
        )
    except InvalidError as error:
        page = one_source(org_id, source_id, typed, told(error.faults, error.detail))
        return page, 422
    return _back(source_id)


@blueprint.post("/<source_id>/token")
def set_token(source_id: str) -> BaseResponse | tuple[str, int]:
    """Sign in at the upstream with another token."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    token = request.form.get("token", "").strip()
    if not token:
        errors: dict[str, list[str]] = {
            "token": [sentence("Say what the desk is to sign in with.")]
        }
        return one_source(org_id, source_id, errors=errors), 422
    try:
        house().store.write(
            lambda tx: sources.set_token(tx, org_id, source_id, token, actor=actor)
        )
    except InvalidError as error:
        return one_source(org_id, source_id, errors={"token": [error.detail]}), 422
    return _back(source_id)


@blueprint.post("/<source_id>/rotate")
def rotate(source_id: str) -> BaseResponse | tuple[str, int]:
    """Make a new secret, or keep the platform's; the old one works on for a day."""
    person = require(SOURCES)
    org_id, actor = person.org_id, person.name
    with house().store.reading() as session:
        found = traffic.source(session, org_id, source_id)
    if found is None:
        raise NotFoundError("source")
    kind, given = found.source.kind, request.form.get("secret", "").strip()
    keeper(kind)
    own = given if kind in OWN_SECRETS else None
    try:
        check_own_secret(kind, given)
        secret = house().store.write(
            lambda tx: sources.rotate_secret(tx, org_id, source_id, secret=own, actor=actor)
        )
    except InvalidError as error:
        page = one_source(org_id, source_id, errors=told(error.faults, error.detail))
        return page, 422
    if own:
        return _back(source_id)
    kept = Secret(f"source:{source_id}", visible(found.source.name), secret)
    desk().once.keep(person.session_hash, kept)
    return _back(source_id)


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


@blueprint.post("/<source_id>/test")
def send_test(source_id: str) -> BaseResponse:
    """Send the source a test event; its page shows what became of it, refused or not."""
    person = require(SOURCES)
    with suppress(Refused, InvalidError):
        trying.send_test(house(), person.org_id, source_id, actor=person.name)
    return _back(source_id)


@blueprint.post("/deliveries/<arrival_id>/replay")
def replay(arrival_id: str) -> BaseResponse:
    """File a delivery that had failed, once its source is mended."""
    person = require(SOURCES)
    approval_id = replaying.replay(house(), person.org_id, arrival_id, actor=person.name)
    return redirect(url_for("approval.page", approval_id=approval_id), 303)


@blueprint.post("/<source_id>/deliveries/<arrival_id>/replay")
def replay_alike(source_id: str, arrival_id: str) -> BaseResponse:
    """File every delivery of the source that had failed as this one did."""
    person = require(SOURCES)
    done = replaying.replay_alike(
        house(), person.org_id, source_id, arrival_id, actor=person.name
    )
    return redirect(
        url_for(
            "sources.deliveries", source_id=source_id, filed=done.filed, left=done.left
        ),
        303,
    )


def _back(source_id: str) -> BaseResponse:
    return redirect(url_for("sources.deliveries", source_id=source_id), 303)

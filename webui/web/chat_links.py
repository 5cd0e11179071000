"""Linking one's account to a user of a chat, begun and confirmed here; and taking that back."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import DeskError, InvalidError, TooManyError
from webui.approvals.people import chat_identities
from webui.approvals.people.standing import By
from webui.chat import codes
from webui.chat.codes import Claim
from webui.preview import visible
from webui.problems import status_of
from webui.receivers.registry import KINDS
from webui.store.models import Source
from webui.store.transaction import Transaction
from webui.web import people
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.fresh import manager, require_fresh
from webui.web.once import Secret
from webui.web.render import page as whole_page

blueprint = Blueprint("chat_links", __name__)
Answer = str | tuple[str, int] | BaseResponse


@blueprint.get("/account/link")
def page() -> str:
    """Show the code to type in a chat, and then who typed it; a GET begins and links nothing."""
    return _page()


@blueprint.post("/account/link")
def begin() -> Answer:
    """Begin: make a code for this session, and show it once."""
    person = require_fresh(url_for("chat_links.page"))
    org_id, user_id, session = person.org_id, person.signed.user_id, person.session_hash
    try:
        code = house().store.write(lambda tx: codes.begin(tx, org_id, user_id, session))
    except TooManyError as error:
        return _page(error.detail), status_of(error)
    desk().once.keep(session, Secret("chat_link", "", code))
    return redirect(url_for("chat_links.page"), 303)


@blueprint.post("/account/link/confirm")
def confirm() -> Answer:
    """Link who typed this session's code."""
    person = require_fresh(url_for("chat_links.page"))
    org_id, user_id, session = person.org_id, person.signed.user_id, person.session_hash
    seen = request.form.get("seen", "")

    def unit(tx: Transaction) -> None:
        claim = codes.take(tx, org_id, user_id, session, seen)
        chat_identities.link(
            tx,
            org_id,
            user_id,
            kind=claim.kind,
            team=claim.team,
            external_id=claim.external_id,
        )

    try:
        house().store.write(unit)
    except DeskError as error:
        return _page(error.detail), status_of(error)
    return redirect(url_for("account.page"), 303)


@blueprint.post("/account/link/stop")
def stop() -> BaseResponse:
    """Forget the code, and who typed it."""
    user_id = me().signed.user_id
    house().store.write(lambda tx: codes.stop(tx, user_id))
    return redirect(url_for("account.page"), 303)


@blueprint.post("/account/chat/<identity_id>/unlink")
def unlink(identity_id: str) -> BaseResponse:
    """Forget a chat identity of one's own."""
    person = me()
    org_id, user_id = person.org_id, person.signed.user_id
    house().store.write(lambda tx: chat_identities.unlink(tx, org_id, user_id, identity_id))
    return redirect(url_for("account.page"), 303)


@blueprint.post("/people/chat/<identity_id>/unlink")
def unlink_for(identity_id: str) -> Answer:
    """Forget somebody's chat identity."""
    person = manager(url_for("people.page"))
    org_id, by = person.org_id, By(person.signed.user_id)
    try:
        house().store.write(
            lambda tx: chat_identities.unlink_for(tx, org_id, by, identity_id)
        )
    except InvalidError as error:
        return people.show(error.detail), status_of(error)
    return redirect(url_for("people.page"), 303)


def _page(error: str | None = None) -> str:
    person, runtime = me(), house()
    org_id, user_id = person.org_id, person.signed.user_id
    with runtime.store.reading() as session:
        now = runtime.store.now()
        waits, claim = codes.under_way(session, org_id, user_id, person.session_hash, now)
        source = None if claim is None else session.get(Source, claim.source_id)
    told = desk().once.take(person.session_hash, "chat_link")
    return whole_page(
        "account/link.html",
        code=told and told.text,
        waits=waits,
        claim=None if claim is None or source is None else shown(claim, source),
        error=error,
    )


def shown(claim: Claim, source: Source) -> dict[str, str]:
    """Return who typed a code, as the page names them."""
    return {
        "key": claim.key,
        "platform": KINDS[claim.kind].label,
        "channel": visible(source.name),
        "team": visible(claim.team),
        "team_name": visible(claim.team_name),
        "user": visible(claim.external_id),
        "name": visible(claim.name),
    }

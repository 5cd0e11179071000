"""Linking one's account to a user of a chat, and taking that back; a GET never links."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import DeskError, InvalidError
from webui.approvals.people import chat_identities
from webui.approvals.people.standing import By
from webui.chat.codes import Claim, read_code, spend_code
from webui.preview import visible
from webui.problems import status_of
from webui.receivers.chat_config import CHAT_KINDS
from webui.receivers.registry import KINDS
from webui.store.models import Source
from webui.store.transaction import Transaction
from webui.web import people
from webui.web.access import me
from webui.web.context import house
from webui.web.fresh import manager, require_fresh
from webui.web.render import page as whole_page

blueprint = Blueprint("chat_links", __name__)
Answer = str | tuple[str, int] | BaseResponse
_ELSEWHERE = (
    "This link belongs to another organization; switch to it, then open the link again."
)


@blueprint.get("/account/link")
def page() -> Answer:
    """Ask whether the chat user who clicked is the person who is signed in."""
    try:
        claim, source = _claimed(request.args.get("code", ""))
    except InvalidError as error:
        return whole_page("account/link.html", claim=None, error=error.detail)
    return _page(claim, source)


@blueprint.post("/account/link")
def link() -> Answer:
    """Link them."""
    code = request.form.get("code", "")
    person = require_fresh(url_for("chat_links.page", code=code))
    org_id, user_id = person.org_id, person.signed.user_id
    try:
        claim, source = _claimed(code)
    except InvalidError as error:
        return whole_page("account/link.html", claim=None, error=error.detail), 422

    def unit(tx: Transaction) -> None:
        spend_code(tx, code, claim)
        chat_identities.link(
            tx,
            org_id,
            user_id,
            kind=source.kind,
            team=claim.team,
            external_id=claim.external_id,
        )

    try:
        house().store.write(unit)
    except InvalidError as error:
        return whole_page("account/link.html", claim=None, error=error.detail), 422
    except DeskError as error:
        return _page(claim, source, error.detail), status_of(error)
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


def _claimed(code: str) -> tuple[Claim, Source]:
    """Return who clicked, and on which channel of this person's org.

    Raises:
        InvalidError: the code is over, or of another org.

    """
    runtime = house()
    claim = read_code(runtime.keyring, code, runtime.store.now())
    with runtime.store.reading() as session:
        source = session.get(Source, claim.source_id)
    if source is None or source.org_id != me().org_id or source.kind not in CHAT_KINDS:
        raise InvalidError(_ELSEWHERE)
    return claim, source


def _page(claim: Claim, source: Source, error: str | None = None) -> str:
    return whole_page(
        "account/link.html",
        claim=claim,
        platform=KINDS[source.kind].label,
        channel=visible(source.name),
        code=request.values.get("code", ""),
        error=error,
    )

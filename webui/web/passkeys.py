"""One's own passkeys: added by the page's script, named and removed by plain forms."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import ConflictError, InvalidError, NotAllowedError
from webui.factors import ceremonies, changing, passkeys
from webui.factors.entering import OVER
from webui.factors.proving import WRONG_PASSKEY
from webui.problems import status_of
from webui.sentences import sentence
from webui.store.queries.factors import held
from webui.store.transaction import Transaction
from webui.web import ceremony
from webui.web.access import me
from webui.web.context import house
from webui.web.doors import open_while_held_up
from webui.web.factors import Answer, show_codes, shown
from webui.web.fresh import require_fresh

blueprint = Blueprint("passkeys", __name__, url_prefix="/account/factors/passkeys")


@blueprint.post("/options")
@open_while_held_up
def ask() -> ResponseReturnValue:
    """Ask the browser to make a passkey."""
    signed, site = me().signed, ceremony.site()
    if not me().is_fresh(house().store.now()):
        raise NotAllowedError("confirm_first", sentence("Confirm first that it is you."))
    with house().store.reading() as session:
        known = [passkey.id for passkey in held(session, signed.user_id).passkeys]
    ceremony_id, challenge = house().store.write(
        lambda tx: ceremonies.begin_asking(
            tx, "passkey_new", signed.user_id, whose=signed.user_id
        )
    )
    ceremony.keep("passkey_new", ceremony_id)
    options = passkeys.options_to_add(
        site, challenge, signed.user_id, signed.email, signed.display_name, known
    )
    return ceremony.ask(options)


@blueprint.post("")
@open_while_held_up
def add() -> Answer:
    """Keep the passkey that the browser made."""
    person = require_fresh(url_for("factors.page"))
    org_id, user_id, here = person.org_id, person.signed.user_id, person.session_hash
    site, answer, under_way = (
        ceremony.site(),
        ceremony.credential(),
        ceremony.current("passkey_new"),
    )
    name = request.form.get("name", "")

    def unit(tx: Transaction) -> list[str] | str:
        row = ceremonies.find(tx, under_way, "passkey_new")
        if row is None or row.user_id != user_id:
            return OVER
        challenge = ceremonies.take_challenge(tx, row)
        ceremonies.end(tx, row)
        new = passkeys.made(site, challenge, answer) if challenge else None
        if new is None:
            return WRONG_PASSKEY
        return changing.add_passkey(tx, org_id, user_id, here, new, name)

    try:
        added = house().store.write(unit)
    except (ConflictError, InvalidError) as error:
        return shown(error.detail), status_of(error)
    return (shown(added), 403) if isinstance(added, str) else show_codes(added)


@blueprint.post("/<passkey_id>/rename")
@open_while_held_up
def rename(passkey_id: str) -> Answer:
    """Give a passkey another name."""
    person, name = require_fresh(url_for("factors.page")), request.form.get("name", "")
    org_id, user_id = person.org_id, person.signed.user_id
    try:
        house().store.write(
            lambda tx: changing.rename_passkey(tx, org_id, user_id, passkey_id, name)
        )
    except InvalidError as error:
        return shown(error.detail), status_of(error)
    return _back()


@blueprint.post("/<passkey_id>/remove")
@open_while_held_up
def remove(passkey_id: str) -> Answer:
    """Remove a passkey."""
    person = require_fresh(url_for("factors.page"))
    org_id, user_id = person.org_id, person.signed.user_id
    try:
        house().store.write(
            lambda tx: changing.remove_passkey(tx, org_id, user_id, passkey_id)
        )
    except ConflictError as error:
        return shown(error.detail), status_of(error)
    return _back()


def _back() -> BaseResponse:
    return redirect(url_for("factors.page"), 303)

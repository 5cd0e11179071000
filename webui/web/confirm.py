"""Proving once more who one is, before what could do most harm; then back to it."""

import secrets

from flask import Blueprint, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import TooManyError
from webui.factors import ceremonies, confirming, passkeys
from webui.factors.confirming import Here
from webui.factors.entering import Entered
from webui.sentences import sentence
from webui.store.queries import identity
from webui.store.queries.factors import held
from webui.store.queries.providers import ACTIVE, links_of
from webui.web import ceremony
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.doors import open_while_held_up
from webui.web.once import Secret
from webui.web.passwords import is_password_of
from webui.web.render import page as whole_page
from webui.web.second import USED_RECOVERY
from webui.web.session import Answer, spend_attempt
from webui.web.sessions import hash_of
from webui.web.targets import local_path

blueprint = Blueprint("confirm", __name__, url_prefix="/account/confirm")
_WRONG = sentence("The password is wrong.")


@blueprint.get("")
@open_while_held_up
def page() -> str:
    """Ask for a proof."""
    return _page(local_path(request.args.get("next")))


def _page(target: str, error: str | None = None) -> str:
    with house().store.reading() as reading:
        found = held(reading, me().signed.user_id)
        links = links_of(reading, me().signed.user_id, me().org_id)
    return whole_page(
        "session/confirm.html",
        error=error,
        next=target,
        email=me().signed.email,
        needs_code=found.count > 0,
        has_app=found.has_app,
        has_passkeys=bool(found.passkeys),
        why_no_passkeys=ceremony.why_no_passkeys(),
        providers=[
            (each.provider_id, each.provider_name)
            for each in links
            if each.status == ACTIVE
        ],
    )


@blueprint.post("")
@open_while_held_up
def by_password() -> Answer:
    """Take the password, and a code from who has a second factor."""
    target, email = local_path(request.form.get("next")), me().signed.email
    code, session_id = request.form.get("code", "")[:40], secrets.token_urlsafe(32)
    here = _here(session_id)
    try:
        spend_attempt(email)
        with house().store.reading() as reading:
            found = identity.credentials(reading, email)
        if not is_password_of(found, request.form.get("password", "")):
            return _page(target, _WRONG), 403
        entered = house().store.write(lambda tx: confirming.by_password(tx, here, code))
    except TooManyError as error:
        return _page(target, error.detail), 429
    return _answered(entered, session_id, target)


@blueprint.post("/passkey-options")
@open_while_held_up
def ask_for_passkey() -> ResponseReturnValue:
    """Ask the browser for one of this person's passkeys."""
    site, user_id = ceremony.site(), me().signed.user_id
    with house().store.reading() as reading:
        known = [passkey.id for passkey in held(reading, user_id).passkeys]
    ceremony_id, challenge = house().store.write(
        lambda tx: ceremonies.begin_asking(tx, "confirm", user_id, whose=user_id)
    )
    ceremony.keep("confirm", ceremony_id)
    return ceremony.ask(passkeys.options_to_prove(site, challenge, known))


@blueprint.post("/passkey")
@open_while_held_up
def by_passkey() -> Answer:
    """Take a passkey's answer."""
    target, session_id = local_path(request.form.get("next")), secrets.token_urlsafe(32)
    site, answer, under_way = (
        ceremony.site(),
        ceremony.credential(),
        ceremony.current("confirm"),
    )
    here = _here(session_id)
    entered = house().store.write(
        lambda tx: confirming.by_passkey(tx, here, under_way, site, answer)
    )
    return _answered(entered, session_id, target)


def _here(session_id: str) -> Here:
    person = me()
    return Here(
        person.org_id,
        person.signed.user_id,
        person.session_hash,
        hash_of(session_id),
        ceremony.address(),
    )


def _answered(entered: Entered, session_id: str, target: str) -> Answer:
    if entered.refusal is not None:
        return _page(target, entered.refusal), 403
    desk().sockets.rename(me().session_hash, hash_of(session_id))
    # Forms in other tabs stay good: it is the same person in the same browser.
    session["_user_id"] = session_id
    g.pop("_login_user", None)
    if entered.by_recovery:
        desk().once.keep(hash_of(session_id), Secret("told", target, USED_RECOVERY))
        return _to(url_for("factors.page"))
    return _to(target)


def _to(target: str) -> BaseResponse:
    return redirect(target or url_for("account.page"), 303)

"""One's own ways to sign in: password, authenticator app, passkeys, recovery codes."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import ConflictError, InvalidError, TooManyError
from webui.approvals.people import sessions
from webui.approvals.people.passwords import LONGEST, SHORTEST
from webui.factors import changing, totp
from webui.factors.passkeys import ISSUER
from webui.preview import visible
from webui.problems import status_of
from webui.sentences import sentence
from webui.store.models import Org, TotpSecret
from webui.store.queries import identity
from webui.store.queries.factors import held
from webui.web import ceremony
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.doors import open_while_held_up
from webui.web.fresh import require_fresh
from webui.web.once import Secret
from webui.web.passwords import hash_of_new, is_password_of
from webui.web.qr import Code, code_of
from webui.web.render import page as whole_page
from webui.web.session import spend_attempt

blueprint = Blueprint("factors", __name__, url_prefix="/account/factors")
Answer = BaseResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class NewApp:
    """An app that is being set up."""

    secret: str
    qr: Code


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """One passkey."""

    id: str
    name: str
    created_at: int
    used_at: int | None


@blueprint.get("")
@open_while_held_up
def page() -> str:
    """Show them."""
    return shown()


def shown(error: str | None = None) -> str:
    """Show the page with what was just made or said, once."""
    person, once = me(), desk().once
    told, codes = (
        once.take(person.session_hash, "told"),
        once.take(person.session_hash, "codes"),
    )
    with house().store.reading() as session:
        found = held(session, person.signed.user_id)
        required = session.get_one(Org, person.org_id).require_second_factor
        by_password = identity.credentials(session, person.signed.email)
    return whole_page(
        "factors/page.html",
        error=error,
        told=told and told.text,
        go_on=told.name if told else "",
        codes=codes.text.split() if codes else [],
        required=required,
        held_up=person.held_up,
        app_since=found.app.confirmed_at if found.app else None,
        new_app=_new_app(found.app) if found.app and not found.has_app else None,
        passkeys=[
            PasskeyView(key.id, visible(key.name), key.created_at, key.used_at)
            for key in found.passkeys
        ],
        why_no_passkeys=ceremony.why_no_passkeys(),
        codes_left=found.codes_left,
        has_factor=found.count > 0,
        has_password=bool(by_password and by_password.password_hash),
        shortest=SHORTEST,
        longest=LONGEST,
    )


def _new_app(row: TotpSecret) -> NewApp:
    secret = house().keyring.open_own(changing.SEAL, row.user_id, row.sealed)
    address = totp.address(secret, me().signed.email, f"{ISSUER} {me().signed.org_name}")
    return NewApp(totp.spelled(secret), code_of(address))


@blueprint.post("/app")
@open_while_held_up
def start_app() -> Answer:
    """Make a secret for an authenticator app."""
    user_id = require_fresh(url_for("factors.page")).signed.user_id
    try:
        house().store.write(lambda tx: changing.start_app(tx, user_id))
    except ConflictError as error:
        return shown(error.detail), status_of(error)
    return redirect(url_for("factors.page", _anchor="app"), 303)


@blueprint.post("/app/confirm")
@open_while_held_up
def confirm_app() -> Answer:
    """Let the app count, once a code of it is entered."""
    person = require_fresh(url_for("factors.page"))
    org_id, user_id, here = person.org_id, person.signed.user_id, person.session_hash
    code = request.form.get("code", "").replace(" ", "")[:10]
    try:
        codes = house().store.write(
            lambda tx: changing.confirm_app(tx, org_id, user_id, here, code)
        )
    except (ConflictError, InvalidError) as error:
        return shown(error.detail), status_of(error)
    return show_codes(codes)


def show_codes(codes: list[str]) -> BaseResponse:
    """Lead to the page, which shows new recovery codes this once."""
    if codes:
        desk().once.keep(me().session_hash, Secret("codes", "", " ".join(codes)))
    return redirect(url_for("factors.page"), 303)


@blueprint.post("/app/remove")
@open_while_held_up
def remove_app() -> Answer:
    """Remove the app, or give up setting it up."""
    person = require_fresh(url_for("factors.page"))
    org_id, user_id = person.org_id, person.signed.user_id
    try:
        house().store.write(lambda tx: changing.remove_app(tx, org_id, user_id))
    except ConflictError as error:
        return shown(error.detail), status_of(error)
    return redirect(url_for("factors.page"), 303)


@blueprint.post("/codes")
@open_while_held_up
def renew_codes() -> Answer:
    """Replace the recovery codes."""
    person = require_fresh(url_for("factors.page"))
    org_id, user_id = person.org_id, person.signed.user_id
    try:
        codes = house().store.write(lambda tx: changing.renew_codes(tx, org_id, user_id))
    except ConflictError as error:
        return shown(error.detail), status_of(error)
    return show_codes(codes)


@blueprint.post("/password")
@open_while_held_up
def change_password() -> Answer:
    """Change the password; every other session of this person ends."""
    person = require_fresh(url_for("factors.page"))
    new = request.form.get("new", "")
    wrong = _why_not(new, person.signed.email)
    if wrong is not None:
        return shown(wrong), 422
    try:
        spend_attempt(person.signed.email)
    except TooManyError as error:
        return shown(error.detail), 429
    with house().store.reading() as session:
        found = identity.credentials(session, person.signed.email)
    has_one = found is not None and found.password_hash != ""
    if has_one and not is_password_of(found, request.form.get("old", "")):
        return shown(sentence("The present password is wrong; nothing was changed.")), 403
    org_id, user_id, here = person.org_id, person.signed.user_id, person.session_hash
    hashed = hash_of_new(new)
    house().store.write(
        lambda tx: sessions.change_password(tx, org_id, user_id, here, hashed)
    )
    note = sentence("The password is changed. Every other session of yours has ended.")
    desk().once.keep(here, Secret("told", "", note))
    return redirect(url_for("factors.page"), 303)


def _why_not(new: str, email: str) -> str | None:
    """Return why a password will not do; length counts, not the kinds of its characters."""
    if not SHORTEST <= len(new) <= LONGEST:
        return sentence(
            "A password has %(shortest)s to %(longest)s characters; nothing was changed.",
            shortest=SHORTEST,
            longest=LONGEST,
        )
    if (
        len(set(new)) < SHORTEST // 2
        or email.split("@", maxsplit=1)[0].lower() in new.lower()
    ):
        return sentence(
            "This password is easily guessed; nothing was changed. Take several words."
        )
    return None

"""The second step of signing in, and signing in with a passkey alone."""

import secrets

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import ConflictError, TooManyError
from webui.factors import ceremonies, entering, passkeys
from webui.factors.entering import OVER, Entered
from webui.sentences import sentence
from webui.store.models import Ceremony
from webui.store.queries.factors import Held, held
from webui.store.transaction import Transaction
from webui.web import ceremony
from webui.web.context import desk, house
from webui.web.doors import public
from webui.web.once import Secret
from webui.web.render import page as whole_page
from webui.web.session import Answer, form, let_in
from webui.web.sessions import hash_of
from webui.web.targets import local_path

blueprint = Blueprint("second", __name__, url_prefix="/sign-in")
USED_RECOVERY = sentence(
    "You used a recovery code; it is worth nothing from now on. Make new codes before the "
    "last one is gone, and remove an app or passkey that you lost."
)


@blueprint.get("/second")
@public
def page() -> BaseResponse | str:
    """Show the second step; without a right password before it, begin at the beginning."""
    target = local_path(request.args.get("next"))
    with house().store.reading() as session:
        user_id = _whose(session)
        if user_id is None:
            return redirect(url_for("session.sign_in", next=target or None), 303)
        return _page(held(session, user_id), target)


def _page(found: Held, target: str, error: str | None = None) -> str:
    return whole_page(
        "session/second.html",
        error=error,
        next=target,
        has_app=found.has_app,
        has_passkeys=bool(found.passkeys),
        why_no_passkeys=ceremony.why_no_passkeys(),
    )


def _whose(session: Session) -> str | None:
    """Return who is between the two steps, for showing the page; the rules look again."""
    row = session.get(Ceremony, ceremonies.hash_of(ceremony.current("second_step")))
    fine = row is not None and row.expires_at > house().store.now()
    return row.user_id if row is not None and fine else None


@blueprint.post("/second")
@public
def by_code() -> Answer:
    """Take a code of the app, or a recovery code."""
    session_id, typed = secrets.token_urlsafe(32), request.form.get("code", "")[:40]
    door, under_way = ceremony.door(session_id), ceremony.current("second_step")
    try:
        entered = house().store.write(
            lambda tx: entering.by_code(tx, under_way, typed, door)
        )
    except TooManyError as error:
        return _refused(Entered(error.detail), 429)
    return _answered(entered, session_id)


@blueprint.post("/second/passkey-options")
@public
def ask_for_passkey() -> ResponseReturnValue:
    """Ask the browser for one of this person's passkeys."""
    site, under_way = ceremony.site(), ceremony.current("second_step")

    def unit(tx: Transaction) -> tuple[bytes, list[str]] | None:
        row = ceremonies.find(tx, under_way, "second_step")
        if row is None or row.user_id is None:
            return None
        known = [passkey.id for passkey in held(tx.session, row.user_id).passkeys]
        return ceremonies.challenge(tx, row), known

    asked = house().store.write(unit)
    if asked is None:
        raise ConflictError("sign_in_over", OVER)
    return ceremony.ask(passkeys.options_to_prove(site, *asked))


@blueprint.post("/second/passkey")
@public
def by_passkey() -> Answer:
    """Take a passkey's answer as the second step."""
    site, answer = ceremony.site(), ceremony.credential()
    session_id = secrets.token_urlsafe(32)
    door, under_way = ceremony.door(session_id), ceremony.current("second_step")
    entered = house().store.write(
        lambda tx: entering.by_passkey(tx, under_way, site, answer, door)
    )
    return _answered(entered, session_id)


def _answered(entered: Entered, session_id: str) -> Answer:
    target = local_path(request.form.get("next"))
    if entered.refusal is not None:
        return _refused(entered, 403)
    if entered.by_recovery:
        desk().once.keep(hash_of(session_id), Secret("told", target, USED_RECOVERY))
        target = url_for("factors.page")
    return let_in(session_id, target)


def _refused(entered: Entered, status: int) -> Answer:
    target = local_path(request.form.get("next"))
    with house().store.reading() as session:
        user_id = None if entered.over else _whose(session)
        if user_id is None:
            return form(entered.refusal, next_path=target), status
        return _page(held(session, user_id), target, entered.refusal), status


@blueprint.post("/passkey-options")
@public
def ask_for_any_passkey() -> ResponseReturnValue:
    """Ask the browser for any passkey of this desk; it says whose it is."""
    site, whose = ceremony.site(), ceremony.address()
    ceremony_id, challenge = house().store.write(
        lambda tx: ceremonies.begin_asking(tx, "passkey_alone", None, whose=whose)
    )
    ceremony.keep("passkey_alone", ceremony_id)
    return ceremony.ask(passkeys.options_to_prove(site, challenge))


@blueprint.post("/passkey")
@public
def by_passkey_alone() -> Answer:
    """Sign in with a passkey and nothing else."""
    site, answer = ceremony.site(), ceremony.credential()
    session_id = secrets.token_urlsafe(32)
    door, under_way = ceremony.door(session_id), ceremony.current("passkey_alone")
    entered = house().store.write(
        lambda tx: entering.by_passkey_alone(tx, under_way, site, answer, door)
    )
    if entered.refusal is not None:
        target = local_path(request.form.get("next"))
        return form(entered.refusal, next_path=target), 403
    return let_in(session_id, local_path(request.form.get("next")))

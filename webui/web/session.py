"""Signing in and out, and who is signed in on this request (spec: authorization.md).

The cookie carries a random id; the database keeps its SHA-256 and decides whether it counts.
Who has a second factor gets no session for the password: `second` takes the other step.
"""

import secrets

from flask import Blueprint, Flask, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import NotFoundError, TooManyError
from webui.approvals.people import sessions
from webui.factors import ceremonies, entering
from webui.sentences import sentence
from webui.store.queries import identity, providers
from webui.store.queries.identity import Credentials
from webui.web import ceremony
from webui.web.context import desk, house
from webui.web.doors import open_to_agents, open_while_held_up, public
from webui.web.passwords import is_password_of
from webui.web.person import Person
from webui.web.render import page
from webui.web.sessions import actor_behind, hash_of, lives, remember
from webui.web.targets import local_path

blueprint = Blueprint("session", __name__)
SEEN_EVERY = 60_000
"""ms between two updates of a session's last use."""
_WRONG = sentence("The e-mail address or the password is wrong.")
Answer = BaseResponse | str | tuple[str, int]


def register(app: Flask) -> None:
    """Let flask-login find the person of a request."""
    manager = LoginManager(app)
    # It would bind a session to address and browser, and lose people who change networks.
    manager.session_protection = None
    manager.user_loader(_load)
    app.register_blueprint(blueprint)


def _load(session_id: str) -> Person | None:
    runtime, session_hash = house(), hash_of(session_id)
    with runtime.store.reading() as reading:
        found = identity.signed_session(reading, session_hash)
        if found is None or not lives(runtime, found):
            return None
        actor = actor_behind(reading, found, runtime.store.now())
    if runtime.store.now() - found.seen_at >= SEEN_EVERY:
        runtime.store.write(lambda tx: sessions.note_seen(tx, session_hash))
    return Person(
        session_hash,
        found.person,
        found.authenticated_at,
        actor,
        found.method,
        found.held_up,
    )


@blueprint.get("/sign-in")
@public
def sign_in() -> BaseResponse | str:
    """Show the form; with somebody signed in already, go on (unless asked to sign in again)."""
    target = local_path(request.args.get("next"))
    if current_user.is_authenticated and "again" not in request.args:
        return redirect(target or url_for("queue.page"), 303)
    return form(None, next_path=target)


@blueprint.post("/sign-in", endpoint="enter")
@public
def enter() -> Answer:
    """Check address and password; open a session, or ask for the second factor."""
    email, target = request.form.get("email", ""), local_path(request.form.get("next"))
    try:
        spend_attempt(email)
    except TooManyError as error:
        return form(error.detail, email=email, next_path=target), 429
    with house().store.reading() as reading:
        found = identity.credentials(reading, email)
    fine = is_password_of(found, request.form.get("password", ""))
    if found is None or not fine or found.status != "active":
        return _wrong(email, target)
    if found.has_factor:
        _ask_for_more(found)
        return redirect(url_for("second.page", next=target or None), 303)
    session_id = secrets.token_urlsafe(32)
    door = ceremony.door(session_id)
    try:
        house().store.write(
            lambda tx: entering.open_session(
                tx, found.user_id, "password", door, epoch=found.epoch
            )
        )
    except NotFoundError:
        return _wrong(email, target)
    return let_in(session_id, target)


def form(error: str | None, *, email: str = "", next_path: str = "") -> str:
    """Show the sign-in page."""
    with house().store.reading() as reading:
        by_provider = providers.any_active(reading)
    return page(
        "session/sign_in.html",
        error=error,
        email=email,
        next=next_path,
        why_no_passkeys=ceremony.why_no_passkeys(),
        by_provider=by_provider,
        again="again" in request.args,
    )


def _wrong(email: str, target: str) -> tuple[str, int]:
    _note_failure(ceremony.address())
    return form(_WRONG, email=email, next_path=target), 403


def spend_attempt(email: str) -> None:
    """Count one attempt to prove a password.

    Raises:
        TooManyError: too many for this account or from this address.

    """
    store, address = house().store, ceremony.address()
    account = store.keyring.tag("throttle", email.strip().lower())[:32]
    store.write(lambda tx: sessions.spend_attempt(tx, account, address))


def _ask_for_more(found: Credentials) -> None:
    """Begin the second step after a right password."""
    ceremony_id = house().store.write(
        lambda tx: ceremonies.begin(
            tx, "second_step", found.user_id, whose=found.user_id, epoch=found.epoch
        )
    )
    keep_for_second_step(ceremony_id)


def keep_for_second_step(ceremony_id: str) -> None:
    """Put a row that can do nothing but the second step in the place of any session."""
    before = session.get("_user_id")
    if before is not None:
        ended = hash_of(str(before))
        house().store.write(lambda tx: sessions.sign_out(tx, ended))
    session.clear()
    g.pop("_login_user", None)
    ceremony.keep("second_step", ceremony_id)


def let_in(session_id: str, target: str) -> BaseResponse:
    """Give the browser its new session and lead it on."""
    remember(session, session_id)
    g.pop("_login_user", None)
    return redirect(target or url_for("queue.page"), 303)


def _note_failure(address: str) -> None:
    store = house().store
    count = desk().failures.count(address, store.now())
    if count:
        store.write(lambda tx: sessions.note_failed(tx, address, count))


@blueprint.post("/sign-out")
@open_while_held_up
@open_to_agents
def sign_out() -> BaseResponse:
    """End this session, its live sockets included."""
    session_hash = hash_of(str(session["_user_id"]))
    house().store.write(lambda tx: sessions.sign_out(tx, session_hash))
    desk().sockets.drop(session_id=session_hash)
    forget()
    return redirect(url_for("session.sign_in"), 303)


def forget() -> None:
    """Empty the cookie."""
    logout_user()
    session.clear()

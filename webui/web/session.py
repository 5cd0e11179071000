"""Signing in and out, and who is signed in on this request (spec: authorization.md).

The cookie carries a random id; the database keeps its SHA-256 and decides whether it counts.
"""

import secrets

from flask import Blueprint, Flask, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals import accounts, sessions
from webui.approvals.errors import NotFoundError, TooManyError
from webui.store.queries import identity
from webui.store.transaction import Transaction
from webui.web.context import desk, house
from webui.web.doors import public
from webui.web.passwords import is_password_of
from webui.web.person import Person
from webui.web.render import page
from webui.web.sessions import actor_behind, hash_of, lives, remember
from webui.web.targets import local_path

blueprint = Blueprint("session", __name__)
SEEN_EVERY = 60_000
"""ms between two updates of a session's last use."""
_WRONG = "The e-mail address or the password is wrong."


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
    return Person(session_hash, found.person, found.created_at, actor)


@blueprint.get("/sign-in")
@public
def sign_in() -> BaseResponse | str:
    """Show the form; with somebody signed in already, go on (unless asked to sign in again)."""
    target = local_path(request.args.get("next"))
    if current_user.is_authenticated and "again" not in request.args:
        return redirect(target or url_for("queue.page"))
    why = (
        "Sign in again to go on: this needs a fresh sign-in."
        if request.args.get("again")
        else None
    )
    return _form(why, next_path=target)


@blueprint.post("/sign-in", endpoint="enter")
@public
def enter() -> BaseResponse | str | tuple[str, int]:
    """Check address and password; open a new session and end the one before."""
    email, target = request.form.get("email", ""), local_path(request.form.get("next"))
    address = request.remote_addr or "unknown"
    try:
        _spend_attempt(email, address)
    except TooManyError as error:
        return _form(error.detail, email=email, next_path=target), 429
    session_id = _open(email, request.form.get("password", ""), address)
    if session_id is None:
        _note_failure(address)
        return _form(_WRONG, email=email, next_path=target), 403
    remember(session, session_id)
    g.pop("_login_user", None)
    return redirect(target or url_for("queue.page"), 303)


def _form(error: str | None, *, email: str = "", next_path: str = "") -> str:
    return page("session/sign_in.html", error=error, email=email, next=next_path)


def _spend_attempt(email: str, address: str) -> None:
    store = house().store
    account = store.keyring.tag("throttle", email.strip().lower())[:32]
    store.write(lambda tx: sessions.spend_attempt(tx, account, address))


def _open(email: str, password: str, address: str) -> str | None:
    """Return the id of a new session, or none; unknown addresses cost the same work."""
    store = house().store
    with store.reading() as reading:
        found = identity.credentials(reading, email)
    fine = is_password_of(found, password)
    if found is None or not fine or found.status != "active":
        return None
    session_id, before = secrets.token_urlsafe(32), session.get("_user_id")
    user_id, agent = found.user_id, request.headers.get("User-Agent", "")
    try:
        store.write(lambda tx: _rotate(tx, user_id, session_id, before, address, agent))
    except NotFoundError:
        return None
    return session_id


def _rotate(
    tx: Transaction,
    user_id: str,
    session_id: str,
    before: str | None,
    address: str,
    agent: str,
) -> None:
    if before:
        accounts.sign_out(tx, hash_of(before))
    accounts.sign_in(tx, user_id, hash_of(session_id), address=address, user_agent=agent)


def _note_failure(address: str) -> None:
    store = house().store
    count = desk().failures.count(address, store.now())
    if count:
        store.write(lambda tx: sessions.note_failed(tx, address, count))


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """End this session, its live sockets included."""
    session_hash = hash_of(str(session["_user_id"]))
    house().store.write(lambda tx: accounts.sign_out(tx, session_hash))
    desk().sockets.drop(session_id=session_hash)
    forget()
    return redirect(url_for("session.sign_in"), 303)


def forget() -> None:
    """Empty the cookie."""
    logout_user()
    session.clear()

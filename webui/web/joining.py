"""Opening an invitation: whoever has an account joins with it, whoever has none makes one."""

from flask import Blueprint, request, url_for
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.errors import DeskError, InvalidError, NotFoundError
from webui.approvals.people import invitations, sessions
from webui.approvals.people.passwords import LONGEST, SHORTEST
from webui.approvals.words import ROLE
from webui.sentences import sentence
from webui.store.queries import identity, people
from webui.store.queries.invitations import Opened, account
from webui.store.transaction import Transaction
from webui.web.access import me, refuse_agents
from webui.web.context import desk, house
from webui.web.doors import public
from webui.web.passwords import hashed, is_password_of
from webui.web.people import ROLE_WORDS
from webui.web.render import page as whole_page

blueprint = Blueprint("joining", __name__)
Answer = BaseResponse | str | tuple[str, int]
_PASSWORD = sentence(
    "A password has %(shortest)s to %(longest)s characters.",
    shortest=SHORTEST,
    longest=LONGEST,
)


@blueprint.get("/join/<token>")
@public
def page(token: str) -> Answer:
    """Show what the link is for, and how this person joins."""
    return _show(token, _opened(token))


@blueprint.get("/joined")
@public
def joined() -> str:
    """Say that it is done, to somebody who signs in next."""
    return whole_page("joining/done.html")


def _opened(token: str) -> Opened:
    """Return the invitation; a link that does not work costs the same for every reason."""
    runtime, address = house(), request.remote_addr or "unknown"
    runtime.store.write(lambda tx: invitations.spend_try(tx, address))
    with runtime.store.reading() as session:
        return invitations.look(session, token, runtime.store.now())


def _show(token: str, found: Opened, error: str | None = None) -> str:
    return whole_page(
        "joining/page.html",
        token=token,
        org_name=found.org_name,
        email=found.email,
        role=ROLE.get(found.role, found.role),
        role_words=ROLE_WORDS.get(found.role, ""),
        expires_at=found.expires_at,
        how=_how(found),
        shortest=SHORTEST,
        error=error,
    )


def _how(found: Opened) -> str:
    """Return how this browser joins: as somebody signed in, or else what stands in the way."""
    if current_user.is_authenticated:
        return "join" if me().signed.email == found.email else "somebody_else"
    with house().store.reading() as session:
        known = account(session, found.email)
        if known is None:
            return "new"
        return "sign_in" if people.orgs_of(session, known.user_id, 1) else "password"


@blueprint.post("/join/<token>")
@public
def join(token: str) -> Answer:
    """Join the org of the link."""
    found = _opened(token)
    try:
        if current_user.is_authenticated:
            return _join_signed_in(token)
        with house().store.reading() as session:
            known = account(session, found.email)
        if known is None:
            _join_as_new(token)
        else:
            _join_by_password(token, found)
    except NotFoundError:
        raise
    except DeskError as error:
        return _show(token, found, error.detail), problems.status_of(error)
    return redirect(url_for("joining.joined"), 303)


def _join_signed_in(token: str) -> BaseResponse:
    refuse_agents()
    person = me()
    user_id, session_hash = person.signed.user_id, person.session_hash

    def unit(tx: Transaction) -> None:
        org_id = invitations.accept(tx, token, user_id)
        sessions.switch_org(tx, session_hash, user_id, org_id)

    house().store.write(unit)
    desk().sockets.drop(session_id=session_hash)
    return redirect(url_for("queue.page"), 303)


def _join_as_new(token: str) -> None:
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    if not name:
        raise InvalidError(sentence("Say your name, so that colleagues know who decided."))
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidError(_PASSWORD)
    kept = hashed(password)
    house().store.write(lambda tx: invitations.accept_as_new(tx, token, name, kept))


def _join_by_password(token: str, found: Opened) -> None:
    """Let an account join that cannot sign in, because it is in no org at present."""
    store, address = house().store, request.remote_addr or "unknown"
    tag = store.keyring.tag("throttle", found.email)[:32]
    store.write(lambda tx: sessions.spend_attempt(tx, tag, address))
    with store.reading() as session:
        known = identity.credentials(session, found.email)
    if not is_password_of(known, request.form.get("password", "")) or known is None:
        raise InvalidError(sentence("The password is wrong."))
    user_id = known.user_id
    store.write(lambda tx: invitations.accept(tx, token, user_id) and None)

"""One's own account: where one is signed in, and personal tokens."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.agents import tokens
from webui.approvals.agents.tokens import DAY, TOKEN_DAYS, TOKEN_DAYS_MAX, TOKEN_SCOPES
from webui.approvals.authorization import ALL, VIEW
from webui.approvals.errors import InvalidError, NotAllowedError
from webui.approvals.people import sessions
from webui.languages import NAMES
from webui.preview import visible
from webui.receivers.chat_config import CHAT_KINDS
from webui.sentences import sentence, sentence_in
from webui.store.models import PersonalToken, WebSession
from webui.store.queries import people, providers
from webui.store.queries.chat import has_channels
from webui.store.queries.providers import Link
from webui.store.transaction import Transaction
from webui.web import write_gate
from webui.web.access import may, me
from webui.web.context import desk, house
from webui.web.fresh import require_fresh
from webui.web.linked_chats import linked_chats
from webui.web.once import Secret
from webui.web.render import page as whole_page
from webui.web.session import forget

blueprint = Blueprint("account", __name__, url_prefix="/account")
METHOD_WORDS = {
    "password": sentence("password"),
    "password+totp": sentence("password and app"),
    "password+passkey": sentence("password and passkey"),
    "password+recovery": sentence("password and recovery code"),
    "passkey": sentence("passkey"),
    "oidc": sentence("single sign-on"),
    "oidc+mfa": sentence("single sign-on with several factors"),
    "oidc+totp": sentence("single sign-on and app"),
    "oidc+passkey": sentence("single sign-on and passkey"),
    "oidc+recovery": sentence("single sign-on and recovery code"),
}
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl")
_CALLED = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


@dataclass(frozen=True, slots=True)
class PersonView:
    """Who it is about."""

    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """One browser that is signed in."""

    id: str
    created_at: int
    seen_at: int
    address: str
    agent_words: str
    current: bool
    method: str


@dataclass(frozen=True, slots=True)
class TokenView:
    """One personal token."""

    id: str
    name: str
    prefix: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None
    expires_at: int | None
    over: bool
    scopes: tuple[str, ...]
    for_agent: bool


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A token that was just made."""

    name: str
    secret: str


@blueprint.get("")
def page() -> str:
    """Show the account."""
    return shown()


def shown(error: str | None = None) -> str:
    """Show the account, with what went wrong."""
    signed = me().signed
    made = desk().once.take(me().session_hash, "account")
    return whole_page(
        "account/page.html",
        person=PersonView(
            signed.display_name, signed.email, signed.role or sentence_in("role", "nobody")
        ),
        **_lists(),
        created_token=made and CreatedToken(made.name, made.text),
        tokens_enabled=house().settings.admin_api,
        permissions=[(each, each in TOKEN_SCOPES) for each in _permissions()],
        days=TOKEN_DAYS,
        days_max=TOKEN_DAYS_MAX,
        languages=NAMES.items(),
        own_language=signed.language,
        error=error,
    )


def _permissions() -> list[str]:
    """Return what a token of this person could carry; everybody sees something."""
    return sorted({VIEW} | {each for each in ALL if may(each).allowed})


def _lists() -> dict[str, Any]:
    signed, runtime = me().signed, house()
    now = runtime.store.now()
    with runtime.store.reading() as session:
        opened = people.sessions(
            session,
            signed.user_id,
            signed.epoch,
            seen_after=now - runtime.settings.session_idle * 1000,
            made_after=now - runtime.settings.session_max * 1000,
        )
        tokens = people.tokens(session, signed.org_id, signed.user_id)
        links = providers.links_of(session, signed.user_id, signed.org_id)
        choices = providers.choices_of(session, signed.org_id)
        linked = {link.provider_id for link in links}
        return {
            "links": [_link(link) for link in links],
            "chats": linked_chats(session, signed.org_id, [signed.user_id]),
            "writes": write_gate.waiting(session),
            "has_channels": has_channels(session, signed.org_id, sorted(CHAT_KINDS)),
            "providers": [choice for choice in choices if choice.id not in linked],
            "sessions": [_session(kept) for kept in opened],
            "tokens": [_token(token, now) for token in tokens],
        }


def _link(link: Link) -> Link:
    return link._replace(email=visible(link.email))


def _token(token: PersonalToken, now: int) -> TokenView:
    return TokenView(
        token.id,
        visible(token.label),
        f"csp_{token.id}",
        token.created_at,
        token.used_at,
        token.revoked_at,
        token.expires_at,
        token.expires_at is not None and token.expires_at <= now,
        tuple(token.scopes.split()),
        token.agent_context,
    )


def _session(kept: WebSession) -> SessionView:
    return SessionView(
        kept.id[: sessions.NAME_LENGTH],
        kept.created_at,
        kept.seen_at,
        kept.address,
        browser_words(kept.user_agent),
        kept.id == me().session_hash,
        METHOD_WORDS.get(kept.method, kept.method),
    )


def browser_words(user_agent: str) -> str:
    """Return "Firefox on Linux" for what a browser says of itself; it may say anything."""
    browser = next((b for b in _BROWSERS if re.search(rf"{b}\w*/", user_agent)), None)
    system = next((s for s in _SYSTEMS if s in user_agent), None)
    if browser is None:
        return visible(user_agent[:60]) or sentence("unknown")
    called = _CALLED.get(browser, browser)
    if system is None:
        return called
    system = system.replace(" OS X", "")
    return sentence("%(browser)s on %(system)s", browser=called, system=system)


@blueprint.post("/tokens")
def create_token() -> BaseResponse | tuple[str, int]:
    """Make a token for the reviewers' API; it is shown once."""
    person = require_fresh(url_for("account.page"))
    org_id, user_id, actor = person.org_id, person.signed.user_id, person.name
    try:
        wanted = _Wanted.read(request.form)
        secret = house().store.write(
            lambda tx: wanted.make(tx, org_id, user_id, actor=actor)
        )
    except InvalidError as error:
        return shown(error.detail), 422
    desk().once.keep(person.session_hash, Secret("account", visible(wanted.name), secret))
    return redirect(url_for("account.page"), 303)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The token that somebody asks for."""

    name: str
    scopes: frozenset[str]
    days: int
    for_agent: bool

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> "_Wanted":
        """Read the form.

        Raises:
            InvalidError: the name is missing, or the days are no number.
            NotAllowedError: a permission is asked for that the person has not.

        """
        name, days = form.get("name", "").strip(), form.get("days", str(TOKEN_DAYS)).strip()
        if not name:
            raise InvalidError(sentence("A token needs a name, so that you know it again."))
        if not days.isascii() or not days.isdigit() or len(days) > len(str(TOKEN_DAYS_MAX)):
            raise InvalidError(
                sentence(
                    "A token works for 1 to %(most)s days.",
                    most=TOKEN_DAYS_MAX,
                )
            )
        mine, chosen = frozenset(_permissions()), frozenset(form.getlist("scope"))
        if "choosing" not in form:
            chosen = TOKEN_SCOPES & mine
        if not chosen <= mine:
            missing = ", ".join(sorted(chosen - mine))
            raise NotAllowedError(
                "missing_grant",
                sentence("Missing permission: %(missing)s.", missing=missing),
            )
        return cls(name, chosen, int(days), "agent" in form)

    def make(self, tx: Transaction, org_id: str, user_id: str, *, actor: str) -> str:
        """Make it; return its text."""
        return tokens.create_token(
            tx,
            org_id,
            user_id,
            label=self.name,
            scopes=self.scopes,
            agent_context=self.for_agent,
            expires_at=tx.now + self.days * DAY,
            actor=actor,
        )


@blueprint.post("/sessions/<session_id>/end")
def end_session(session_id: str) -> BaseResponse:
    """End one session of one's own, its live sockets included."""
    user_id, actor = me().signed.user_id, me().name
    ended = house().store.write(
        lambda tx: sessions.end_one(tx, user_id, session_id, actor=actor)
    )
    desk().sockets.drop(session_id=ended)
    return redirect(url_for("account.page"), 303)


@blueprint.post("/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> BaseResponse:
    """Revoke one of one's own tokens."""
    person = me()
    org_id, user_id, actor = person.org_id, person.signed.user_id, person.name
    house().store.write(
        lambda tx: tokens.revoke_token(tx, org_id, user_id, token_id, actor=actor)
    )
    return redirect(url_for("account.page"), 303)


@blueprint.post("/sign-out-everywhere")
def sign_out_everywhere() -> BaseResponse:
    """End every session of this person, this one and its live sockets included."""
    user_id, org_id = me().signed.user_id, me().org_id
    house().store.write(lambda tx: sessions.sign_out_everywhere(tx, user_id, org_id))
    desk().sockets.drop(user_id=user_id)
    forget()
    return redirect(url_for("session.sign_in"), 303)

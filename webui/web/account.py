"""One's own account: where one is signed in, and personal tokens."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals import accounts, agents
from webui.preview import visible
from webui.store.models import WebSession
from webui.store.queries import people
from webui.web import write_gate
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.once import Secret
from webui.web.render import page as whole_page
from webui.web.session import forget

blueprint = Blueprint("account", __name__, url_prefix="/account")
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


@dataclass(frozen=True, slots=True)
class TokenView:
    """One personal token."""

    id: str
    name: str
    prefix: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A token that was just made."""

    name: str
    secret: str


@blueprint.get("")
def page() -> str:
    """Show the account."""
    return _page()


def _page(error: str | None = None) -> str:
    signed = me().signed
    made = desk().once.take(me().session_hash, "account")
    return whole_page(
        "account/page.html",
        person=PersonView(signed.display_name, signed.email, signed.role or "nobody"),
        **_lists(),
        writes=write_gate.waiting(),
        created_token=made and CreatedToken(made.name, made.text),
        tokens_enabled=house().settings.admin_api,
        error=error,
    )


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
    return {
        "sessions": [_session(kept) for kept in opened],
        "tokens": [
            TokenView(
                token.id,
                visible(token.label),
                f"csp_{token.id}",
                token.created_at,
                token.used_at,
                token.revoked_at,
            )
            for token in tokens
        ],
    }


def _session(kept: WebSession) -> SessionView:
    return SessionView(
        kept.id[:12],
        kept.created_at,
        kept.seen_at,
        kept.address,
        browser_words(kept.user_agent),
        kept.id == me().session_hash,
    )


def browser_words(user_agent: str) -> str:
    """Return "Firefox on Linux" for what a browser says of itself; it may say anything."""
    browser = next((b for b in _BROWSERS if re.search(rf"{b}\w*/", user_agent)), None)
    system = next((s for s in _SYSTEMS if s in user_agent), None)
    if browser is None:
        return visible(user_agent[:60]) or "unknown"
    called = _CALLED.get(browser, browser)
    return f"{called} on {system.replace(' OS X', '')}" if system else called


@blueprint.post("/tokens")
def create_token() -> BaseResponse | tuple[str, int]:
    """Make a token for the reviewers' API; it is shown once."""
    name, person = request.form.get("name", "").strip(), me()
    if not name:
        return _page("A token needs a name, so that you know it again."), 422
    org_id, user_id, actor = person.org_id, person.signed.user_id, person.name
    secret = house().store.write(
        lambda tx: agents.create_token(tx, org_id, user_id, label=name, actor=actor)
    )
    desk().once.keep(person.session_hash, Secret("account", visible(name), secret))
    return redirect(url_for("account.page"), 303)


@blueprint.post("/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> BaseResponse:
    """Revoke one of one's own tokens."""
    person = me()
    org_id, user_id, actor = person.org_id, person.signed.user_id, person.name
    house().store.write(
        lambda tx: agents.revoke_token(tx, org_id, user_id, token_id, actor=actor)
    )
    return redirect(url_for("account.page"), 303)


@blueprint.post("/sign-out-everywhere")
def sign_out_everywhere() -> BaseResponse:
    """End every session of this person, this one and its live sockets included."""
    user_id, org_id = me().signed.user_id, me().org_id
    house().store.write(lambda tx: accounts.sign_out_everywhere(tx, user_id, org_id))
    desk().sockets.drop(user_id=user_id)
    forget()
    return redirect(url_for("session.sign_in"), 303)

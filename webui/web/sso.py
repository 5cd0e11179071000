"""Signing in by an org's provider: choosing it, leaving for it, and coming back."""

import secrets

from flask import Blueprint, redirect, request, url_for
from flask_login import current_user

from webui.approvals.errors import NotFoundError, TooManyError
from webui.oidc import answering, entering, under_way
from webui.oidc.answering import Said
from webui.oidc.entering import SWITCHED_OFF, Outcome
from webui.oidc.providers import Registered
from webui.oidc.under_way import OVER, Back
from webui.oidc.wire import ProviderError
from webui.sentences import joined, sentence
from webui.store.queries import providers as queries
from webui.store.queries.providers import Choice
from webui.web import ceremony
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.doors import public
from webui.web.leaving import callback, leave, to_our_address
from webui.web.linking import ended_link, ended_proof
from webui.web.render import page as whole_page
from webui.web.session import Answer, keep_for_second_step, let_in
from webui.web.targets import local_path

blueprint = Blueprint("sso", __name__, url_prefix="/sign-in/sso")
NOTHING_HERE = sentence(
    "No single sign-on is set up under this name. It is the short name of your organization, "
    "as in its sign-in link."
)
UNAVAILABLE = sentence("Single sign-on does not work at the moment.")


@blueprint.get("")
@public
def page() -> Answer:
    """Let somebody choose an org, then one of its providers."""
    slug = request.args.get("org", "")[:100]
    target, again = local_path(request.args.get("next")), "again" in request.args
    found: list[Choice] = []
    if slug:
        with house().store.reading() as reading:
            found = queries.choices(reading, slug)
    error = NOTHING_HERE if slug and not found else None
    shown = _page(error, slug=slug, target=target, choices=found, again=again)
    return (shown, 404) if error else shown


def _page(
    error: str | None,
    *,
    slug: str = "",
    target: str = "",
    choices: list[Choice] | None = None,
    again: bool = False,
) -> str:
    return whole_page(
        "session/sso.html",
        error=error,
        org=slug,
        next=target,
        choices=choices or [],
        again=again,
    )


@blueprint.get("/<org_slug>/<provider_id>")
@public
def start(org_slug: str, provider_id: str) -> Answer:
    """Leave for the provider."""
    elsewhere = to_our_address()
    if elsewhere is not None:
        return elsewhere
    with house().store.reading() as reading:
        known = {choice.id for choice in queries.choices(reading, org_slug)}
    if provider_id not in known:
        raise NotFoundError("provider")
    target, again = local_path(request.args.get("next")), "again" in request.args
    try:
        return leave("sign_in", provider_id, target, user_id=None, anew=again)
    except TooManyError as error:
        return _page(error.detail, slug=org_slug, target=target), 429
    except ProviderError as error:
        words = joined(" ", (UNAVAILABLE, error.why))
        return _page(words, slug=org_slug, target=target), 503


@blueprint.get("/callback")
@public
def back() -> Answer:
    """Take a provider's answer."""
    cookie_has, state = ceremony.current("sso"), request.args.get("state", "")[:200]
    found = house().store.write(lambda tx: under_way.take(tx, cookie_has, state))
    if found is None or not _is_same_person(found):
        return _page(OVER), 403
    try:
        said = answering.read(
            desk().directory,
            found.provider,
            found.asked,
            request.args,
            callback(),
            house().store.now(),
        )
    except ProviderError as error:
        return _not_said(found.provider, error)
    if found.asked.aim == "link":
        return ended_link(found, said)
    if found.asked.aim == "confirm":
        return ended_proof(found, said)
    return _ended_sign_in(found, said)


def _is_same_person(found: Back) -> bool:
    """Say whether who began is who is here; a sign-in is anybody's."""
    if found.asked.aim == "sign_in":
        return True
    return current_user.is_authenticated and me().signed.user_id == found.user_id


def _not_said(provider: Registered, error: ProviderError) -> Answer:
    address = ceremony.address()
    if provider.status != queries.ACTIVE:
        return _page(SWITCHED_OFF), 403
    house().store.write(
        lambda tx: entering.note_refused(tx, provider, address, error.cause)
    )
    return _page(error.why), 503 if error.cause == "unreachable" else 403


def _ended_sign_in(found: Back, said: Said) -> Answer:
    session_id = secrets.token_urlsafe(32)
    door = ceremony.door(session_id)
    try:
        outcome: Outcome = house().store.write(
            lambda tx: entering.sign_in(tx, found.provider, said, door)
        )
    except TooManyError as error:
        return _page(error.detail), 429
    if outcome.refusal is not None:
        return _page(outcome.refusal), 403
    if outcome.second_step:
        keep_for_second_step(outcome.second_step)
        return redirect(url_for("second.page", next=found.asked.next or None), 303)
    return let_in(session_id, found.asked.next)

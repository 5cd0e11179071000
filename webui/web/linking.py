"""A signed-in person and their provider: linking, unlinking, and proving it anew there."""

import secrets

from flask import Blueprint, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import ConflictError, NotFoundError
from webui.factors.confirming import Here
from webui.oidc import entering
from webui.oidc.answering import Said
from webui.oidc.under_way import Back
from webui.oidc.unlinking import unlink as unlink_identity
from webui.oidc.wire import ProviderError
from webui.problems import status_of
from webui.store.queries import providers as queries
from webui.web import account, ceremony
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.doors import open_while_held_up
from webui.web.fresh import require_fresh
from webui.web.leaving import address_of, leave, to_our_address
from webui.web.render import page as whole_page
from webui.web.session import Answer, keep_for_second_step
from webui.web.sessions import hash_of
from webui.web.targets import local_path

blueprint = Blueprint("linking", __name__, url_prefix="/account")


@blueprint.post("/providers/<provider_id>/link")
def link(provider_id: str) -> Answer:
    """Begin to link, with one more step: a form may not lead off this site by itself."""
    name = _name_of(provider_id)
    user_id = require_fresh(url_for("account.page")).signed.user_id
    try:
        address = address_of("link", provider_id, "", user_id=user_id, anew=False)
    except ProviderError as error:
        return account.shown(error.why), 503
    return whole_page("session/leave.html", name=name, address=address)


@blueprint.post("/providers/<provider_id>/unlink")
def unlink(provider_id: str) -> Answer:
    """Forget an identity of one's own."""
    _name_of(provider_id)
    person = require_fresh(url_for("account.page"))
    org_id, user_id = person.org_id, person.signed.user_id
    subject = request.form.get("subject", "")
    try:
        house().store.write(
            lambda tx: unlink_identity(tx, org_id, user_id, provider_id, subject)
        )
    except ConflictError as error:
        return account.shown(error.detail), status_of(error)
    return redirect(url_for("account.page"), 303)


@blueprint.get("/confirm/<provider_id>")
@open_while_held_up
def confirm(provider_id: str) -> Answer:
    """Leave for the provider to prove it there once more."""
    elsewhere = to_our_address()
    if elsewhere is not None:
        return elsewhere
    _name_of(provider_id)
    target, user_id = local_path(request.args.get("next")), me().signed.user_id
    try:
        return leave("confirm", provider_id, target, user_id=user_id, anew=True)
    except ProviderError as error:
        return account.shown(error.why), 503


def _name_of(provider_id: str) -> str:
    """Return the name of a provider of the person's org, switched on or off."""
    with house().store.reading() as reading:
        found = queries.of_org(reading, me().org_id)
    name = next((each.name for each in found if each.id == provider_id), None)
    if name is None:
        raise NotFoundError("provider")
    return name


def ended_link(found: Back, said: Said) -> Answer:
    """Link the identity that came back."""
    here = _here("")
    outcome = house().store.write(lambda tx: entering.link(tx, found.provider, said, here))
    if outcome.refusal is not None:
        return account.shown(outcome.refusal), 403
    return redirect(url_for("account.page"), 303)


def ended_proof(found: Back, said: Said) -> Answer:
    """Renew the session, or go on with a second step of ours."""
    session_id = secrets.token_urlsafe(32)
    here = _here(hash_of(session_id))
    outcome = house().store.write(
        lambda tx: entering.confirm(tx, found.provider, said, here, found.began_at)
    )
    if outcome.refusal is not None:
        return account.shown(outcome.refusal), 403
    if outcome.second_step:
        desk().sockets.drop(session_id=here.session_hash)
        keep_for_second_step(outcome.second_step)
        return redirect(url_for("second.page", next=found.asked.next or None), 303)
    desk().sockets.rename(here.session_hash, here.new_hash)
    session["_user_id"] = session_id
    g.pop("_login_user", None)
    return _to(found.asked.next)


def _here(new_hash: str) -> Here:
    person = me()
    return Here(
        person.org_id,
        person.signed.user_id,
        person.session_hash,
        new_hash,
        ceremony.address(),
    )


def _to(target: str) -> BaseResponse:
    return redirect(target or url_for("account.page"), 303)

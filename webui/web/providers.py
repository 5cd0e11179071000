"""The providers that an org signs in with, for whoever manages its people."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import MEMBERS, ROLES
from webui.approvals.errors import (
    ConflictError,
    DeskError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.people.standing import By
from webui.channels.addresses import AllowList
from webui.oidc import providers as verbs
from webui.oidc.providers import GROUPS_CLAIM, SCOPES, Wanted
from webui.oidc.roles import roles_from
from webui.preview import visible
from webui.problems import status_of
from webui.sentences import sentence
from webui.store.models import IdentityProvider, Org
from webui.store.queries.providers import ACTIVE, of_org, roles_of
from webui.web.access import me, require
from webui.web.context import desk, house
from webui.web.fresh import require_fresh
from webui.web.leaving import callback
from webui.web.once import Secret
from webui.web.person import Person
from webui.web.render import page as whole_page

blueprint = Blueprint("providers", __name__, url_prefix="/settings/providers")
Answer = BaseResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class View:
    """One provider; its secret is not among this."""

    id: str
    name: str
    issuer: str
    client_id: str
    scopes: str
    groups_claim: str
    roles: str
    """A line for each group."""
    on: bool
    sign_in: str


@blueprint.get("")
def page() -> str:
    """Show them all."""
    return _page()


def _page(error: str | None = None) -> str:
    org_id = require(MEMBERS).org_id
    told = desk().once.take(me().session_hash, "providers")
    with house().store.reading() as session:
        slug = session.get_one(Org, org_id).slug
        views = [_view(session, row, slug) for row in of_org(session, org_id)]
    return whole_page(
        "providers/page.html",
        providers=views,
        callback=callback(),
        choose=f"{house().public_url}{url_for('sso.page', org=slug)}",
        scopes=SCOPES,
        groups_claim=GROUPS_CLAIM,
        roles=tuple(ROLES),
        typed=request.form,
        error=error,
        told=told and told.text,
    )


def _view(session: Session, row: IdentityProvider, slug: str) -> View:
    roles = roles_of(session, row.id)
    path = url_for("sso.start", org_slug=slug, provider_id=row.id)
    return View(
        row.id,
        visible(row.name),
        visible(row.issuer),
        visible(row.client_id),
        row.scopes,
        row.groups_claim,
        "\n".join(f"{group} = {role}" for group, role in roles.items()),
        row.status == ACTIVE,
        f"{house().public_url}{path}",
    )


@blueprint.post("")
def add() -> Answer:
    """Make a provider."""
    person = _manager()
    org_id, by = person.org_id, By(person.signed.user_id)
    allowed = AllowList.of(house().settings.sso_allow)
    try:
        wanted = _wanted(request.form.get("issuer", ""))
        house().store.write(lambda tx: verbs.add(tx, org_id, by, wanted, allowed))
    except (InvalidError, ConflictError, NotAllowedError) as error:
        return _refused(error)
    return _told(
        sentence("The provider is made. Try it in another browser before you rely on it.")
    )


@blueprint.post("/<provider_id>")
def change(provider_id: str) -> Answer:
    """Change a provider."""
    person = _manager()
    org_id, by = person.org_id, By(person.signed.user_id)
    try:
        wanted = _wanted(_issuer(org_id, provider_id))
        house().store.write(lambda tx: verbs.change(tx, org_id, by, provider_id, wanted))
    except (InvalidError, ConflictError, NotAllowedError) as error:
        return _refused(error)
    return _told(sentence("Saved; it holds from the next sign-in on."))


@blueprint.post("/<provider_id>/off")
def switch_off(provider_id: str) -> Answer:
    """Switch a provider off."""
    return _switch(provider_id, on=False)


@blueprint.post("/<provider_id>/on")
def switch_on(provider_id: str) -> Answer:
    """Switch a provider on."""
    return _switch(provider_id, on=True)


def _switch(provider_id: str, *, on: bool) -> Answer:
    person = _manager()
    org_id, by = person.org_id, By(person.signed.user_id)
    house().store.write(lambda tx: verbs.switch(tx, org_id, by, provider_id, on=on))
    words = (
        sentence("Switched on.")
        if on
        else sentence("Switched off; whoever signed in by it has to again.")
    )
    return _told(words)


def _manager() -> Person:
    person = require(MEMBERS)
    require_fresh(url_for("providers.page"))
    return person


def _issuer(org_id: str, provider_id: str) -> str:
    with house().store.reading() as session:
        row = session.get(IdentityProvider, provider_id)
    if row is None or row.org_id != org_id:
        raise NotFoundError("provider")
    return row.issuer


def _wanted(issuer: str) -> Wanted:
    form = request.form
    return Wanted(
        name=form.get("name", ""),
        issuer=issuer,
        client_id=form.get("client_id", ""),
        secret=form.get("client_secret", ""),
        scopes=form.get("scopes", SCOPES),
        groups_claim=form.get("groups_claim", GROUPS_CLAIM),
        roles=roles_from(form.get("roles", "")),
    )


def _refused(error: DeskError) -> Answer:
    return _page(error.detail), status_of(error)


def _told(words: str) -> BaseResponse:
    desk().once.keep(me().session_hash, Secret("providers", "", words))
    return redirect(url_for("providers.page"), 303)

"""One's own notifications: where one is told that something waits, of what, and when."""

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import InvalidError, TooManyError
from webui.channels.services import SERVICES
from webui.notices import destinations
from webui.notices.asked import check_offered
from webui.notices.destinations import (
    ACTIVE,
    BROWSER,
    MAIL,
    PAUSED,
    REMOVED,
    SERVICE,
    Owner,
)
from webui.notices.trying import try_place
from webui.notices.wishes import ABOUT, EVERY, REMIND
from webui.problems import status_of
from webui.sentences import sentence
from webui.store.models import User
from webui.store.queries.notices import places_of
from webui.store.transaction import Transaction
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.fresh import require_fresh
from webui.web.once import Secret
from webui.web.render import page as whole_page
from webui.web.wishes import read_wish, typed_view, view_of

blueprint = Blueprint("notifications", __name__, url_prefix="/account/notifications")
Answer = BaseResponse | tuple[str, int]


@blueprint.get("")
def page() -> str:
    """Show where one is told, and what."""
    return _page()


def _page(
    error: str | None = None,
    url: str = "",
    typed: tuple[str, MultiDict[str, str]] | None = None,
) -> str:
    signed, settings, now = me().signed, house().settings, house().store.now()
    with house().store.reading() as session:
        places = places_of(session, signed.org_id, signed.user_id)
        zone = session.get_one(User, signed.user_id).time_zone
    told = desk().once.take(me().session_hash, "notifications")
    kinds = {place.kind for place in places}
    return whole_page(
        "notifications/page.html",
        places=[
            typed_view(view, typed[1]) if typed and typed[0] == view.id else view
            for view in (view_of(place, signed.email, now) for place in places)
        ],
        zone=zone,
        zones=zones(),
        email=signed.email,
        offers_mail=settings.notify_mail is not None and MAIL not in kinds,
        has_mail=settings.notify_mail is not None,
        offers_browser=BROWSER not in kinds,
        services=[
            (SERVICES[schema].label, SERVICES[schema].example)
            for schema in settings.notify_services
        ],
        about=ABOUT,
        every=EVERY,
        remind=REMIND,
        error=error,
        url=url,
        told=told and told.text,
    )


@cache
def zones() -> tuple[str, ...]:
    """Return the time zones that a form offers: places, and UTC."""
    named = (name for name in available_timezones() if "/" in name)
    kept = (name for name in named if not name.startswith(("Etc/", "SystemV/", "US/")))
    return ("UTC", *sorted(kept))


@blueprint.post("")
def add() -> Answer:
    """Add a place."""
    kind, url = request.form.get("kind", ""), request.form.get("url", "").strip()
    settings = house().settings
    person = require_fresh(url_for("notifications.page")) if kind == SERVICE else me()
    owner = Owner(person.org_id, person.signed.user_id)
    try:
        check_offered(kind, settings)
        house().store.write(
            lambda tx: destinations.add(
                tx, owner, kind, url=url, offered=settings.notify_services
            )
        )
    except InvalidError as error:
        return _page(error.detail, url), 422
    return _back(sentence("Added. Set below what you want to hear there."))


@blueprint.post("/zone")
def set_zone() -> Answer:
    """Set the clock by which one's hours are told."""
    name = request.form.get("zone", "").strip()
    try:
        _write(lambda tx, owner: destinations.set_zone(tx, owner, name))
    except InvalidError as error:
        return _page(error.detail), 422
    return _back(
        sentence("Your hours are told by the clock of %(zone)s from now on.", zone=name)
    )


@blueprint.post("/<destination_id>")
def change(destination_id: str) -> Answer:
    """Set what one wants to hear at a place."""
    form = request.form

    def unit(tx: Transaction, owner: Owner) -> None:
        destinations.load(
            tx, owner, destination_id
        )  # another's is unknown, whatever is sent
        wish = read_wish(form)
        destinations.change(tx, owner, destination_id, wish, sound="sound" in form)

    try:
        _write(unit)
    except InvalidError as error:
        return _page(error.detail, typed=(destination_id, form)), 422
    return _back(sentence("Saved; it holds from now on, and for what waits to be told."))


@blueprint.post("/<destination_id>/try")
def try_it(destination_id: str) -> Answer:
    """Send a message to a place at once, and say what came of it."""
    owner, runtime = Owner(me().org_id, me().signed.user_id), house()
    try:
        why = try_place(
            runtime.store, runtime.settings, owner, destination_id, runtime.public_url
        )
    except (InvalidError, TooManyError) as error:
        return _page(error.detail), status_of(error)
    if why is not None:
        return _page(sentence("The message did not arrive. %(why)s", why=why)), 200
    return _back(sentence("The message was taken. Look whether you have it."))


@blueprint.post("/<destination_id>/pause")
def pause(destination_id: str) -> Answer:
    """Hear nothing there until it is resumed."""
    _write(lambda tx, owner: destinations.switch(tx, owner, destination_id, PAUSED))
    return _back(sentence("Paused: you are told nothing there."))


@blueprint.post("/<destination_id>/resume")
def resume(destination_id: str) -> Answer:
    """Hear again."""
    _write(lambda tx, owner: destinations.switch(tx, owner, destination_id, ACTIVE))
    return _back(sentence("You are told there again."))


@blueprint.post("/<destination_id>/remove")
def remove(destination_id: str) -> Answer:
    """Forget a place."""
    _write(lambda tx, owner: destinations.switch(tx, owner, destination_id, REMOVED))
    return _back(sentence("Removed."))


def _write(verb: Callable[[Transaction, Owner], Any]) -> Any:
    owner = Owner(me().org_id, me().signed.user_id)
    return house().store.write(lambda tx: verb(tx, owner))


def _back(words: str) -> BaseResponse:
    desk().once.keep(me().session_hash, Secret("notifications", "", words))
    return redirect(url_for("notifications.page"), 303)

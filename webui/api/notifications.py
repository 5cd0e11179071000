"""The reviewers' API on one's own notifications: where one is told, of what, and when."""

from typing import Any

from flask import Response

from webui.api.answers import answer_json
from webui.api.keys import person, runtime, standing
from webui.api.notification_schemas import PlaceBody, WishBody, ZoneBody
from webui.api.operations import operation
from webui.api.people import check_carries
from webui.api.reading import read_body
from webui.approvals.authorization import VIEW
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.notices import destinations
from webui.notices.asked import changed, check_offered, document_of
from webui.notices.destinations import ACTIVE, PAUSED, REMOVED, SERVICE, Owner, wish_of
from webui.notices.trying import try_place
from webui.store.models import Destination, User
from webui.store.queries.identity import TokenHolder
from webui.store.queries.notices import places_of
from webui.store.transaction import Transaction

_ALL = "/api/v1/review/notifications"
_ONE = f"{_ALL}/<destination_id>"
_SERVICE = (
    "A service is added by who proved who they are within the last 15 minutes, which a token "
    "cannot: on the page Account, Notifications, or on the desk's machine."
)


@operation(
    "GET",
    _ALL,
    "The places where I am told, with my wishes for each; services' URLs are never shown",
    reviewer=True,
    answers={200: "PlaceList"},
)
def list_places() -> Response:
    """Return one's own places and one's clock."""
    owner = _owner(person())
    settings = runtime().settings
    with runtime().store.reading() as session:
        places = places_of(session, owner.org_id, owner.user_id)
        zone = session.get_one(User, owner.user_id).time_zone
    now = runtime().store.now()
    return answer_json(
        {
            "items": [document_of(place, now) for place in places],
            "zone": zone,
            "mail": settings.notify_mail is not None,
            "services": list(settings.notify_services),
        }
    )


@operation(
    "POST",
    _ALL,
    "Be told at one more place: the own address or the browser; both are there once",
    body=PlaceBody,
    reviewer=True,
    answers={201: "Place"},
)
def add_place() -> Response:
    """Add a place; a repeat for mail or the browser gives the one that is there.

    A service is somewhere else, and would go on hearing of calls once the token has ended. The page
    asks for a proof of the last minutes before it adds one, so a token is not a way around that.
    """
    owner = _changing(person())
    body = read_body(PlaceBody)
    if body.kind == SERVICE:
        raise NotAllowedError("confirm_first", _SERVICE)
    check_offered(body.kind, runtime().settings)
    made = runtime().store.write(lambda tx: destinations.add(tx, owner, body.kind))
    return answer_json(_shown(made), 201)


@operation(
    "POST",
    _ONE,
    "Set what I want to hear at a place; what is left out stays as it is",
    body=WishBody,
    reviewer=True,
    answers={200: "Place"},
)
def change_place(destination_id: str) -> Response:
    """Change the wishes for a place."""
    owner = _mine(destination_id)
    asked = read_body(WishBody).model_dump(exclude_unset=True)
    sound: bool | None = asked.pop("sound", None)

    def unit(tx: Transaction) -> None:
        found = destinations.load(tx, owner, destination_id)
        wish = wish_of(found, tx.session.get_one(User, owner.user_id).time_zone)
        heard = found.sound if sound is None else sound
        destinations.change(tx, owner, destination_id, changed(wish, asked), sound=heard)

    runtime().store.write(unit)
    return answer_json(_shown(destination_id))


@operation(
    "POST",
    f"{_ONE}/test",
    "Send a message to a place at once, and say whether it was taken",
    reviewer=True,
    answers={200: "Tried"},
)
def send_trial(destination_id: str) -> Response:
    """Try a place."""
    owner, house = _mine(destination_id), runtime()
    why = try_place(house.store, house.settings, owner, destination_id, house.public_url)
    return answer_json({"taken": why is None, "why": why})


def _switching(name: str, status: str, summary: str) -> None:
    def act(destination_id: str) -> Response:
        owner = _mine(destination_id)
        runtime().store.write(
            lambda tx: destinations.switch(tx, owner, destination_id, status)
        )
        return answer_json(_shown(destination_id))

    act.__name__ = f"{name}_place"
    act.__doc__ = f"{summary}."
    entered = operation(
        "POST", f"{_ONE}/{name}", summary, reviewer=True, answers={200: "Place"}
    )
    entered(act)


_switching("pause", PAUSED, "Be told nothing at a place until it is resumed")
_switching("resume", ACTIVE, "Be told at a place again")
_switching("remove", REMOVED, "Forget a place")


@operation(
    "POST",
    f"{_ALL}/zone",
    "Set the clock by which my hours are told",
    body=ZoneBody,
    reviewer=True,
    answers={200: "Zone"},
)
def set_zone() -> Response:
    """Set one's time zone."""
    owner = _changing(person())
    zone = read_body(ZoneBody).zone
    runtime().store.write(lambda tx: destinations.set_zone(tx, owner, zone))
    return answer_json({"zone": zone})


def _owner(holder: TokenHolder) -> Owner:
    """Return whose places a token may list: those of an active member.

    Raises:
        NotAllowedError: the token does not carry seeing, or its person is no member any more.

    """
    check_carries(holder, verb=VIEW)
    if standing(holder).membership != "active":
        raise NotAllowedError(
            "missing_membership", "You are not an active member of this organization."
        )
    return Owner(holder.person.org_id, holder.person.user_id)


def _changing(holder: TokenHolder) -> Owner:
    """Return whose places a token may change: never one that was made for an agent."""
    owner = _owner(holder)
    if holder.agent_context:
        raise NotAllowedError(
            "agent_context",
            "A token for an agent reads; where a person is told is changed by the person.",
        )
    return owner


def _mine(destination_id: str) -> Owner:
    """Return whose place it is, as `_changing` does; another's is unknown to everybody else."""
    holder = person()
    with runtime().store.reading() as session:
        places = places_of(session, holder.person.org_id, holder.person.user_id)
    if not holder.carries(VIEW) or destination_id not in {place.id for place in places}:
        raise NotFoundError("place")
    return _changing(holder)


def _shown(destination_id: str) -> dict[str, Any]:
    now = runtime().store.now()
    with runtime().store.reading() as session:
        return document_of(session.get_one(Destination, destination_id), now)

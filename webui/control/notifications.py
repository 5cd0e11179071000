"""Verbs on where a person is told, and of what; the record says who ran the command."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from webui.approvals.errors import InvalidError, NotFoundError
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.notices import destinations
from webui.notices.asked import changed, check_offered, document_of
from webui.notices.destinations import ACTIVE, PAUSED, REMOVED, Owner, wish_of
from webui.notices.trying import try_place
from webui.store.models import Destination, Membership, User
from webui.store.queries.notices import places_of
from webui.store.transaction import Transaction


@verb("notifications.list")
def list_places(office: Office, *, email: str, org: str | None = None) -> list[Plain]:
    """Return the places where a person is told; never a service's URL."""
    owner = _owner(office, email, org)
    with office.store.reading() as session:
        places = places_of(session, owner.org_id, owner.user_id)
    return [document_of(place, office.store.now()) for place in places]


@verb("notifications.add")
def add_place(
    office: Office, *, email: str, kind: str, url: str = "", org: str | None = None
) -> Plain:
    """Have a person told at one more place."""
    owner, settings = _owner(office, email, org), office.settings
    check_offered(kind, settings)
    made = office.store.write(
        lambda tx: destinations.add(
            tx, owner, kind, url=url, offered=settings.notify_services
        )
    )
    return _shown(office, made)


@verb("notifications.change")
def change_place(
    office: Office,
    *,
    email: str,
    place: str,
    wishes: Plain,
    sound: bool | None = None,
    org: str | None = None,
) -> Plain:
    """Set what a person wants to hear at a place; what is left out stays as it is."""
    owner = _owner(office, email, org)

    def unit(tx: Transaction) -> None:
        found = destinations.load(tx, owner, place)
        wish = wish_of(found, tx.session.get_one(User, owner.user_id).time_zone)
        heard = found.sound if sound is None else sound
        destinations.change(tx, owner, place, changed(wish, wishes), sound=heard)

    office.store.write(unit)
    return _shown(office, place)


@verb("notifications.test")
def send_trial(office: Office, *, email: str, place: str, org: str | None = None) -> Plain:
    """Send a message to a place at once, and say whether it was taken."""
    owner = _owner(office, email, org)
    why = try_place(office.store, office.settings, owner, place, office.public_url)
    if why is not None:
        raise InvalidError(f"The message did not arrive. {why}")
    return {"id": place, "taken": True}


@verb("notifications.zone")
def set_zone(office: Office, *, email: str, zone: str, org: str | None = None) -> Plain:
    """Set the clock by which a person's hours are told."""
    owner = _owner(office, email, org)
    office.store.write(lambda tx: destinations.set_zone(tx, owner, zone))
    return {"email": email, "zone": zone}


def _switching(name: str, status: str) -> Callable[..., Plain]:
    @verb(f"notifications.{name}")
    def act(office: Office, *, email: str, place: str, org: str | None = None) -> Plain:
        owner = _owner(office, email, org)
        office.store.write(lambda tx: destinations.switch(tx, owner, place, status))
        return _shown(office, place)

    return act


_switching("pause", PAUSED)
_switching("resume", ACTIVE)
_switching("remove", REMOVED)


def _owner(office: Office, email: str, org: str | None) -> Owner:
    """Return an active member of an org by their address; changes are ours in the record.

    Raises:
        NotFoundError: there is none.

    """
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = session.scalar(
            select(User.id)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.org_id == org_id,
                Membership.status == "active",
                User.status == "active",
                User.email == email.strip().lower(),
            )
        )
    if found is None:
        raise NotFoundError("active member")
    return Owner(org_id, found, LOCAL)


def _shown(office: Office, place: str) -> dict[str, Any]:
    with office.store.reading() as session:
        return document_of(session.get_one(Destination, place), office.store.now())

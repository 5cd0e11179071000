"""Where a person is told: added, changed and removed by that person, or on the desk's machine."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import available_timezones

from sqlalchemy import func, select, update

from webui.approvals.errors import Fault, InvalidError, NotFoundError
from webui.approvals.states import Risk
from webui.channels.addresses import Undeliverable
from webui.channels.services import check_service_url, masked
from webui.notices import wishes
from webui.notices.wishes import Wish
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.keyring import Keyring
from webui.store.models import Approval, Destination, Notice, Org, User, table_of
from webui.store.transaction import Transaction

ACTIVE, PAUSED, REMOVED = "active", "paused", "removed"
MAIL, SERVICE, BROWSER = "mail", "service", "browser"
ALARM: Final = "alarm"
"""The account's address of whoever runs the org, for alarms alone: there without being added."""
BY_MAIL: Final = frozenset({MAIL, ALARM})
MOST: Final = 10
_NAMES: Final = {MAIL: sentence("E-mail"), BROWSER: sentence("This desk's pages")}
_notices = table_of(Notice)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose destinations they are."""

    org_id: str
    user_id: str
    by: str = ""
    """Who changes them, if not that person: the command line on the desk's own machine."""

    @property
    def actor(self) -> str:
        """Return the name in the log."""
        return self.by or f"user:{self.user_id}"


def add(
    tx: Transaction,
    owner: Owner,
    kind: str,
    *,
    url: str = "",
    offered: Collection[str] = (),
) -> str:
    """Add a place; return its id. The own address and the browser are there once.

    Raises:
        InvalidError: the URL cannot be used, or there are too many places already.

    """
    standing = (
        Destination.org_id == owner.org_id,
        Destination.user_id == owner.user_id,
        Destination.status != REMOVED,
        Destination.kind != ALARM,
    )
    if kind != SERVICE:
        known = select(Destination.id).where(*standing, Destination.kind == kind)
        if found := tx.session.scalar(known):
            return found
    if (
        tx.session.scalar(select(func.count(Destination.id)).where(*standing)) or 0
    ) >= MOST:
        raise InvalidError(
            sentence(
                "You are told at %(most)s places; remove one of them first.", most=MOST
            )
        )
    made = Destination(
        id=new_id("dst", tx.now),
        org_id=owner.org_id,
        user_id=owner.user_id,
        kind=kind,
        name=_service_name(url, offered) if kind == SERVICE else _NAMES[kind],
        created_at=tx.now,
    )
    if kind == SERVICE:
        key = tx.session.scalars(select(Org.data_key).where(Org.id == owner.org_id)).one()
        made.sealed = tx.keyring.seal(key, owner.org_id, _about(made), url.encode())
    tx.session.add(made)
    tx.session.flush()
    note = {"kind": kind, "name": made.name, "user": owner.user_id}
    tx.record(owner.org_id, owner.actor, "destination.created", _subject(made), note)
    return made.id


def alarm_place(tx: Transaction, org_id: str, user_id: str) -> str:
    """Return the id of the place where alarms reach a person who runs the org, made if need be."""
    mine = (Destination.org_id == org_id) & (Destination.user_id == user_id)
    known = select(Destination.id).where(mine, Destination.kind == ALARM).limit(1)
    if found := tx.session.scalar(known):
        return found
    made = Destination(
        id=new_id("dst", tx.now),
        org_id=org_id,
        user_id=user_id,
        kind=ALARM,
        name=_NAMES[MAIL],
        about="alerts",
        created_at=tx.now,
    )
    tx.session.add(made)
    tx.session.flush()
    return made.id


def change(
    tx: Transaction, owner: Owner, destination_id: str, wish: Wish, *, sound: bool = False
) -> None:
    """Give a place other wishes; what still waits for it follows them.

    Raises:
        NotFoundError: it is not this person's.

    """
    found = load(tx, owner, destination_id)
    found.about, found.risk_from = wish.about, str(wish.risk_from)
    found.tools = " ".join(wish.tools)
    found.every, found.hours = wish.every, " ".join(map(str, wish.hours))
    found.quiet_from, found.quiet_to = wish.quiet or (None, None)
    found.critical_at_once = wish.critical_at_once
    found.remind_before, found.sound = wish.remind_before, sound
    tx.session.flush()
    _plan_anew(tx, found)
    _record(tx, owner, found, {"wishes": "changed"})


def switch(tx: Transaction, owner: Owner, destination_id: str, status: str) -> None:
    """Tell nothing there any more, or again. Asking twice is fine.

    Raises:
        NotFoundError: it is not this person's.

    """
    found = load(tx, owner, destination_id)
    if found.status == status:
        return
    found.status, found.failures, found.open_until = status, 0, None
    if status == REMOVED:
        found.sealed = None
    tx.session.flush()
    if status != ACTIVE:
        removed, paused = (
            sentence("This place was removed."),
            sentence("This place was paused."),
        )
        waiting = (_notices.c.destination_id == found.id) & (_notices.c.status == "waiting")
        _drop(tx, waiting, removed if status == REMOVED else paused)
    _record(tx, owner, found, {"status": status})


def set_zone(tx: Transaction, owner: Owner, name: str) -> None:
    """Set the clock by which a person's hours are told.

    Raises:
        InvalidError: there is no such time zone.

    """
    # `localtime` and its like are the server's, and nobody's place
    if name not in available_timezones() or ("/" not in name and name != "UTC"):
        raise InvalidError(
            sentence("There is no such time zone; write it like Europe/Berlin."),
            [Fault("/zone", "must be a name like Europe/Berlin")],
        )
    user = tx.session.get_one(User, owner.user_id)
    if user.time_zone == name:
        return
    user.time_zone = name
    tx.session.flush()
    for each in tx.session.scalars(
        select(Destination).where(
            Destination.user_id == owner.user_id, Destination.status == ACTIVE
        )
    ).all():
        _plan_anew(tx, each)
    note = {"time_zone": name}
    name = f"user:{owner.user_id}"
    tx.record(owner.org_id, owner.actor, "user.changed", name, note)


def load(tx: Transaction, owner: Owner, destination_id: str) -> Destination:
    """Return a person's own place, locked.

    Raises:
        NotFoundError: it is another's, or nowhere.

    """
    found = tx.session.get(Destination, destination_id, with_for_update=True)
    if (
        found is None
        or (found.org_id, found.user_id) != (owner.org_id, owner.user_id)
        or found.status == REMOVED
        or found.kind == ALARM
    ):
        raise NotFoundError("place")
    return found


def wish_of(destination: Destination, zone: str) -> Wish:
    """Return what a person wants at a place."""
    quiet = None
    if destination.quiet_from is not None and destination.quiet_to is not None:
        quiet = (destination.quiet_from, destination.quiet_to)
    return Wish(
        destination.about,
        Risk(destination.risk_from),
        tuple(destination.tools.split()),
        destination.every,
        tuple(int(hour) for hour in destination.hours.split()),
        quiet,
        destination.critical_at_once,
        destination.remind_before,
        wishes.zone_of(zone),
    )


def url_of(keyring: Keyring, data_key: bytes, destination: Destination) -> str:
    """Return a service's URL."""
    sealed = destination.sealed or b""
    return keyring.open(data_key, destination.org_id, _about(destination), sealed).decode()


def _service_name(url: str, offered: Collection[str]) -> str:
    try:
        service = check_service_url(url, offered)
    except Undeliverable as refused:
        raise InvalidError(refused.why, [Fault("/url", refused.why)]) from None
    return f"{service.label} ({masked(url)})"


def _plan_anew(tx: Transaction, destination: Destination) -> None:
    """Let what waits and was not tried yet follow the wishes of now; reminders stay."""
    zone = tx.session.get_one(User, destination.user_id).time_zone
    wish = wish_of(destination, zone)
    rows = tx.session.execute(
        select(Notice.id, Notice.why, Approval.handled_as, Approval.tool)
        .outerjoin(Approval, Approval.id == Notice.approval_id)
        .where(
            Notice.destination_id == destination.id,
            Notice.status == "waiting",
            Notice.attempts == 0,
            Notice.why != wishes.REMINDER,
        )
    ).all()
    for notice_id, why, named, tool in rows:
        this = _notices.c.id == notice_id
        risk = Risk(named or Risk.MEDIUM)  # a write has none
        if not wishes.wants(wish, risk=risk, tool=tool or "", why=why):
            _drop(tx, this, sentence("The wishes for this place changed."))
            continue
        at, digest = wishes.due(wish, tx.now, risk=risk, why=why)
        tx.execute(update(_notices).where(this).values(next_at=at, digest=digest))


def _drop(tx: Transaction, which: Any, why: str) -> None:
    gone = {"status": "dropped", "ended_at": tx.now, "last_error": why}
    tx.execute(update(_notices).where(which).values(gone))


def _record(
    tx: Transaction, owner: Owner, destination: Destination, change: dict[str, str]
) -> None:
    note = {"kind": destination.kind, "name": destination.name, **change}
    note["user"] = owner.user_id
    tx.record(owner.org_id, owner.actor, "destination.changed", _subject(destination), note)


def _subject(destination: Destination) -> str:
    return f"destination:{destination.id}"


def _about(destination: Destination) -> str:
    return f"{destination.org_id}/{destination.id}/url"

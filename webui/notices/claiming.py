"""Taking notices that are due, by lease; what is needed no more is dropped here.

All that is due at one place goes into one message, so that a flood of calls is no flood of
mail, and at each place one message is on its way at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from webui.languages import Language, chosen
from webui.notices import wishes
from webui.notices.audience import Audience
from webui.notices.destinations import BY_MAIL, url_of
from webui.notices.matters import Matter, matters_of
from webui.notices.wording import Item
from webui.sentences import sentence
from webui.store.models import Destination, Notice, Org, User, table_of
from webui.store.transaction import Transaction

LEASE_MS: Final = 120_000
"""How long a process may take for one message; afterwards another one repeats it."""
IN_A_MESSAGE: Final = 50
_LOOKED_AT: Final = 500
_CLAIM_LOCK: Final = 7_242_002
"""Any number that nothing else locks: claims of all nodes go one after the other."""
_notices = table_of(Notice)


@dataclass(frozen=True, slots=True)
class Bundle:
    """One message in our hands, with all that is needed to send it."""

    destination_id: str
    org_id: str
    address: str | None
    """Of the account, for mail."""
    url: str | None
    """Of a service."""
    zone: ZoneInfo
    language: Language
    """Of the person who is told."""
    items: tuple[Item, ...]
    attempts: Mapping[str, int]
    """By the notice's id; this one included."""


class Claimed(NamedTuple):
    """What one turn took up."""

    bundles: Sequence[Bundle]
    looked_at: int
    """Notices that were due, those dropped and put off included."""


class _Due(NamedTuple):
    notice: Notice
    giver: str | None
    matter: Matter | None
    """None where what it was about is gone."""


def anything_due(session: Session, now: int) -> bool:
    """Say whether a claim might find something; only reads."""
    return session.scalar(select(Notice.id).where(_is_due(now)).limit(1)) is not None


def _is_due(now: int) -> ColumnElement[bool]:
    return or_(
        and_(Notice.status == "waiting", Notice.next_at <= now),
        and_(Notice.status == "sending", Notice.lease_until <= now),
    )


def claim(tx: Transaction, limit: int) -> Claimed:
    """Take up to `limit` messages out of what is due."""
    if tx.on_postgresql and not tx.connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _CLAIM_LOCK}
    ):
        return Claimed((), 0)  # another node claims right now
    tx.execute(
        update(_notices)
        .where(_notices.c.status == "sending", _notices.c.lease_until <= tx.now)
        .values(status="waiting", lease_until=None, next_at=tx.now)
    )
    by_place: dict[str, list[_Due]] = {}
    found = _found(tx)
    for each in found:
        by_place.setdefault(each.notice.destination_id, []).append(each)
    bundles = [
        bundle
        for place, due in list(by_place.items())[:limit]
        if (bundle := _bundle(tx, place, due[:IN_A_MESSAGE])) is not None
    ]
    tx.session.flush()
    return Claimed(bundles, len(found))


def _found(tx: Transaction) -> list[_Due]:
    giver = aliased(User)
    busy = aliased(Notice)
    rows = tx.session.execute(
        select(Notice, giver.display_name)
        .join(Destination, Destination.id == Notice.destination_id)
        .outerjoin(giver, giver.id == Notice.in_place_of)
        .where(
            Notice.status == "waiting",
            Notice.next_at <= tx.now,
            or_(Destination.open_until.is_(None), Destination.open_until <= tx.now),
            ~select(busy.id)
            .where(busy.destination_id == Notice.destination_id, busy.status == "sending")
            .exists(),
        )
        .order_by(Notice.next_at, Notice.id)
        .limit(_LOOKED_AT)
        .with_for_update(skip_locked=True, of=Notice),
        execution_options={"populate_existing": True},
    ).all()
    about = matters_of(tx.session, [notice for notice, _ in rows])
    return [_Due(notice, name, about.get(notice.approval_id)) for notice, name in rows]


def _bundle(tx: Transaction, place: str, due: Sequence[_Due]) -> Bundle | None:
    destination = tx.session.get_one(Destination, place)
    user = tx.session.get_one(User, destination.user_id)
    left = _still_needed(tx, destination, due)
    if not left:
        return None
    url = None
    if destination.kind not in BY_MAIL:
        key = tx.session.scalars(
            select(Org.data_key).where(Org.id == destination.org_id)
        ).one()
        url = url_of(tx.keyring, key, destination)
    for notice, _ in left:
        notice.status = "sending"
        notice.attempts += 1
        notice.lease_until = tx.now + LEASE_MS
    return Bundle(
        place,
        destination.org_id,
        user.email if destination.kind in BY_MAIL else None,
        url,
        wishes.zone_of(user.time_zone),
        chosen(user.language),
        tuple(item for _, item in left),
        {notice.id: notice.attempts for notice, _ in left},
    )


def _still_needed(
    tx: Transaction, destination: Destination, due: Iterable[_Due]
) -> list[tuple[Notice, Item]]:
    """Return what is to be told still; the rest is dropped with its reason, or put off."""
    audience = Audience(tx.session, destination.org_id, tx.now)
    left, user_id = [], destination.user_id
    for notice, giver, matter in due:
        why = _needless(tx, audience, destination, notice, matter)
        if why is not None or matter is None:
            notice.status, notice.ended_at, notice.last_error = "dropped", tx.now, why
            continue
        until = matter.held_until(audience, user_id, notice.why)
        if until is not None:
            notice.next_at = until
            continue
        left.append((notice, matter.item(notice.why, giver or "")))
    return left


def _needless(
    tx: Transaction,
    audience: Audience,
    destination: Destination,
    notice: Notice,
    matter: Matter | None,
) -> str | None:
    """Return why a notice is needed no more; none if it is."""
    if destination.status != "active":
        return sentence("This place was switched off.")
    if matter is None:
        return sentence("It is not there any more.")
    return matter.needless(tx.session, audience, destination.user_id, notice.why)

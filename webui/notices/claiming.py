"""Taking notices that are due, by lease; what is needed no more is dropped here.

All that is due at one place goes into one message, so that a flood of calls is no flood of
mail, and at each place one message is on its way at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.orm import Session, aliased, defer

from webui.approvals.answering.claiming import holder_of
from webui.notices import wishes
from webui.notices.audience import Audience
from webui.notices.destinations import MAIL, url_of
from webui.notices.planning import waits
from webui.notices.wording import Item
from webui.store.models import Agent, Approval, Destination, Notice, Org, User, table_of
from webui.store.queries import calls
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
    approval: Approval
    agent: str
    owner: str | None
    giver: str | None


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
        select(Notice, Approval, Agent.name, Agent.owner_id, giver.display_name)
        .join(Destination, Destination.id == Notice.destination_id)
        .join(Approval, Approval.id == Notice.approval_id)
        .join(Agent, Agent.id == Approval.agent_id)
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
        .options(
            defer(Approval.sealed), defer(Approval.sealed_edit), defer(Approval.settling)
        )
        .with_for_update(skip_locked=True, of=Notice),
        execution_options={"populate_existing": True},
    )
    return [_Due._make(row) for row in rows]


def _bundle(tx: Transaction, place: str, due: Sequence[_Due]) -> Bundle | None:
    destination = tx.session.get_one(Destination, place)
    user = tx.session.get_one(User, destination.user_id)
    left = _still_needed(tx, destination, due)
    if not left:
        return None
    url = None
    if destination.kind != MAIL:
        key = tx.session.scalars(
            select(Org.data_key).where(Org.id == destination.org_id)
        ).one()
        url = url_of(tx.keyring, key, destination)
    for each in left:
        each.notice.status = "sending"
        each.notice.attempts += 1
        each.notice.lease_until = tx.now + LEASE_MS
    return Bundle(
        place,
        destination.org_id,
        user.email if destination.kind == MAIL else None,
        url,
        wishes.zone_of(user.time_zone),
        tuple(_item(each) for each in left),
        {each.notice.id: each.notice.attempts for each in left},
    )


def _item(due: _Due) -> Item:
    approval = due.approval
    return Item(
        approval.id,
        due.notice.why,
        approval.tool,
        approval.risk,
        due.agent,
        approval.expires_at,
        due.giver or "",
    )


def _still_needed(
    tx: Transaction, destination: Destination, due: Iterable[_Due]
) -> list[_Due]:
    """Return what is to be told still; the rest is dropped with its reason, or put off."""
    audience = Audience(tx.session, destination.org_id, tx.now)
    left = []
    for each in due:
        why = _needless(tx, audience, destination, each)
        if why is not None:
            each.notice.status, each.notice.ended_at = "dropped", tx.now
            each.notice.last_error = why
            continue
        if _is_held(tx, audience, destination, each):
            each.notice.next_at = each.approval.claim_expires_at or tx.now
            continue
        left.append(each)
    return left


def _is_held(
    tx: Transaction, audience: Audience, destination: Destination, due: _Due
) -> bool:
    """Say whether somebody else looks into the call; alarms and escalations are told anyway."""
    if due.notice.why in {wishes.ESCALATED, wishes.BREAK_GLASS}:
        return False
    holder = holder_of(due.approval, tx.now)
    return holder is not None and not audience.actor(destination.user_id).is_one_of(
        (holder,)
    )


def _needless(
    tx: Transaction, audience: Audience, destination: Destination, due: _Due
) -> str | None:
    """Return why a notice is needed no more; none if it is."""
    approval, user_id = due.approval, destination.user_id
    if destination.status != "active":
        return "This place was switched off."
    if due.notice.why == wishes.BREAK_GLASS:
        return None if audience.sees(user_id, approval) else "They may not see it any more."
    if not waits(approval, tx.now):
        return "It was settled, or sent back to its agent, before."
    if due.notice.why == wishes.MANAGER:
        return None if audience.sees(user_id, approval) else "They may not see it any more."
    votes = calls.votes(tx.session, [approval.id]).get(approval.id, [])
    if audience.decides(user_id, approval, due.owner, votes) is None:
        return "They had decided already, or may not decide it any more."
    return None

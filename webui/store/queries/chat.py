"""Chat, read: channels with something to do, messages, and who a clicker is here."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from webui.store.models import (
    Approval,
    ChatChannel,
    ChatIdentity,
    Event,
    Org,
    PostedMessage,
    Source,
    User,
)
from webui.store.queries.factors import COMES_BY_PROVIDER, HAS_FACTOR

OPEN_MESSAGE = "open"


def _due(now: int) -> ColumnElement[bool]:
    """Return whether a message is to be posted, or shows what is not so any more."""
    return and_(
        PostedMessage.status == OPEN_MESSAGE,
        PostedMessage.next_at <= now,
        or_(
            PostedMessage.message_id.is_(None),
            PostedMessage.version != Approval.version,
            PostedMessage.settles_at.is_distinct_from(Approval.settles_at),
        ),
    )


def channels_to_serve(session: Session, now: int, kinds: Sequence[str]) -> Sequence[str]:
    """Return the ids of active chat sources that have something to do and may."""
    created = exists().where(
        Event.org_id == ChatChannel.org_id,
        Event.action == "approval.created",
        Event.seq > ChatChannel.seq,
    )
    messages = exists().where(
        PostedMessage.source_id == Source.id,
        PostedMessage.approval_id == Approval.id,
        _due(now),
    )
    free = and_(
        or_(ChatChannel.leased_until.is_(None), ChatChannel.leased_until <= now),
        or_(ChatChannel.open_until.is_(None), ChatChannel.open_until <= now),
    )
    return session.scalars(
        select(Source.id)
        .outerjoin(ChatChannel, ChatChannel.source_id == Source.id)
        .where(
            Source.kind.in_(kinds),
            Source.status == "active",
            or_(ChatChannel.source_id.is_(None), and_(free, or_(created, messages))),
        )
        .order_by(Source.id)
    ).all()


class Due(NamedTuple):
    """A message and its approval."""

    message: PostedMessage
    approval: Approval


def due_messages(session: Session, source_id: str, now: int, most: int) -> list[Due]:
    """Return what a channel is to be told, the oldest first."""
    rows = session.execute(
        select(PostedMessage, Approval)
        .join(Approval, Approval.id == PostedMessage.approval_id)
        .where(PostedMessage.source_id == source_id, _due(now))
        .order_by(PostedMessage.next_at, PostedMessage.id)
        .limit(most)
    )
    return [Due._make(row) for row in rows]


def message_of(session: Session, source_id: str, approval_id: str) -> PostedMessage | None:
    """Return an approval's message in a channel."""
    return session.scalar(
        select(PostedMessage).where(
            PostedMessage.source_id == source_id, PostedMessage.approval_id == approval_id
        )
    )


class Told(NamedTuple):
    """One channel that was told of an approval, or is to be."""

    name: str
    kind: str
    status: str
    posted: bool
    told_at: int | None
    attempts: int
    next_at: int
    last_error: str | None


_told_in_chat = (
    select(
        Source.name,
        Source.kind,
        PostedMessage.status,
        PostedMessage.message_id.is_not(None),
        PostedMessage.told_at,
        PostedMessage.attempts,
        PostedMessage.next_at,
        PostedMessage.last_error,
    )
    .join(Source, Source.id == PostedMessage.source_id)
    .where(
        PostedMessage.org_id == bindparam("org"),
        PostedMessage.approval_id == bindparam("approval"),
    )
    .order_by(Source.name, Source.id)
)


def told_in_chat(session: Session, org_id: str, approval_id: str) -> list[Told]:
    """Return the channels that an approval is posted in."""
    rows = session.execute(_told_in_chat, {"org": org_id, "approval": approval_id})
    return [Told._make(row) for row in rows]


class Linked(NamedTuple):
    """Who a chat user is here."""

    identity_id: str
    user_id: str
    display_name: str
    factor_required: bool
    has_factor: bool

    @property
    def held_up(self) -> bool:
        """Say whether the org asks for a second factor and the person has none."""
        return self.factor_required and not self.has_factor


def linked(
    session: Session, org_id: str, kind: str, team: str, external_id: str
) -> Linked | None:
    """Return the person whom a chat user is in an org."""
    row = session.execute(
        select(
            ChatIdentity.id,
            User.id,
            User.display_name,
            Org.require_second_factor,
            or_(HAS_FACTOR, COMES_BY_PROVIDER),
        )
        .join(User, User.id == ChatIdentity.user_id)
        .join(Org, Org.id == ChatIdentity.org_id)
        .where(
            ChatIdentity.org_id == org_id,
            ChatIdentity.kind == kind,
            ChatIdentity.team == team,
            ChatIdentity.external_id == external_id,
        )
    ).one_or_none()
    return None if row is None else Linked._make(row)


def identities(
    session: Session, org_id: str, user_ids: Sequence[str]
) -> Sequence[ChatIdentity]:
    """Return the chat identities of some people in an org, oldest first."""
    return session.scalars(
        select(ChatIdentity)
        .where(ChatIdentity.org_id == org_id, ChatIdentity.user_id.in_(user_ids))
        .order_by(ChatIdentity.id)
    ).all()


def has_channels(session: Session, org_id: str, kinds: Sequence[str]) -> bool:
    """Say whether an org has an active channel, where somebody could click."""
    active = (Source.org_id == org_id) & (Source.status == "active")
    found = select(Source.id).where(active, Source.kind.in_(kinds)).limit(1)
    return session.scalar(found) is not None


def configs_of_others(
    session: Session, org_id: str, source_id: str, kinds: Sequence[str]
) -> Sequence[Any]:
    """Return kind and settings of an org's other active channels."""
    return session.execute(
        select(Source.kind, Source.config).where(
            Source.org_id == org_id,
            Source.id != source_id,
            Source.status == "active",
            Source.kind.in_(kinds),
        )
    ).all()

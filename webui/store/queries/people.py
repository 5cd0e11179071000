"""The people of an org for screens: who they are, where they are signed in, their tokens."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from webui.store.models import (
    Agent,
    Membership,
    Org,
    Passkey,
    PersonalToken,
    TotpSecret,
    User,
    WebSession,
)


class Member(NamedTuple):
    """A person of an org."""

    user_id: str
    display_name: str
    email: str
    status: str
    role: str
    standing: str
    """Of the membership."""
    second_factor: bool
    """Whether they have one besides the password."""
    last_seen_at: int | None
    """In this org."""


def members(
    session: Session, org_id: str, *, after: str = "", most: int | None = None
) -> Sequence[Member]:
    """Return the people of an org by name.

    Args:
        session: to read with.
        org_id: whose.
        after: the id of the last person of the page before.
        most: people; none for all.

    """
    statement = _members(org_id).order_by(User.display_name, User.id).limit(most)
    if after:
        last = select(User.display_name).where(User.id == after).scalar_subquery()
        statement = statement.where(
            (User.display_name > last) | ((User.display_name == last) & (User.id > after))
        )
    return [Member._make(row) for row in session.execute(statement)]


def _members(org_id: str) -> Select[Any]:
    seen = (
        select(func.max(WebSession.seen_at))
        .where(WebSession.user_id == User.id, WebSession.org_id == org_id)
        .correlate(User)
        .scalar_subquery()
    )
    app = exists().where(
        TotpSecret.user_id == User.id, TotpSecret.confirmed_at.is_not(None)
    )
    return (
        select(
            User.id,
            User.display_name,
            User.email,
            User.status,
            Membership.role,
            Membership.status,
            app | exists().where(Passkey.user_id == User.id),
            seen,
        )
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id)
    )


class OrgName(NamedTuple):
    """An org that somebody may look at."""

    id: str
    name: str


# Built once: every page runs it.
_orgs_of = (
    select(Org.id, Org.name)
    .join(Membership, Membership.org_id == Org.id)
    .where(Membership.user_id == bindparam("user"), Membership.status == "active")
    .order_by(Org.name, Org.id)
    .limit(bindparam("most"))
)


def orgs_of(session: Session, user_id: str, most: int) -> Sequence[OrgName]:
    """Return the orgs in which a person is an active member, by name."""
    rows = session.execute(_orgs_of, {"user": user_id, "most": most})
    return [OrgName._make(row) for row in rows]


_users = select(User.id, User.display_name).where(
    User.id.in_(bindparam("ids", expanding=True))
)
_agents = select(Agent.id, Agent.name).where(
    Agent.org_id == bindparam("org"), Agent.id.in_(bindparam("ids", expanding=True))
)


def names(session: Session, org_id: str, actors: Iterable[str]) -> Mapping[str, str]:
    """Return display names for names of the log (`user:...`, `agent:...`) of this org.

    Whoever acted here keeps their name in its log after they have left.
    """
    wanted = set(actors)
    users = [name.removeprefix("user:") for name in wanted if name.startswith("user:")]
    agents = [name.removeprefix("agent:") for name in wanted if name.startswith("agent:")]
    found: dict[str, str] = {}
    if users:
        rows = session.execute(_users, {"ids": users})
        found |= {f"user:{user_id}": name for user_id, name in rows}
    if agents:
        rows = session.execute(_agents, {"org": org_id, "ids": agents})
        found |= {f"agent:{agent_id}": name for agent_id, name in rows}
    return found


def sessions(
    session: Session, user_id: str, epoch: int, *, seen_after: int, made_after: int
) -> Sequence[WebSession]:
    """Return a person's sessions that still count, the last used first. Times in ms."""
    return session.scalars(
        select(WebSession)
        .where(
            WebSession.user_id == user_id,
            WebSession.epoch == epoch,
            WebSession.ended_at.is_(None),
            WebSession.seen_at > seen_after,
            WebSession.created_at > made_after,
        )
        .order_by(WebSession.seen_at.desc())
        .limit(50)
    ).all()


def tokens(session: Session, org_id: str, user_id: str) -> Sequence[PersonalToken]:
    """Return a person's tokens in an org, the newest first."""
    return session.scalars(
        select(PersonalToken)
        .where(PersonalToken.org_id == org_id, PersonalToken.user_id == user_id)
        .order_by(PersonalToken.created_at.desc(), PersonalToken.id)
        .limit(100)
    ).all()


def actor_called(session: Session, org_id: str, text: str) -> str:
    """Return the name in the log of a member or agent of this org, as somebody would type it."""
    user_id = session.scalar(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == org_id,
            (User.email == text.lower()) | (User.display_name == text) | (User.id == text),
        )
        .limit(1)
    )
    if user_id is not None:
        return f"user:{user_id}"
    agent_id = session.scalar(
        select(Agent.id).where(
            Agent.org_id == org_id, (Agent.name == text) | (Agent.id == text)
        )
    )
    return text if agent_id is None else f"agent:{agent_id}"


def member_id(session: Session, org_id: str, email: str) -> str | None:
    """Return the id of a member, active or not, by e-mail address."""
    return session.scalar(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id, User.email == email.strip().lower())
    )

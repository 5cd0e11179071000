"""Who is behind a key, a token or a session: read anew, one select each."""

from typing import NamedTuple

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from webui.store.models import (
    Agent,
    AgentKey,
    Membership,
    Org,
    PersonalToken,
    User,
    WebSession,
)
from webui.store.queries.factors import COMES_BY_PROVIDER, HAS_FACTOR

SSO, SSO_STRONG = "oidc", "oidc+mfa"
"""Methods of a session by single sign-on; the second one if the provider asked for several factors."""


class KeyHolder(NamedTuple):
    """An agent key with its agent."""

    key_id: str
    secret_hash: bytes
    scopes: str
    expires_at: int | None
    revoked_at: int | None
    agent_id: str
    agent_name: str
    agent_status: str
    owner_id: str | None
    project_id: str | None
    org_id: str
    org_name: str
    org_slug: str

    def works(self, now: int) -> bool:
        """Say whether the key may be used at `now` (ms)."""
        return (
            self.revoked_at is None
            and (self.expires_at is None or self.expires_at > now)
            and self.agent_status == "active"
        )


def key_holder(session: Session, key_id: str) -> KeyHolder | None:
    """Return the agent behind a key id, working or not."""
    row = session.execute(
        select(
            AgentKey.id,
            AgentKey.secret_hash,
            AgentKey.scopes,
            AgentKey.expires_at,
            AgentKey.revoked_at,
            Agent.id,
            Agent.name,
            Agent.status,
            Agent.owner_id,
            Agent.project_id,
            Agent.org_id,
            Org.name,
            Org.slug,
        )
        .join(Agent, Agent.id == AgentKey.agent_id)
        .join(Org, Org.id == Agent.org_id)
        .where(AgentKey.id == key_id)
    ).one_or_none()
    return None if row is None else KeyHolder._make(row)


class Signed(NamedTuple):
    """A person with their standing in the org at hand."""

    user_id: str
    email: str
    display_name: str
    status: str
    instance_admin: bool
    epoch: int
    org_id: str
    org_name: str
    org_slug: str
    solo_operator: bool
    role: str | None
    """Of an active membership; none without one."""
    language: str | None = None
    """What they chose; none for what the browser asks for."""


_STANDING = (
    User.id,
    User.email,
    User.display_name,
    User.status,
    User.instance_admin,
    User.session_epoch,
    Org.id,
    Org.name,
    Org.slug,
    Org.solo_operator,
    Membership.role,
    User.language,
)


class SignedSession(NamedTuple):
    """A browser session and the person behind it."""

    person: Signed
    epoch: int
    created_at: int
    seen_at: int
    ended_at: int | None
    method: str
    authenticated_at: int
    agent_context: bool
    factor_required: bool
    has_factor: bool

    @property
    def held_up(self) -> bool:
        """Say whether the org asks for a second factor and the person has proved none."""
        return self.factor_required and not self.has_factor and self.method != SSO_STRONG

    def lives(self, now: int, *, idle: int, longest: int) -> bool:
        """Say whether the session still counts. All times in ms."""
        return (
            self.ended_at is None
            and self.epoch == self.person.epoch
            and self.person.status == "active"
            # whoever left the org, or is suspended in it, is signed out of it
            and (self.person.role is not None or self.person.instance_admin)
            and now - self.seen_at < idle
            and now - self.created_at < longest
        )


# Built once: every request of a browser runs it.
_signed_session = (
    select(
        WebSession.epoch,
        WebSession.created_at,
        WebSession.seen_at,
        WebSession.ended_at,
        WebSession.method,
        WebSession.authenticated_at,
        WebSession.agent_context,
        Org.require_second_factor,
        HAS_FACTOR,
        *_STANDING,
    )
    .join(User, User.id == WebSession.user_id)
    .join(Org, Org.id == WebSession.org_id)
    .outerjoin(
        Membership,
        (Membership.user_id == User.id)
        & (Membership.org_id == Org.id)
        & (Membership.status == "active"),
    )
    .where(WebSession.id == bindparam("hash"))
)


def signed_session(session: Session, session_hash: str) -> SignedSession | None:
    """Return a browser session by the hash of its id, alive or not."""
    row = session.execute(_signed_session, {"hash": session_hash}).one_or_none()
    return None if row is None else SignedSession(Signed._make(row[9:]), *row[:9])


class TokenHolder(NamedTuple):
    """A personal token and the person behind it."""

    person: Signed
    token_id: str
    secret_hash: bytes
    expires_at: int | None
    revoked_at: int | None
    scopes: str
    agent_context: bool
    factor_required: bool
    has_factor: bool
    """Or comes by the org's provider, which asks in its own way."""

    @property
    def held_up(self) -> bool:
        """Say whether the org asks for a second factor and the person has none."""
        return self.factor_required and not self.has_factor

    def carries(self, permission: str) -> bool:
        """Say whether the token carries a permission, if its person has it."""
        return self.scopes == "*" or permission in self.scopes.split()

    def works(self, now: int) -> bool:
        """Say whether the token may be used at `now` (ms)."""
        return (
            self.revoked_at is None
            and (self.expires_at is None or self.expires_at > now)
            and self.person.status == "active"
        )


def token_holder(session: Session, token_id: str) -> TokenHolder | None:
    """Return the person behind a token id, working or not."""
    row = session.execute(
        select(
            PersonalToken.id,
            PersonalToken.secret_hash,
            PersonalToken.expires_at,
            PersonalToken.revoked_at,
            PersonalToken.scopes,
            PersonalToken.agent_context,
            Org.require_second_factor,
            or_(HAS_FACTOR, COMES_BY_PROVIDER),
            *_STANDING,
        )
        .join(User, User.id == PersonalToken.user_id)
        .join(Org, Org.id == PersonalToken.org_id)
        .outerjoin(
            Membership,
            (Membership.user_id == User.id)
            & (Membership.org_id == Org.id)
            & (Membership.status == "active"),
        )
        .where(PersonalToken.id == token_id)
    ).one_or_none()
    return None if row is None else TokenHolder(Signed._make(row[8:]), *row[:8])


def member(session: Session, org_id: str, email: str) -> Signed | None:
    """Return a person's standing in an org by e-mail address."""
    row = session.execute(
        select(*_STANDING)
        .join(Membership, Membership.user_id == User.id)
        .join(Org, Org.id == Membership.org_id)
        .where(
            Org.id == org_id,
            User.email == email.strip().lower(),
            Membership.status == "active",
        )
    ).one_or_none()
    return None if row is None else Signed._make(row)


class Credentials(NamedTuple):
    """What signing in compares."""

    user_id: str
    password_hash: str
    status: str
    epoch: int
    has_factor: bool


def credentials(session: Session, email: str) -> Credentials | None:
    """Return what is kept for signing in with this address."""
    row = session.execute(
        select(
            User.id, User.password_hash, User.status, User.session_epoch, HAS_FACTOR
        ).where(User.email == email.strip().lower())
    ).one_or_none()
    return None if row is None else Credentials._make(row)

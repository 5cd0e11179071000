"""The tenant, the people in it, and how they sign in."""

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Org(Model):
    """The tenant boundary. Nothing crosses it."""

    __tablename__ = "orgs"

    id: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    """The org's own AES-256 key, wrapped by the instance's envelope key."""
    solo_operator: Mapped[bool] = mapped_column(default=False)
    require_second_factor: Mapped[bool] = mapped_column(default=False)
    """Who has none is led to setting one up and sees nothing else."""
    write_gate: Mapped[bool] = mapped_column(default=False)
    grant_hours: Mapped[int] = mapped_column(default=24)
    """The longest that a standing grant lasts; 0 allows none."""
    undo_seconds: Mapped[int] = mapped_column(default=0)
    """How long a verdict can be undone before it settles; 0: it settles at once."""
    reasons: Mapped[str] = mapped_column(default="", server_default="")
    """Reasons that reviewers can choose from, one a line."""
    own_domains: Mapped[str] = mapped_column(default="", server_default="")
    """One a line: a recipient of e-mail elsewhere is pointed out; none: nobody is."""
    policy_number: Mapped[int | None] = mapped_column(default=None)
    """The version of its policy in force; none: every call asks for one approval."""
    dedupe_window: Mapped[int | None] = mapped_column(default=None)
    """Milliseconds in which a pending twin is reused; none: until it settles."""
    created_at: Mapped[int]


class User(Model):
    """A person who signs in."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case; the one name a person signs in with."""
    display_name: Mapped[str]
    password_hash: Mapped[str]
    """Empty for who signs in only by an identity provider; it matches no password."""
    status: Mapped[str] = mapped_column(default="active")
    instance_admin: Mapped[bool] = mapped_column(default=False)
    person_id: Mapped[str | None] = mapped_column(default=None)
    """The user this account is another account of; none for a person's only or first one."""
    session_epoch: Mapped[int] = mapped_column(default=1)
    """Grows to end every session of this person at once."""
    time_zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    """Name in the IANA database; quiet hours and digests are told by its clock."""
    language: Mapped[str | None] = mapped_column(default=None)
    """One of `languages.NAMES`; none for what the browser asks for."""
    created_at: Mapped[int]


class Membership(Model):
    """One person's role in one org."""

    __tablename__ = "memberships"

    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    """active or suspended; who is invited has an invitation instead."""
    created_at: Mapped[int]

    __table_args__ = (Index("ix_memberships_user_id", "user_id"),)


class WebSession(Model):
    """One signed-in browser. The cookie carries the id; only its SHA-256 is kept."""

    __tablename__ = "web_sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    """The org this browser looks at."""
    epoch: Mapped[int]
    created_at: Mapped[int]
    seen_at: Mapped[int]
    ended_at: Mapped[int | None] = mapped_column(default=None)
    method: Mapped[str] = mapped_column(default="password")
    """How they signed in: password, password+totp, password+passkey, passkey, oidc ..."""
    authenticated_at: Mapped[int]
    """When they last proved who they are; high and critical calls ask for a recent one."""
    agent_context: Mapped[bool] = mapped_column(default=False)
    """An agent acts in this session with a person's identity: it never decides."""
    address: Mapped[str]
    user_agent: Mapped[str]

    __table_args__ = (Index("ix_web_sessions_user_id", "user_id"),)


class PersonalToken(Model):
    """A reviewer's own token for the reviewers' API (`csp_...`), kept as SHA-256."""

    __tablename__ = "personal_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[str]
    scopes: Mapped[str] = mapped_column(default="*")
    """Space-separated permissions that it carries; `*` for all of the person's own."""
    agent_context: Mapped[bool] = mapped_column(default=False)
    """Made for an agent that acts with a person's identity: it never decides."""
    created_at: Mapped[int]
    expires_at: Mapped[int | None] = mapped_column(default=None)
    revoked_at: Mapped[int | None] = mapped_column(default=None)
    used_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (Index("ix_personal_tokens_user_id", "user_id"),)


class Throttle(Model):
    """One token bucket as GCRA: the time at which it would be empty again."""

    __tablename__ = "throttles"

    name: Mapped[str] = mapped_column(primary_key=True)
    empty_at: Mapped[int]
    """Theoretical arrival time, ms."""

"""How people prove who they are besides the password."""

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class TotpSecret(Model):
    """A person's authenticator app (RFC 6238)."""

    __tablename__ = "totp_secrets"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted under the instance's own key."""
    created_at: Mapped[int]
    confirmed_at: Mapped[int | None] = mapped_column(default=None)
    """It counts only once a code of it was entered."""
    last_step: Mapped[int] = mapped_column(default=0)
    """The newest time step a code was taken for: no code counts twice."""


class Passkey(Model):
    """One WebAuthn credential of a person."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The credential's id, base64url."""
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    created_at: Mapped[int]
    used_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (Index("ix_passkeys_user_id", "user_id"),)


class RecoveryCode(Model):
    """One code that signs in once when every other second factor is lost; kept as a digest."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[int]
    used_at: Mapped[int | None] = mapped_column(default=None)


class Ceremony(Model):
    """A sign-in, registration or re-authentication under way, between two of its requests.

    The cookie carries the id; only its SHA-256 is kept.
    """

    __tablename__ = "ceremonies"

    id: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), default=None)
    epoch: Mapped[int | None] = mapped_column(default=None)
    """The person's session epoch when it began; what ends their sessions ends this too."""
    method: Mapped[str] = mapped_column(default="password")
    """How the step before it was taken: password or oidc."""
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """For the code of a chat: whose session began, and who typed it."""
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class IdentityProvider(Model):
    """An OpenID Connect provider that an org signs in with."""

    __tablename__ = "identity_providers"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted under the org's data key."""
    scopes: Mapped[str] = mapped_column(default="openid email profile")
    groups_claim: Mapped[str] = mapped_column(default="groups")
    status: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[int]

    __table_args__ = (UniqueConstraint("org_id", "name"),)


class ProviderRole(Model):
    """Which role a group of the provider's has here."""

    __tablename__ = "provider_roles"

    provider_id: Mapped[str] = mapped_column(
        ForeignKey("identity_providers.id"), primary_key=True
    )
    provider_group: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]


class Identity(Model):
    """A person as an identity provider knows them: by its subject, never by e-mail alone."""

    __tablename__ = "identities"

    provider_id: Mapped[str] = mapped_column(
        ForeignKey("identity_providers.id"), primary_key=True
    )
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    email: Mapped[str]
    """As the provider verified it, else empty; another name of the person in `on_behalf_of`."""
    role: Mapped[str | None] = mapped_column(default=None)
    """What its groups gave last. While the membership has it, the groups govern it."""
    created_at: Mapped[int]
    used_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (Index("ix_identities_user_id", "user_id"),)

"""What people prove who they are with, besides the password."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from webui.store.models import (
    Identity,
    IdentityProvider,
    Org,
    Passkey,
    RecoveryCode,
    TotpSecret,
    User,
)

HAS_FACTOR = or_(
    select(TotpSecret.user_id)
    .where(TotpSecret.user_id == User.id, TotpSecret.confirmed_at.is_not(None))
    .exists(),
    select(Passkey.id).where(Passkey.user_id == User.id).exists(),
)
"""Whether a row of `users` has a second factor, inside another select."""

COMES_BY_PROVIDER = (
    select(Identity.user_id)
    .join(IdentityProvider, IdentityProvider.id == Identity.provider_id)
    .where(Identity.user_id == User.id, IdentityProvider.org_id == Org.id)
    .exists()
)
"""Whether a row of `users` signs in by a provider of the row of `orgs` beside it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A person's second factors."""

    app: TotpSecret | None
    """Set up or under way."""
    passkeys: Sequence[Passkey]
    codes_left: int

    @property
    def has_app(self) -> bool:
        """Say whether an app is set up and counts."""
        return self.app is not None and self.app.confirmed_at is not None

    @property
    def count(self) -> int:
        """Return how many factors there are; recovery codes are none of their own."""
        return len(self.passkeys) + self.has_app


def held(session: Session, user_id: str) -> Held:
    """Return what a person has."""
    return Held(
        session.get(TotpSecret, user_id),
        session.scalars(
            select(Passkey)
            .where(Passkey.user_id == user_id)
            .order_by(Passkey.created_at, Passkey.id)
        ).all(),
        session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        )
        or 0,
    )

"""Providers of single sign-on, and the people they know."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Identity, IdentityProvider, Org, ProviderRole

ACTIVE = "active"


class Choice(NamedTuple):
    """A provider that somebody may sign in with."""

    id: str
    name: str
    org_slug: str


_CHOICE = (
    select(IdentityProvider.id, IdentityProvider.name, Org.slug)
    .join(Org, Org.id == IdentityProvider.org_id)
    .where(IdentityProvider.status == ACTIVE)
    .order_by(IdentityProvider.name)
)


def choices(session: Session, org_slug: str) -> list[Choice]:
    """Return what an org signs in with; nothing for an unknown org."""
    rows = session.execute(_CHOICE.where(Org.slug == org_slug.strip().lower()))
    return [Choice._make(row) for row in rows]


def choices_of(session: Session, org_id: str) -> list[Choice]:
    """Return what an org signs in with."""
    return [Choice._make(row) for row in session.execute(_CHOICE.where(Org.id == org_id))]


def any_active(session: Session) -> bool:
    """Say whether any org signs in by a provider."""
    return session.scalars(_CHOICE.limit(1)).first() is not None


def of_org(session: Session, org_id: str) -> Sequence[IdentityProvider]:
    """Return all providers of an org."""
    return session.scalars(
        select(IdentityProvider)
        .where(IdentityProvider.org_id == org_id)
        .order_by(IdentityProvider.name)
    ).all()


def roles_of(session: Session, provider_id: str) -> dict[str, str]:
    """Return which role each group of a provider's has here."""
    rows = session.execute(
        select(ProviderRole.provider_group, ProviderRole.role)
        .where(ProviderRole.provider_id == provider_id)
        .order_by(ProviderRole.provider_group)
    )
    return {row[0]: row[1] for row in rows}


class Link(NamedTuple):
    """An identity of a person's, with the provider's name."""

    provider_id: str
    provider_name: str
    status: str
    subject: str
    email: str
    created_at: int
    used_at: int | None


def links_of(session: Session, user_id: str, org_id: str) -> list[Link]:
    """Return by which identities of an org's providers a person is known."""
    rows = session.execute(
        select(
            IdentityProvider.id,
            IdentityProvider.name,
            IdentityProvider.status,
            Identity.subject,
            Identity.email,
            Identity.created_at,
            Identity.used_at,
        )
        .join(IdentityProvider, IdentityProvider.id == Identity.provider_id)
        .where(Identity.user_id == user_id, IdentityProvider.org_id == org_id)
        .order_by(Identity.created_at)
    )
    return [Link._make(row) for row in rows]

"""What is masked for an organization: the desk's own list of names, and those of its policies."""

from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from webui.approvals.ruling.rulebooks import redacted_names
from webui.preview import SENSITIVE_NAMES, Profile
from webui.store.keyring import Keyring
from webui.store.models import Approval


def profile_of(
    connection: Connection, keyring: Keyring, org_id: str, revision: str | None = None
) -> Profile:
    """Return how an org's previews mask: the same secret looks the same within the org.

    Args:
        connection: to read the policies with.
        keyring: whose tags masks carry.
        org_id: whose.
        revision: of the policy that a call was filed under: what that masked stays masked,
            and what the policy in force masks is masked in older calls too.

    """
    named = redacted_names(connection, org_id, revision)
    return profile_with(keyring, org_id, named)


def profile_for(session: Session, keyring: Keyring, approval: Approval) -> Profile:
    """Return how an approval is masked: by the desk, by policies, and by its own schema."""
    return profile_on(session.connection(), keyring, approval)


def profile_on(connection: Connection, keyring: Keyring, approval: Approval) -> Profile:
    """Return the same, for what has no session."""
    org_id, revision = approval.org_id, approval.policy_revision
    return fitted(profile_of(connection, keyring, org_id, revision), approval)


def fitted(profile: Profile, approval: Approval) -> Profile:
    """Return an org's profile with what an approval itself says: its schema and its domains."""
    domains = tuple(approval.own_domains.splitlines())
    return replace(profile.with_schema(approval.arguments_schema), own_domains=domains)


def profile_with(keyring: Keyring, org_id: str, named: tuple[str, ...]) -> Profile:
    """Return how previews mask that hide what is under these names, besides the desk's own."""
    key = keyring.derive(f"mask:{org_id}")
    return Profile(key, (*SENSITIVE_NAMES, *named))

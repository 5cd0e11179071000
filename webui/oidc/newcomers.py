"""Somebody whom a provider knows and we do not yet: they need an invitation or a group.

An e-mail address alone makes nobody anybody: an account that has the address already is linked
by its own person, from a session of theirs, and never here.
"""

from webui.approvals.people import accounts, invitations, members
from webui.approvals.people.emails import user_of
from webui.oidc.answering import Said
from webui.oidc.providers import Registered, subject
from webui.oidc.roles import role_for
from webui.store.models import Identity
from webui.store.queries.invitations import Opened
from webui.store.transaction import Transaction


def welcome(tx: Transaction, provider: Registered, said: Said) -> Identity | None:
    """Make account, membership and identity; none if nothing speaks for this person.

    The caller holds the org's lock.
    """
    if not said.email or user_of(tx.session, said.email) is not None:
        return None
    role, invitation = _place(tx, provider, said)
    if role is None:
        return None
    actor = subject(provider.id)
    person = accounts.create_user(
        tx,
        provider.org_id,
        email=said.email,
        role=role,
        password_hash="",
        display_name=said.name,
        actor=actor,
    )
    if invitation is not None:
        invitations.use_up(tx, invitation, person.id)
    return link(tx, provider, said, person.id, None if invitation is not None else role)


def rejoin(tx: Transaction, provider: Registered, said: Said, identity: Identity) -> bool:
    """Make a known person a member again; say whether anything speaks for that."""
    role, invitation = _place(tx, provider, said)
    if role is None:
        return False
    actor = subject(provider.id)
    members.join(tx, provider.org_id, identity.user_id, role, actor=actor)
    identity.role = role if invitation is None else None
    tx.session.flush()
    if invitation is not None:
        invitations.use_up(tx, invitation, identity.user_id)
    return True


def link(
    tx: Transaction,
    provider: Registered,
    said: Said,
    user_id: str,
    role: str | None = None,
) -> Identity:
    """Know a person by this subject from now on."""
    identity = Identity(
        provider_id=provider.id,
        subject=said.subject,
        user_id=user_id,
        email=said.email,
        role=role,
        created_at=tx.now,
        used_at=tx.now,
    )
    tx.session.add(identity)
    tx.session.flush()
    note = {"provider": provider.id, "subject": said.subject, "email": said.email}
    name = f"user:{user_id}"
    tx.record(provider.org_id, name, "identity.linked", name, note)
    return identity


def _place(
    tx: Transaction, provider: Registered, said: Said
) -> tuple[str | None, Opened | None]:
    """Return the role somebody gets, and the invitation it comes from if it is not by a group."""
    role = role_for(tx, provider.id, said.groups)
    if role is not None:
        return role, None
    org_id = provider.org_id
    invitation = invitations.open_for(tx, org_id, said.email) if said.email else None
    return (None, None) if invitation is None else (invitation.role, invitation)

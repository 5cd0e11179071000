"""Taking an identity away from an account; by its own person."""

from sqlalchemy import func, select

from webui.approvals.errors import ConflictError, NotFoundError
from webui.sentences import sentence
from webui.store.models import Identity, IdentityProvider, Passkey, User
from webui.store.transaction import Transaction


def unlink(
    tx: Transaction, org_id: str, user_id: str, provider_id: str, subject: str
) -> None:
    """Forget an identity of somebody's own.

    Raises:
        NotFoundError: it is not theirs.
        ConflictError: it is the only way in that they have.

    """
    user = tx.session.get_one(User, user_id, with_for_update=True)
    row = tx.session.get(Identity, (provider_id, subject), with_for_update=True)
    provider = tx.session.get(IdentityProvider, provider_id)
    if row is None or row.user_id != user_id:
        raise NotFoundError("identity")
    if provider is None or provider.org_id != org_id:
        raise NotFoundError("identity")
    if not user.password_hash and _ways_in(tx, user_id) == 1:
        raise ConflictError(
            "last_way_in",
            sentence(
                "This is the only way in that you have; set a password or a passkey first."
            ),
        )
    tx.session.delete(row)
    tx.session.flush()
    note = {"provider": provider_id, "subject": subject, "email": row.email}
    name = f"user:{user_id}"
    tx.record(org_id, name, "identity.unlinked", name, note)


def _ways_in(tx: Transaction, user_id: str) -> int:
    """Count identities and passkeys."""
    identities = select(func.count()).select_from(Identity)
    passkeys = select(func.count()).select_from(Passkey)
    return (tx.session.scalar(identities.where(Identity.user_id == user_id)) or 0) + (
        tx.session.scalar(passkeys.where(Passkey.user_id == user_id)) or 0
    )

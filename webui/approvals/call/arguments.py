"""Opening the stored arguments of an approval: encrypted at rest, exact when opened."""

import json
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.store.keyring import Keyring
from webui.store.models import Approval, Org

_data_key = select(Org.data_key).where(Org.id == bindparam("org"))


class Arguments(NamedTuple):
    """The arguments in both spellings: what must run, and what came in (empty for an edit)."""

    canonical: bytes
    received: bytes

    @property
    def value(self) -> dict[str, Any]:
        """Return them parsed."""
        parsed: dict[str, Any] = json.loads(self.canonical)
        return parsed


def open_arguments(session: Session, keyring: Keyring, approval: Approval) -> Arguments:
    """Decrypt the arguments of an approval.

    Raises:
        KeyringError: the key file is not the one they were encrypted with.

    """
    wrapped = session.scalars(_data_key, {"org": approval.org_id}).one()
    about = f"{approval.org_id}/{approval.id}"
    plain = keyring.open(wrapped, approval.org_id, about, approval.sealed)
    # JSON text never holds a raw NUL, so one between the two is enough
    canonical, _, received = plain.partition(b"\0")
    return Arguments(canonical, received)


def effective_arguments(
    session: Session, keyring: Keyring, approval: Approval
) -> Arguments:
    """Decrypt what a yes lets run: the arguments of the last edit, else those asked.

    Raises:
        KeyringError: the key file is not the one they were encrypted with.

    """
    if approval.sealed_edit is None:
        return open_arguments(session, keyring, approval)
    wrapped = session.scalars(_data_key, {"org": approval.org_id}).one()
    edited = keyring.open(
        wrapped, approval.org_id, _about_edit(approval), approval.sealed_edit
    )
    return Arguments(edited, b"")


def seal_edit(
    session: Session, keyring: Keyring, approval: Approval, canonical: bytes
) -> bytes:
    """Return edited arguments encrypted as `effective_arguments` opens them."""
    wrapped = session.scalars(_data_key, {"org": approval.org_id}).one()
    return keyring.seal(wrapped, approval.org_id, _about_edit(approval), canonical)


def _about_edit(approval: Approval) -> str:
    return f"{approval.org_id}/{approval.id}/edit"


def effective_hash(approval: Approval) -> str:
    """Return the `arguments_hash` of what a yes lets run, which is what is shown."""
    return approval.edited_hash or approval.arguments_hash

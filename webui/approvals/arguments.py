"""Opening the stored arguments of an approval: encrypted at rest, exact when opened."""

import json
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.store.keyring import Keyring
from webui.store.models import Approval, Org

_data_key = select(Org.data_key).where(Org.id == bindparam("org"))


class Arguments(NamedTuple):
    """The arguments in both spellings: what must run, and what came in."""

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

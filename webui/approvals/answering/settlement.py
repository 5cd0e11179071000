"""A verdict that settles an approval, with all that it changes; kept encrypted until then."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.approvals.answering.mandate import guard_by
from webui.approvals.desk import Guard
from webui.approvals.errors import DeskError
from webui.approvals.grants.granting import GrantWish
from webui.sentences import sentence
from webui.store.keyring import Keyring, KeyringError
from webui.store.models import Approval, Org
from webui.store.transaction import Transaction

_data_key = select(Org.data_key).where(Org.id == bindparam("org"))
_HIDDEN = "sealed_edit"
"""The one column among the values that holds bytes."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A verdict that settles an approval, and all that it changes."""

    to: str
    action: str
    """Name of the event."""
    user_id: str
    at: int
    """When the verdict was given, ms."""
    values: Mapping[str, Any]
    """Columns of the approval."""
    note: Mapping[str, Any]
    """What the event says of the verdict."""
    by_role: bool
    mandate: Mapping[str, Any]
    """What the move checks (see `mandate`)."""
    vote: Mapping[str, Any] | None = None
    """Its row among the decisions."""
    resets: bool = False
    """It is an edit, so that the approvals given before count no more."""
    message: str | None = None
    """With a request for changes: what the agent is told."""
    wish: GrantWish | None = None
    """What is to be allowed beyond this one call."""

    @property
    def actor(self) -> str:
        """Return who gave the verdict, as the log names them."""
        return f"user:{self.user_id}"

    @property
    def guard(self) -> Guard:
        """Return the conditions of its move."""
        return guard_by(by_role=self.by_role)


class UnreadableError(DeskError):
    """What was kept of a verdict cannot be read: nobody knows what it said."""

    def __init__(self) -> None:
        super().__init__(
            "unreadable",
            sentence(
                "The verdict that was kept here cannot be read any more, so it settles "
                "nothing; decide the call again."
            ),
        )


def settlement_of(session: Session, keyring: Keyring, approval: Approval) -> Settlement:
    """Return the verdict that will settle an approval; there must be one.

    Raises:
        UnreadableError: it was changed or cut short, or encrypted with another key.

    """
    wrapped = session.scalars(_data_key, {"org": approval.org_id}).one()
    try:
        about = _about(approval)
        opened = keyring.open(wrapped, approval.org_id, about, approval.settling or b"")
        return _read(json.loads(opened))
    except (KeyringError, ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableError from None


def _read(found: dict[str, Any]) -> Settlement:
    if found["values"].get(_HIDDEN) is not None:
        found["values"][_HIDDEN] = b64decode(found["values"][_HIDDEN])
    wish = found.pop("wish")
    if wish is not None:
        wish = GrantWish(**wish | {"conditions": tuple(wish["conditions"])})
    return Settlement(**found, wish=wish)


def sealed(tx: Transaction, approval: Approval, verdict: Settlement) -> bytes:
    """Return a verdict as it is kept."""
    content = asdict(verdict)
    hidden = content["values"].get(_HIDDEN)
    if hidden is not None:
        content["values"][_HIDDEN] = b64encode(hidden).decode()
    wrapped = tx.session.scalars(_data_key, {"org": approval.org_id}).one()
    text = json.dumps(content, ensure_ascii=False)
    return tx.keyring.seal(wrapped, approval.org_id, _about(approval), text.encode())


def _about(approval: Approval) -> str:
    return f"{approval.org_id}/{approval.id}/settling"

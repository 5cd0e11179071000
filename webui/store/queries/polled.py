"""Just enough of an approval for whoever waits for it."""

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.approvals.states import ReplyState
from webui.store.models import Approval


class Standing(NamedTuple):
    """Just enough of an approval to see whether it changed."""

    status: str
    version: int
    expires_at: int
    message_count: int
    settles_at: int | None
    reply_state: str | None

    def is_due(self, now: int) -> bool:
        """Say whether a verdict settles it by now that nobody has written down yet."""
        waits = self.settles_at is not None and self.settles_at <= now
        return waits and self.reply_state != ReplyState.SENDING


_standing = select(
    Approval.status,
    Approval.version,
    Approval.expires_at,
    Approval.message_count,
    Approval.settles_at,
    Approval.reply_state,
).where(Approval.id == bindparam("id"))


def standing(session: Session, approval_id: str) -> Standing | None:
    """Return how an approval stands."""
    row = session.execute(_standing, {"id": approval_id}).one_or_none()
    return None if row is None else Standing._make(row)

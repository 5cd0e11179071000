"""What reviewers and the agent said about an approval."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Approval, Message


def messages(session: Session, approval: Approval) -> Sequence[Message]:
    """Return the conversation about an approval, oldest first; most have none."""
    if approval.message_count == 0:
        return ()
    return session.scalars(
        select(Message)
        .where(Message.approval_id == approval.id)
        .order_by(Message.at, Message.id)
    ).all()

"""What reviewers and agents said about approvals."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Approval, Message


def messages(session: Session, approval: Approval) -> Sequence[Message]:
    """Return the conversation about an approval, oldest first; most have none."""
    if approval.message_count == 0:
        return ()
    return conversations(session, [approval.id]).get(approval.id, [])


def conversations(
    session: Session, approval_ids: Sequence[str]
) -> Mapping[str, list[Message]]:
    """Return what was said about some approvals, oldest first, in one select."""
    if not approval_ids:
        return {}
    found: dict[str, list[Message]] = {}
    for message in session.scalars(
        select(Message)
        .where(Message.approval_id.in_(approval_ids))
        .order_by(Message.at, Message.id)
    ):
        found.setdefault(message.approval_id, []).append(message)
    return found

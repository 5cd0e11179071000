"""What came before an approval and what took its place, and the yeses an edit took back."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Approval, Decision, User
from webui.store.queries import calls
from webui.store.queries.calls import Row


def before(session: Session, approval: Approval) -> Row | None:
    """Return the approval that this one revises, or whose place it took when asked anew."""
    if approval.revision_of is not None:
        return calls.one(session, approval.org_id, approval.revision_of)
    if approval.source_ref is None:
        return None
    found = session.scalar(
        select(Approval.id)
        .where(
            Approval.org_id == approval.org_id,
            Approval.source_ref == approval.source_ref,
            Approval.superseded_by == approval.id,
        )
        .order_by(Approval.id.desc())
        .limit(1)
    )
    return None if found is None else calls.one(session, approval.org_id, found)


class TakenBack(NamedTuple):
    """A yes that counts no more, since the call was edited after it."""

    display: str
    verdict: str
    at: int


def taken_back(session: Session, approval: Approval) -> Sequence[TakenBack]:
    """Return the yeses that edits took back, oldest first; most approvals have none."""
    if not approval.edits:
        return ()
    found = session.execute(
        select(User.display_name, Decision.verdict, Decision.at)
        .join(User, User.id == Decision.user_id)
        .where(Decision.approval_id == approval.id, Decision.reset_at.is_not(None))
        .order_by(Decision.id)
    )
    return [TakenBack._make(row) for row in found]

"""What somebody goes on with who has just decided a call."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.narrowing import Query
from webui.store.models import Approval, Decision
from webui.store.queries.narrowing import order

_decided_since = select(Decision.user_id).where(
    Decision.approval_id == bindparam("approval"),
    Decision.reset_at.is_(None),
    Decision.at >= bindparam("since"),
)


def decided_since(session: Session, approval_id: str, user_id: str, since: int) -> bool:
    """Say whether a verdict of a person counts that was given on a call at or after `since` (ms).

    Asked by the call alone: by the person, SQLite would walk all that they ever decided.
    """
    which = {"approval": approval_id, "since": since}
    return user_id in session.scalars(_decided_since, which).all()


def place_of(session: Session, approval_id: str, query: Query) -> tuple[int, str] | None:
    """Return where a call stands, or stood, in the order of a line."""
    place = session.scalar(select(order(query.sort)).where(Approval.id == approval_id))
    return None if place is None else (place, approval_id)

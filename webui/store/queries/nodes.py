"""The server processes that share the database."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals import nodes
from webui.store.models import Node


def living(session: Session, now: int) -> Sequence[Node]:
    """Return those that have said lately that they live, the oldest first."""
    found = select(Node).where(nodes.living(now)).order_by(Node.started_at, Node.id)
    return session.scalars(found).all()

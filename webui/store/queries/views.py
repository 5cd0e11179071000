"""Saved views of the queue."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from webui.store.models import SavedView, User

MOST_SHOWN = 200


class View(NamedTuple):
    """A saved view, and who saved it."""

    id: str
    name: str
    line: str
    is_shared: bool
    user_id: str
    by: str
    """Display name of who saved it."""


_views_for = (
    select(
        SavedView.id,
        SavedView.name,
        SavedView.line,
        SavedView.is_shared,
        SavedView.user_id,
        User.display_name,
    )
    .join(User, User.id == SavedView.user_id)
    .where(
        SavedView.org_id == bindparam("org"),
        or_(SavedView.user_id == bindparam("user"), SavedView.is_shared),
    )
    .order_by(SavedView.name, SavedView.id)
    .limit(MOST_SHOWN)
)


def views_for(session: Session, org_id: str, user_id: str) -> Sequence[View]:
    """Return a person's own views and those that others share, by name."""
    found = session.execute(_views_for, {"org": org_id, "user": user_id})
    return [View._make(row) for row in found]

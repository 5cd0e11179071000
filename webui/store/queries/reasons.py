"""Reasons that a reviewer can choose from instead of typing."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Decision, Org

_LOOKED_AT: Final = 40
_OWN: Final = 5
_LONGEST: Final = 200
"""A longer one was written for its call alone."""


def offered(session: Session, org_id: str, user_id: str) -> tuple[list[str], list[str]]:
    """Return the org's reasons, and those that the person gave last, newest first."""
    lines = session.scalar(select(Org.reasons).where(Org.id == org_id)) or ""
    given = session.execute(
        select(Decision.reason, Decision.org_id)
        .where(Decision.user_id == user_id)
        .order_by(Decision.id.desc())
        .limit(_LOOKED_AT)
    )
    preset = lines.splitlines()
    own = dict.fromkeys(
        reason
        for reason, whose in given
        if whose == org_id and 0 < len(reason) <= _LONGEST and "\n" not in reason
    )
    return preset, [reason for reason in own if reason not in preset][:_OWN]

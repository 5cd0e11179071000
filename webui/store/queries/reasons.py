"""Reasons that a reviewer can choose from instead of typing."""

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.store.models import Decision, Org

_LOOKED_AT: Final = 40
_OWN: Final = 5
_LONGEST: Final = 200
"""A longer one was written for its call alone."""


_of_org = select(Org.reasons).where(Org.id == bindparam("org"))
_given = (
    select(Decision.reason, Decision.org_id)
    .where(Decision.user_id == bindparam("user"))
    .order_by(Decision.id.desc())
    .limit(_LOOKED_AT)
)


def offered(session: Session, org_id: str, user_id: str) -> tuple[list[str], list[str]]:
    """Return the org's reasons, and those that the person gave last, newest first."""
    lines = session.scalar(_of_org, {"org": org_id}) or ""
    given = session.execute(_given, {"user": user_id})
    preset = lines.splitlines()
    own = dict.fromkeys(
        reason
        for reason, whose in given
        if whose == org_id and 0 < len(reason) <= _LONGEST and "\n" not in reason
    )
    return preset, [reason for reason in own if reason not in preset][:_OWN]

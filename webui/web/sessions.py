"""Browser sessions: the id in the cookie, its hash in the rows, and how long it counts."""

import hashlib
from collections.abc import MutableMapping
from typing import Any

from sqlalchemy.orm import Session

from webui.approvals.authorization import Actor
from webui.runtime import Runtime
from webui.store.queries.identity import SignedSession
from webui.store.queries.standing import person_in


def hash_of(session_id: str) -> str:
    """Return what the database keeps of a session's id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def remember(cookie: MutableMapping[str, Any], session_id: str) -> None:
    """Let a cookie carry this session and nothing of one before it."""
    cookie.clear()
    cookie["_user_id"] = session_id
    cookie["_fresh"] = True


def actor_behind(reading: Session, found: SignedSession, now: int) -> Actor:
    """Return where the person of a session stands in the org it looks at, at `now` (ms)."""
    who = found.person
    return person_in(
        reading,
        who.org_id,
        who.user_id,
        now,
        source="session",
        agent_context=found.agent_context,
    )


def lives(runtime: Runtime, found: SignedSession) -> bool:
    """Say whether a session counts now."""
    settings = runtime.settings
    return found.lives(
        runtime.store.now(),
        idle=settings.session_idle * 1000,
        longest=settings.session_max * 1000,
    )

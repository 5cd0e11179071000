"""The person who is signed in on a request, as the rows say now."""

from dataclasses import dataclass

from flask import request

from webui.approvals.answering.reviewing import Reviewer
from webui.approvals.authorization import Actor
from webui.store.queries.identity import Signed

FRESH = 900_000
"""ms after proving who one is during which one may do what could do most harm."""


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person; flask-login asks for the four `is_...` and `get_id`."""

    session_hash: str
    signed: Signed
    authenticated_at: int
    """When they last proved who they are."""
    actor: Actor
    """Their standing in this org as authorization sees it, grants and delegations included."""
    method: str = "password"
    """How they did."""
    held_up: bool = False
    """The org asks for a second factor, and they have none yet."""
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return a name for flask-login; the cookie's raw id is never kept here."""
        return self.session_hash

    @property
    def org_id(self) -> str:
        """Return the org this browser looks at."""
        return self.signed.org_id

    @property
    def name(self) -> str:
        """Return the person's name in the log."""
        return f"user:{self.signed.user_id}"

    @property
    def agent_context(self) -> bool:
        """Say whether an agent acts in this session with their identity: it never decides."""
        return self.actor.agent_context

    def is_fresh(self, now: int) -> bool:
        """Say whether they proved who they are recently enough for what could do most harm."""
        return not self.agent_context and now - self.authenticated_at < FRESH

    def reviewer(self) -> Reviewer:
        """Return the person as one who decides on this request."""
        return Reviewer(
            self.signed.user_id,
            self.signed.display_name,
            "page",
            session_id=self.session_hash,
            address=request.remote_addr or "",
            user_agent=request.headers.get("User-Agent", "")[:300],
            agent_context=self.agent_context,
            method=self.method,
        )

"""Who may know of a call and who may decide it, by the same rules as the queue."""

from collections.abc import Sequence
from contextlib import nullcontext

from sqlalchemy.orm import Session

from webui.approvals.answering.barring import others_voices, why_not
from webui.approvals.answering.reviewing import resource_of
from webui.approvals.authorization import DECIDE, VIEW, Access, Actor, authorize
from webui.approvals.ending import current_status
from webui.store.models import Approval
from webui.store.queries.calls import Vote
from webui.store.queries.standing import OrgDirectory, person_in


class Audience:
    """The people of one org at one moment; each is looked up once."""

    def __init__(self, session: Session, org_id: str, now: int) -> None:
        self._session, self._org_id, self.now = session, org_id, now
        self._directory = OrgDirectory(lambda: nullcontext(session), org_id, now)
        self._actors: dict[str, Actor] = {}

    def actor(self, user_id: str) -> Actor:
        """Return a person as authorization sees them when they open a page."""
        if user_id not in self._actors:
            self._actors[user_id] = person_in(
                self._session, self._org_id, user_id, self.now, source="session"
            )
        return self._actors[user_id]

    def sees(self, user_id: str, approval: Approval) -> bool:
        """Say whether a person may know of a call."""
        resource = resource_of(approval)
        actor = self.actor(user_id)
        return authorize(actor, VIEW, resource, None, self._directory).allowed

    def decides(
        self,
        user_id: str,
        approval: Approval,
        owner: str | None,
        votes: Sequence[Vote] = (),
    ) -> Access | None:
        """Return by what right a person could decide a call now; none if they could not.

        Args:
            user_id: who.
            approval: which.
            owner: who owns its agent now.
            votes: the verdicts given so far.

        """
        if not self.sees(user_id, approval):
            return None
        actor = self.actor(user_id)
        resource = resource_of(approval, owner, others_voices(actor, votes))
        access = authorize(actor, DECIDE, resource, None, self._directory)
        status = current_status(approval, self.now)
        barred = why_not(actor, access, status, "", votes, approval.settles_at)
        return access if barred is None and access.allowed else None

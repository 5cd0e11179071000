"""The live socket's side of the dashboard: tickets, and who may know of which event."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from flask import Blueprint, jsonify
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import VIEW, Actor, Resource, authorize
from webui.approvals.desk import approval_of
from webui.live.bus import Wake
from webui.live.feed import Viewer
from webui.live.sockets import RESYNC_ABOVE
from webui.runtime import Runtime
from webui.store.queries import calls, events, identity, install
from webui.store.queries.identity import Signed
from webui.web.access import me
from webui.web.context import desk
from webui.web.sessions import lives

blueprint = Blueprint("live", __name__)


@blueprint.post("/ws/ticket")
def ticket() -> BaseResponse:
    """Give a ticket for one opening of the live socket; the page asks anew for each."""
    return jsonify(ticket=desk().tickets.issue(me().session_hash))


class Audience(NamedTuple):
    """Those who may see the same events. A member sees their own agents' calls only."""

    role: str | None
    instance_admin: bool
    owner_id: str


class PeopleFeed:
    """What the sockets ask, answered from the rows and by `authorize`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._store = runtime.store

    def viewer(self) -> Viewer | None:
        """Return who is signed in on this request."""
        if not current_user.is_authenticated:
            return None
        return viewer_of(me().session_hash, me().signed)

    def recheck(self, viewer: Viewer) -> Viewer | None:
        """Return the same viewer by the rows of now; none once the session is over."""
        with self._store.reading() as session:
            found = identity.signed_session(session, viewer.session_id)
        if found is None or not lives(self._runtime, found):
            return None
        return viewer_of(viewer.session_id, found.person)

    def may_see(self, viewer: Viewer, wake: Wake) -> bool:
        """Say whether this audience may know of an event: those of approvals, as on pages."""
        if not wake.approval_id or wake.org_id != viewer.org_id:
            return False
        audience = cast("Audience", viewer.audience)
        actor = Actor(
            "user",
            viewer.user_id,
            viewer.org_id,
            role=audience.role,
            instance_admin=audience.instance_admin,
            source="session",
        )
        owner = self._owner(wake) if audience.owner_id else None
        return authorize(actor, VIEW, Resource(wake.org_id, agent_owner=owner)).allowed

    def _owner(self, wake: Wake) -> str | None:
        with self._store.reading() as session:
            return calls.agent_owner(session, wake.org_id, wake.approval_id)

    def backlog(self, org_id: str, since: int) -> Sequence[Wake] | None:
        """Return what happened after `since`, or none when the page must load anew."""
        with self._store.reading() as session:
            end = events.end(session, org_id)
            if not end.pruned_upto <= since <= end.seq or end.seq - since > RESYNC_ABOVE:
                return None
            missed = events.after(session, org_id, since, RESYNC_ABOVE)
        return [
            Wake(wake.org_id, wake.seq, wake.action, approval_of(wake.subject))
            for wake in missed
        ]

    def head(self, org_id: str) -> int:
        """Return the newest sequence number of an org's log."""
        with self._store.reading() as session:
            return events.end(session, org_id).seq

    def epoch(self, org_id: str) -> str:
        """Return the name of an org's log as it is now."""
        with self._store.reading() as session:
            return install.identity(session).epoch(org_id)


def viewer_of(session_hash: str, signed: Signed) -> Viewer:
    """Return a person as the sockets know them."""
    owner_id = signed.user_id if signed.role == "member" else ""
    audience = Audience(signed.role, signed.instance_admin, owner_id)
    return Viewer(session_hash, signed.user_id, signed.org_id, audience)

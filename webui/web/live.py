"""The live socket's side of the dashboard: tickets, and who may know of which event."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from flask import Blueprint, jsonify
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.answering.reviewing import resource_of
from webui.approvals.authorization import SOURCES, VIEW, Actor, Resource, authorize
from webui.approvals.desk import approval_of
from webui.live.bus import Wake
from webui.live.feed import Viewer
from webui.live.sockets import RESYNC_ABOVE
from webui.preview import PREVIEW_VERSION
from webui.runtime import Runtime
from webui.store.queries import calls, events, identity, install, write_grants
from webui.store.queries.standing import OrgDirectory
from webui.web.access import me
from webui.web.context import desk
from webui.web.doors import open_to_agents
from webui.web.sessions import actor_behind, lives

blueprint = Blueprint("live", __name__)
OF_WEBHOOKS = ("source.", "endpoint.", "delivery.")
REREADS = ("policy.changed", "settings.changed")
"""After these the worker reads anew what waits: rows may look otherwise without another event."""


@blueprint.post("/ws/ticket")
@open_to_agents
def ticket() -> BaseResponse:
    """Give a ticket for one opening of the live socket; the page asks anew for each."""
    return jsonify(ticket=desk().tickets.issue(me().session_hash))


class Audience(NamedTuple):
    """Those who may see the same events; who sees only some calls is alone."""

    role: str | None
    narrowed: Actor | None
    """Whose eyes it depends on; none for those who see all of the org's."""
    sources: bool = False
    """Whether the pages of sources and deliveries are open to them."""


class PeopleFeed:
    """What the sockets ask, answered from the rows and by `authorize`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._store = runtime.store

    def viewer(self) -> Viewer | None:
        """Return who is signed in on this request."""
        if not current_user.is_authenticated or me().held_up:
            return None
        return viewer_of(me().session_hash, me().actor)

    def recheck(self, viewer: Viewer) -> Viewer | None:
        """Return the same viewer by the rows of now; none once the session is over."""
        with self._store.reading() as session:
            found = identity.signed_session(session, viewer.session_id)
            if found is None or found.held_up or not lives(self._runtime, found):
                return None
            actor = actor_behind(session, found, self._store.now())
        return viewer_of(viewer.session_id, actor)

    def may_see(self, viewer: Viewer, wake: Wake) -> bool:
        """Say whether this audience may know of an event, as their pages would show it.

        Those of approvals; and, that something happened at all, those of webhooks and those
        after which everybody's rows are read anew.
        """
        if wake.org_id != viewer.org_id:
            return False
        audience = cast("Audience", viewer.audience)
        if wake.type.startswith(OF_WEBHOOKS):
            return audience.sources
        if wake.type in REREADS:
            return True
        if not wake.approval_id:
            return False
        return audience.narrowed is None or self._may_see(audience.narrowed, wake)

    def _may_see(self, actor: Actor, wake: Wake) -> bool:
        with self._store.reading() as session:
            approval = calls.about(session, wake.org_id, wake.approval_id)
        if approval is None:
            return False
        directory = OrgDirectory(self._store.reading, wake.org_id, self._store.now())
        return authorize(actor, VIEW, resource_of(approval), None, directory).allowed

    def addressee(self, wake: Wake) -> str | None:
        """Return in whose name an agent would write, if that is what happened."""
        if wake.type != "write_grant.requested":
            return None
        with self._store.reading() as session:
            return write_grants.requested_of(session, wake.org_id, wake.seq)

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
            return epoch_of(session, org_id)


def epoch_of(session: Session, org_id: str) -> str:
    """Return the name of an org's log as pages follow it: one drawn by older readings looks anew."""
    return f"{install.identity(session).epoch(org_id)}/{PREVIEW_VERSION}"


def viewer_of(session_hash: str, actor: Actor) -> Viewer:
    """Return a person as the sockets know them."""
    sees_all = authorize(actor, VIEW, Resource(actor.org_id)).allowed
    sources = authorize(actor, SOURCES, Resource(actor.org_id)).allowed
    audience = Audience(actor.role, None if sees_all else actor, sources)
    return Viewer(session_hash, actor.id, actor.org_id, audience)

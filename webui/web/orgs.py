"""The orgs of a person: which one this browser looks at."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.people import sessions
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.doors import open_to_agents, open_while_held_up

blueprint = Blueprint("orgs", __name__, url_prefix="/orgs")


@blueprint.post("/switch")
@open_while_held_up
@open_to_agents
def switch() -> BaseResponse:
    """Look at another org; the live sockets of this session open anew for it."""
    person, org_id = me(), request.form.get("org", "")
    user_id, session_hash = person.signed.user_id, person.session_hash
    house().store.write(lambda tx: sessions.switch_org(tx, session_hash, user_id, org_id))
    desk().sockets.drop(session_id=session_hash)
    desk().rings.forget(session_hash)
    return redirect(url_for("queue.page"), 303)

"""What could do most harm asks for a proof of the last fifteen minutes (spec: authorization.md)."""

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.exceptions import HTTPException

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import NotAllowedError
from webui.sentences import sentence
from webui.web.access import me, refuse_agents, require
from webui.web.context import house
from webui.web.person import Person
from webui.web.render import wants_part
from webui.web.targets import local_path


def require_fresh(back: str = "") -> Person:
    """Return the person if they proved who they are lately; else lead them to do it.

    They come back to `back`, a path of this site, by default the page that the request came
    from; nothing of a form is sent for them.

    Raises:
        NotAllowedError: a script asks, or an agent acts in this session.

    """
    person = me()
    if person.is_fresh(house().store.now()):
        return person
    refuse_agents()
    if wants_part():
        raise NotAllowedError(
            "confirm_first",
            sentence("Confirm on your account's page that it is you, then try again."),
        )
    lead = redirect(url_for("confirm.page", next=local_path(back) or _here()), 303)
    raise HTTPException(response=lead)


def manager(back: str) -> Person:
    """Return the person if they may change who may what here, and proved who they are lately.

    Whoever finds an open browser, or an agent in it, could otherwise make themselves a second
    person who decides.

    Raises:
        NotAllowedError: they do not manage members, or an agent acts in this session.

    """
    require(MEMBERS)
    return require_fresh(back)


def _here() -> str:
    """Return the page to come back to."""
    if request.method == "GET":
        return local_path(request.full_path.rstrip("?"))
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return ""
    query = f"?{came_from.query}" if came_from.query else ""
    return local_path(came_from.path + query)

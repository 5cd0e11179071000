"""The people of the org."""

from dataclasses import dataclass

from flask import Blueprint

from webui.approvals.authorization import VIEW
from webui.store.queries import people
from webui.web.access import me, require
from webui.web.context import house
from webui.web.render import page as whole_page

blueprint = Blueprint("people", __name__)

ROLE_WORDS = {
    "owner": "may do everything",
    "admin": "runs the desk and decides",
    "operator": "cares for agents and sources",
    "reviewer": "sees and decides calls",
    "auditor": "sees everything, changes nothing",
    "viewer": "sees calls",
    "member": "sees the calls of their own agents",
}


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person of the org."""

    name: str
    email: str
    role: str
    role_words: str
    active: bool
    last_seen_at: int | None
    me: bool


@blueprint.get("/people")
def page() -> str:
    """Show who may see and decide here."""
    org_id = require(VIEW).org_id
    with house().store.reading() as session:
        found = people.members(session, org_id)
    return whole_page(
        "people/page.html",
        people=[
            PersonView(
                member.display_name,
                member.email,
                member.role,
                ROLE_WORDS.get(member.role, ""),
                member.status == "active" and member.standing == "active",
                member.last_seen_at,
                member.user_id == me().signed.user_id,
            )
            for member in found
        ],
    )

"""The people of the org, and who is invited into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session

from webui.approvals.authorization import MEMBERS, ROLES, VIEW
from webui.approvals.words import WHO_RUNS_IT
from webui.preview import visible
from webui.sentences import sentence
from webui.store.queries import people, persons
from webui.store.queries.delegations import Delegated, delegations_of
from webui.store.queries.groups import groups_of
from webui.store.queries.invitations import Pending, pending
from webui.store.queries.people import Member
from webui.web.access import may, me, require
from webui.web.context import desk, house
from webui.web.linked_chats import LinkedChat, linked_chats
from webui.web.once import Secret
from webui.web.render import page as whole_page

blueprint = Blueprint("people", __name__)
PER_PAGE = 50
INVITED = 50
ROLE_WORDS = {
    "owner": sentence("may do everything"),
    "admin": sentence("runs the desk and decides"),
    "operator": sentence("cares for agents and sources"),
    "reviewer": sentence("sees and decides calls"),
    "auditor": sentence("sees everything, changes nothing"),
    "viewer": sentence("sees calls"),
    "member": sentence("sees the calls of their own agents"),
}


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person of the org."""

    id: str
    name: str
    email: str
    role: str
    role_words: str
    state: str
    """active, suspended (in this org) or off (the whole account)."""
    groups: tuple[str, ...]
    second_factor: bool
    last_seen_at: int | None
    delegates: tuple[Delegated, ...]
    chats: tuple[LinkedChat, ...]
    """Users of chats who decide as they do; told to those who manage members."""
    same_as: tuple[str, ...]
    """The addresses of their other accounts in this org."""
    me: bool
    may_change: bool
    """Whether a form stands here; the rules look again when it is sent."""


@dataclass(frozen=True, slots=True)
class InvitationView:
    """Somebody who has not come yet."""

    id: str
    email: str
    role: str
    invited_by: str
    expires_at: int


@blueprint.get("/people")
def page() -> str:
    """Show who may see and decide here."""
    return show()


def show(error: str | None = None, *, typed: Mapping[str, str] | None = None) -> str:
    """Return the page, with what was refused and what had been typed."""
    require(VIEW)
    manages = may(MEMBERS).allowed
    with house().store.reading() as session:
        found, following = _people(session, manages=manages)
        invited = _invited(session) if manages else ([], False)
    return whole_page(
        "people/page.html",
        people=found,
        following=following,
        invitations=invited[0],
        more_invited=invited[1],
        invitation_link=_link(),
        roles=_roles() if manages else (),
        may_manage=manages,
        error=error,
        typed=typed or {},
    )


def _people(session: Session, *, manages: bool) -> tuple[list[PersonView], str | None]:
    org_id, now = me().org_id, house().store.now()
    after = request.args.get("after", "")
    rows = people.members(session, org_id, after=after, most=PER_PAGE + 1)
    following = rows[PER_PAGE - 1].user_id if len(rows) > PER_PAGE else None
    rows = rows[:PER_PAGE]
    ids = [row.user_id for row in rows]
    facts = _Facts(
        groups_of(session, org_id, ids),
        delegations_of(session, org_id, ids, now),
        persons.others_of(session, org_id, ids),
        persons.aliases_of(session, me().signed.user_id),
        linked_chats(session, org_id, ids) if manages else (),
    )
    return [_view(row, facts, manages=manages) for row in rows], following


@dataclass(frozen=True, slots=True)
class _Facts:
    groups: Mapping[str, tuple[str, ...]]
    delegations: Sequence[Delegated]
    others: Mapping[str, tuple[str, ...]]
    mine: frozenset[str]
    chats: Sequence[LinkedChat]


def _view(row: Member, facts: _Facts, *, manages: bool) -> PersonView:
    off = row.status != "active"
    return PersonView(
        row.user_id,
        visible(row.display_name),
        row.email,
        row.role,
        ROLE_WORDS.get(row.role, ""),
        "off" if off else row.standing,
        facts.groups.get(row.user_id, ()),
        row.second_factor,
        row.last_seen_at,
        tuple(given for given in facts.delegations if given.user_id == row.user_id),
        tuple(each for each in facts.chats if each.user_id == row.user_id),
        facts.others.get(row.user_id, ()),
        row.user_id == me().signed.user_id,
        manages and row.user_id not in facts.mine and ROLES[row.role] <= _held(),
    )


def _held() -> frozenset[str]:
    signed = me().signed
    if signed.instance_admin:
        return ROLES["owner"]
    return ROLES.get(signed.role or "", frozenset())


def _roles() -> tuple[tuple[str, str], ...]:
    """Return the roles that the person may give, with what each means."""
    return tuple(
        (role, words) for role, words in ROLE_WORDS.items() if ROLES[role] <= _held()
    )


def _invited(session: Session) -> tuple[list[InvitationView], bool]:
    org_id, now = me().org_id, house().store.now()
    rows = pending(session, org_id, now, INVITED + 1)
    names = people.names(session, org_id, [row.invited_by for row in rows])
    return [_invitation(row, names) for row in rows[:INVITED]], len(rows) > INVITED


def _invitation(row: Pending, names: Mapping[str, str]) -> InvitationView:
    inviter = names.get(row.invited_by)
    by = WHO_RUNS_IT if inviter is None else visible(inviter)
    return InvitationView(row.id, row.email, row.role, by, row.expires_at)


def _link() -> dict[str, Any] | None:
    made: Secret | None = desk().once.take(me().session_hash, "people")
    return None if made is None else {"email": made.name, "link": made.text}

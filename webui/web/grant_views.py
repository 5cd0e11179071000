"""A standing grant as pages show it: what is free, what is pinned, how long, by whom."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flask import url_for
from sqlalchemy.orm import Session

from webui.approvals.call.arguments import effective_arguments
from webui.approvals.grants.covering import opened
from webui.preview import (
    Node,
    arguments_told,
    card,
    full,
    in_order,
    inline,
    visible,
)
from webui.sentences import sentence
from webui.store.models import StandingGrant
from webui.store.queries import people
from webui.store.queries.standing_grants import GrantRow
from webui.web.context import house
from webui.web.granted import url_of

_WORDS = {
    "eq": sentence("is"),
    "neq": sentence("is not"),
    "in": sentence("is one of"),
    "not_in": sentence("is none of"),
    "lt": sentence("is below"),
    "lte": sentence("is at most"),
    "gt": sentence("is above"),
    "gte": sentence("is at least"),
    "starts_with": sentence("starts with"),
    "ends_with": sentence("ends with"),
    "contains": sentence("contains"),
    "regex": sentence("fits the expression"),
    "glob": sentence("fits the pattern"),
    "any": sentence("has an item that fits"),
    "all": sentence("has only items that fit"),
}
_SHOWN = ("tool_def", "scope", "ctx", "rule_hash", "source")
"""Of what a covered call must have in common; the person it acts for is named apart."""


@dataclass(frozen=True, slots=True)
class Free:
    """One argument that may differ, and how far."""

    name: str
    """Where it is in the call; visible text."""
    words: str
    node: Node | None
    """What it is measured by, safe and masked; none where any value will do."""


@dataclass(frozen=True, slots=True)
class GrantView:
    """One standing grant. All texts of agents and people are visible text already."""

    id: str
    url: str
    live: bool
    state: str
    agent_name: str
    tool: str
    arguments: str
    risk: str
    free: tuple[Free, ...]
    pinned: tuple[Node, ...]
    place: tuple[Node, ...]
    """What else must be the same."""
    on_behalf_of: str | None
    session: str | None
    uses: int
    used: int
    created_at: int
    expires_at: int
    ended_at: int | None
    maker: str
    approval_url: str
    revoker: str | None


def grant_view(
    session: Session, row: GrantRow, view: Literal["card", "full"] = "card"
) -> GrantView:
    """Return a grant as it stands now; `view` says how much is shown of what it pins."""
    grant, runtime = row.grant, house()
    _, conditions = opened(session, runtime.keyring, grant)
    whole = effective_arguments(session, runtime.keyring, row.made_from).value
    bound = json.loads(grant.bound)
    return GrantView(
        id=grant.id,
        url=url_of(grant.id),
        live=is_live(grant),
        state=_state(grant),
        agent_name=visible(row.agent_name),
        tool=inline(grant.tool),
        arguments=arguments_told(grant.tool, grant.line),
        risk=grant.risk,
        free=tuple(_free(row, each) for each in conditions),
        pinned=_pinned(row, whole, conditions, view),
        place=_nodes(row, {name: bound[name] for name in _SHOWN if bound.get(name)}, view),
        on_behalf_of=_person(session, grant.org_id, bound.get("on_behalf_of")),
        session=None if grant.session is None else visible(grant.session),
        uses=grant.uses,
        used=grant.used,
        created_at=grant.created_at,
        expires_at=grant.expires_at,
        ended_at=grant.ended_at,
        maker=visible(row.maker),
        approval_url=url_for("approval.page", approval_id=grant.approval_id),
        revoker=None if row.revoker is None else visible(row.revoker),
    )


def is_live(grant: StandingGrant) -> bool:
    """Say whether it still covers calls."""
    return grant.ended_at is None and grant.expires_at > house().store.now()


def _state(grant: StandingGrant) -> str:
    if grant.revoked_by is not None:
        return sentence("Revoked")
    if is_live(grant):
        return sentence("Stands")
    return sentence("Used up") if grant.used >= grant.uses else sentence("Time is over")


def _free(row: GrantRow, condition: Mapping[str, Any]) -> Free:
    steps, op, value = condition["path"].split(".")[1:], condition["op"], condition["value"]
    name = inline(".".join(steps))
    if op == "exists":
        words = sentence("any value") if value else sentence("not there at all")
        return Free(name, words, None)
    for step in reversed(steps):  # below its own names, so that what they hide stays hidden
        value = {step: value}
    (node,) = _nodes(row, value, "full")
    return Free(name, _WORDS.get(op, op), node)


def _pinned(
    row: GrantRow,
    whole: Mapping[str, Any],
    conditions: Sequence[Mapping[str, Any]],
    view: Literal["card", "full"],
) -> tuple[Node, ...]:
    """Return what must be the same, masked as it was beside the arguments that may differ."""
    freed = {str(each["path"]).partition(".")[2] for each in conditions}
    nodes = _nodes(row, whole, view)
    return tuple(
        node
        for name, node in zip(in_order(whole), nodes, strict=False)
        if name not in freed
    )


def _nodes(
    row: GrantRow, members: Mapping[str, Any], view: Literal["card", "full"]
) -> tuple[Node, ...]:
    show = full if view == "full" else card
    return show(row.grant.tool, members, house().profile_for(row.made_from)).nodes


def _person(session: Session, org_id: str, user_id: str | None) -> str | None:
    if not user_id:
        return None
    name = f"user:{user_id}"
    return visible(people.names(session, org_id, {name}).get(name, user_id))

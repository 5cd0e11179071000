"""Agents and their keys: made, rotated, revoked; a key is shown once."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.agents import agents
from webui.approvals.authorization import AGENTS, AGENTS_CREATE, AUDIT_READ, VIEW
from webui.approvals.errors import InvalidError, NotFoundError
from webui.store.queries.programs import key_of, programs
from webui.store.transaction import Transaction
from webui.web.access import may, me, require
from webui.web.agent_views import (
    LATELY,
    agent_view,
    asked_lately,
    in_order,
    order_of,
    orders,
)
from webui.web.context import desk, house
from webui.web.fresh import require_fresh
from webui.web.once import Secret
from webui.web.render import page as whole_page

blueprint = Blueprint("agents", __name__, url_prefix="/agents")
MOST = 500


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key that was just made."""

    agent_name: str
    secret: str


@blueprint.get("")
def page() -> str:
    """Show the agents of the org."""
    return show()


def show(
    error: str | None = None,
    name_typed: str = "",
    changed: tuple[str, Mapping[str, str]] | None = None,
) -> str:
    """Return the page, with what was refused and what had been typed.

    Args:
        error: the refusal.
        name_typed: of a new agent.
        changed: the agent whose form was refused, and what stood in it.

    """
    org_id, now = require(VIEW).org_id, house().store.now()
    # who may not read the insights learns no number of theirs
    is_counted = may(AUDIT_READ).allowed
    with house().store.reading() as session:
        found = programs(session, org_id, now, most=MOST + 1)
        counts = asked_lately(session, org_id, now) if is_counted else None
    order = order_of(request.args.get("sort", ""))
    views = [agent_view(program, now, counts, order) for program in found[:MOST]]
    opened = changed[0] if changed else request.args.get("agent", "")
    made = desk().once.take(me().session_hash, "agents")
    return whole_page(
        "agents/page.html",
        agents=in_order(views, order),
        agent=next((view for view in views if view.id == opened), None),
        orders=orders(order, is_counted=is_counted),
        is_counted=is_counted,
        lately=LATELY,
        close_url=url_for("agents.page", sort=order or None),
        changed=changed,
        more=len(found) > MOST,
        most=MOST,
        created_key=made and CreatedKey(made.name, made.text),
        may_edit=may(AGENTS).allowed,
        error=error,
        name_typed=name_typed,
        api_url=house().bound.agents.url,
    )


@blueprint.post("")
def create() -> BaseResponse | tuple[str, int]:
    """Make an agent and its first key."""
    person = require(AGENTS_CREATE)
    require_fresh(url_for("agents.page"))
    org_id, actor = person.org_id, person.name
    name = request.form.get("name", "").strip()

    def make(tx: Transaction) -> str:
        agent_id = agents.create_agent(tx, org_id, name, actor=actor)
        return agents.create_key(tx, org_id, agent_id, actor=actor)

    try:
        secret = house().store.write(make)
    except InvalidError as error:
        return show(error.detail, name), 422
    return _shown(name, secret)


@blueprint.post("/keys/<key_id>/rotate")
def rotate_key(key_id: str) -> BaseResponse | tuple[str, int]:
    """Make a successor of a key; the old one works on for a while."""
    person = require(AGENTS)
    require_fresh(url_for("agents.page"))
    org_id, actor = person.org_id, person.name
    with house().store.reading() as session:
        found = key_of(session, org_id, key_id)
    if found is None:
        raise NotFoundError("key")
    try:
        secret = house().store.write(
            lambda tx: agents.rotate_key(tx, org_id, key_id, actor=actor)
        )
    except InvalidError as error:
        return show(error.detail), 422
    return _shown(found[1], secret, found[0].agent_id)


@blueprint.post("/keys/<key_id>/revoke")
def revoke_key(key_id: str) -> BaseResponse:
    """Revoke a key at once."""
    person = require(AGENTS)
    org_id, actor = person.org_id, person.name
    house().store.write(lambda tx: agents.revoke_key(tx, org_id, key_id, actor=actor))
    with house().store.reading() as session:
        found = key_of(session, org_id, key_id)
    return redirect(address(found[0].agent_id if found else ""), 303)


def _shown(name: str, secret: str, agent_id: str = "") -> BaseResponse:
    desk().once.keep(me().session_hash, Secret("agents", name, secret))
    return redirect(address(agent_id), 303)


def address(agent_id: str = "") -> str:
    """Return where the agents are, with one of them open if it is named."""
    if not agent_id:
        return url_for("agents.page")
    return url_for("agents.page", agent=agent_id, _anchor="agent")

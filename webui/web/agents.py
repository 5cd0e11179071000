"""Agents and their keys: made, rotated, revoked; a key is shown once."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.agents import agents
from webui.approvals.authorization import AGENTS, AGENTS_CREATE, VIEW
from webui.approvals.errors import InvalidError, NotFoundError
from webui.sentences import sentence
from webui.store.queries.programs import Program, key_of, programs
from webui.store.transaction import Transaction
from webui.web.access import may, me, require
from webui.web.context import desk, house
from webui.web.fresh import require_fresh
from webui.web.once import Secret
from webui.web.render import page as whole_page

blueprint = Blueprint("agents", __name__, url_prefix="/agents")
MOST = 500


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key of an agent."""

    id: str
    prefix: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None
    expires_at: int | None


STATUS_WORDS: Mapping[str, str] = {
    "active": sentence("Active"),
    "paused": sentence("Paused"),
    "pending_approval": sentence("Pending approval"),
    "terminated": sentence("Terminated"),
}


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent with its keys."""

    id: str
    name: str
    owner: str | None
    owner_email: str
    manager: str | None
    project: str | None
    role: str | None
    can_create_agents: bool
    status: str
    status_word: str
    created_at: int
    waiting: int
    keys: tuple[KeyView, ...]

    def __getitem__(self, name: str) -> object:
        """Let the template write `agent["keys"]`, as for a plain mapping."""
        return getattr(self, name)


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
    org_id = require(VIEW).org_id
    with house().store.reading() as session:
        found = programs(session, org_id, house().store.now(), most=MOST + 1)
    made = desk().once.take(me().session_hash, "agents")
    return whole_page(
        "agents/page.html",
        agents=[_view(program) for program in found[:MOST]],
        changed=changed,
        more=len(found) > MOST,
        most=MOST,
        created_key=made and CreatedKey(made.name, made.text),
        may_edit=may(AGENTS).allowed,
        error=error,
        name_typed=name_typed,
        api_url=house().bound.agents.url,
    )


def _view(program: Program) -> AgentView:
    agent = program.agent
    return AgentView(
        agent.id,
        agent.name,
        program.owner,
        program.owner_email or "",
        program.manager,
        program.project,
        agent.role,
        agent.can_create_agents,
        agent.status,
        STATUS_WORDS.get(agent.status, agent.status),
        agent.created_at,
        program.waiting,
        tuple(
            KeyView(
                key.id,
                f"csk_{key.id}",
                key.created_at,
                key.used_at,
                key.revoked_at,
                key.expires_at,
            )
            for key in program.keys
        ),
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
    return _shown(found[1], secret)


@blueprint.post("/keys/<key_id>/revoke")
def revoke_key(key_id: str) -> BaseResponse:
    """Revoke a key at once."""
    person = require(AGENTS)
    org_id, actor = person.org_id, person.name
    house().store.write(lambda tx: agents.revoke_key(tx, org_id, key_id, actor=actor))
    return redirect(url_for("agents.page"), 303)


def _shown(name: str, secret: str) -> BaseResponse:
    desk().once.keep(me().session_hash, Secret("agents", name, secret))
    return redirect(url_for("agents.page"), 303)

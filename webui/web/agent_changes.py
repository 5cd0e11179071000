"""Changing what an agent is: owner, manager, project, role, status."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.agents.agent_changes import AgentChange, change_agent
from webui.approvals.authorization import AGENTS
from webui.approvals.errors import DeskError, NotFoundError
from webui.approvals.people.standing import By
from webui.web import agents
from webui.web.access import require
from webui.web.context import house

blueprint = Blueprint("agent_changes", __name__, url_prefix="/agents")


@blueprint.post("/<agent_id>/change")
def change(agent_id: str) -> BaseResponse | tuple[str, int]:
    """Change an agent as its form says; what the form leaves out stays."""
    person, form = require(AGENTS), request.form
    org_id, by = person.org_id, By(person.signed.user_id)
    wanted = AgentChange(
        owner=form.get("owner"),
        manager=form.get("manager"),
        project=form.get("project"),
        role=form.get("role"),
        # A box that is not ticked sends nothing, so the form says that it has one.
        can_create_agents="can_create_agents" in form if "has_flag" in form else None,
        status=form.get("status") or None,
    )
    try:
        house().store.write(lambda tx: change_agent(tx, org_id, by, agent_id, wanted))
    except NotFoundError:
        raise
    except DeskError as error:
        return agents.show(error.detail, changed=(agent_id, form)), problems.status_of(
            error
        )
    return redirect(agents.address(agent_id), 303)

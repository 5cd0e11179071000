"""Agents as an orchestrator knows them: made and changed by its own names, again and again."""

from dataclasses import replace

from sqlalchemy import select

from webui.approvals.agents.agent_changes import AgentChange, change_agent
from webui.approvals.agents.agents import NAME_MAX, create_agent
from webui.approvals.agents.outside import Put, known_as, reference
from webui.approvals.authorization import AGENTS, AGENTS_CREATE
from webui.approvals.errors import ConflictError, Fault, InvalidError
from webui.approvals.people.standing import By, require_in
from webui.sentences import sentence
from webui.store.models import Agent, Project
from webui.store.transaction import Transaction


def put_agent(
    tx: Transaction,
    org_id: str,
    by: By,
    external_id: str,
    name: str | None,
    change: AgentChange,
) -> Put:
    """Make or change the agent that an orchestrator knows by this name. A new one has no key.

    Raises:
        InvalidError: a value will not do.
        ConflictError: it is terminated and asked to be otherwise.

    """
    require_in(tx, org_id, by, AGENTS)
    agent = known_as(tx.session, Agent, org_id, external_id)
    if agent is None:
        require_in(tx, org_id, by, AGENTS_CREATE)
        agent_id = create_agent(tx, org_id, name or "", actor=by.name)
        tx.session.get_one(Agent, agent_id).external_id = external_id
        tx.session.flush()
        note = {"before": {"external_id": None}, "after": {"external_id": external_id}}
        tx.record(org_id, by.name, "agent.changed", f"agent:{agent_id}", note)
        change_agent(tx, org_id, by, agent_id, _by_ids(tx, org_id, change))
        return Put(agent_id, changed=True)
    if agent.status == "terminated":
        if change.status == "terminated":
            return Put(agent.id, changed=False)
        raise ConflictError(
            "agent_terminated",
            sentence("This agent is terminated for good; make a new one."),
        )
    told = len(tx.happenings)
    if name is not None:
        _rename(tx, agent, by, name.strip())
    change_agent(tx, org_id, by, agent.id, _by_ids(tx, org_id, change))
    return Put(agent.id, changed=len(tx.happenings) > told)


def _by_ids(tx: Transaction, org_id: str, change: AgentChange) -> AgentChange:
    """Return the change with ids for an orchestrator's names of manager and project."""
    session = tx.session
    if change.manager:
        manager = reference(session, Agent, org_id, change.manager, "/manager")
        change = replace(change, manager=manager)
    if change.project:
        project = reference(session, Project, org_id, change.project, "/project")
        change = replace(change, project=project)
    return change


def _rename(tx: Transaction, agent: Agent, by: By, name: str) -> None:
    if name == agent.name:
        return
    taken = select(Agent.id).where(Agent.org_id == agent.org_id, Agent.name == name)
    will_do = 0 < len(name) <= NAME_MAX and name.isprintable()
    if not will_do or tx.session.scalar(taken) is not None:
        raise InvalidError(
            sentence(
                "The name must be 1 to %(name_max)s printable characters that no other "
                "agent has.",
                name_max=NAME_MAX,
            ),
            [Fault("/name", sentence("will not do or is in use"))],
        )
    note = {"before": {"name": agent.name}, "after": {"name": name}}
    agent.name = name
    tx.session.flush()
    tx.record(agent.org_id, by.name, "agent.changed", f"agent:{agent.id}", note)

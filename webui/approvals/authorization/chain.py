"""Who is below whom: the reporting chain of agents."""

from webui.approvals.authorization.facts import Directory

LEVELS = 50
"""How far up the search goes. It also ends a cycle."""


def is_below(directory: Directory, agent_id: str, managers: frozenset[str]) -> bool:
    """Say whether an agent is one of these managers or reports to one over some levels.

    Every agent on the way, the manager too, must be one of the org: the chain of an agent that
    is missing or another org's ends with no.
    """
    next_id: str | None = agent_id
    for _ in range(LEVELS + 1):  # the agent itself and so many above it
        current = directory.agent(next_id) if next_id else None
        if current is None:
            return False
        if current.id in managers:
            return True
        next_id = current.reports_to
    return False

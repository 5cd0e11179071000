"""A directory of one org in memory, for questions of authorization that look things up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webui.approvals.authorization import AgentFacts, Grant, Policied


@dataclass(frozen=True)
class Book:
    """What is written in it; everything else is another org's or nobody's."""

    agents: Mapping[str, AgentFacts] = field(default_factory=dict)
    projects: Mapping[str, object] = field(default_factory=dict)
    issues: Mapping[str, object] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[tuple[str, str], Sequence[Grant]] = field(default_factory=dict)

    def agent(self, agent_id: str, /) -> AgentFacts | None:
        return self.agents.get(agent_id)

    def project(self, project_id: str, /) -> Policied | None:
        return Policied(self.projects[project_id]) if project_id in self.projects else None

    def issue(self, issue_id: str, /) -> Policied | None:
        return Policied(self.issues[issue_id]) if issue_id in self.issues else None

    def membership(self, user_id: str, /) -> str | None:
        return self.members.get(user_id)

    def grants(self, kind: str, principal_id: str, /) -> Sequence[Grant]:
        return self.given.get((kind, principal_id), ())


def agents(**managers: str | None) -> dict[str, AgentFacts]:
    """Return active agents, each with whom it reports to."""
    return {name: AgentFacts(name, reports_to=boss) for name, boss in managers.items()}

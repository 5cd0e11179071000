"""What a question of authorization is about, and its answer. Facts only; nothing is looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

PrincipalKind = Literal["user", "agent", "group"]
Source = Literal[
    "local_implicit",
    "session",
    "token",
    "agent_key",
    "agent_jwt",
    "chat",
    "board_key",  # an older name of token
    "cloud_tenant",  # as session
    "none",
]
_CHANNELS: Mapping[str, str] = {
    "local_implicit": "cli",
    "session": "page",
    "cloud_tenant": "page",
    "token": "token",
    "board_key": "token",
    "chat": "chat",
}
CHANNELS = frozenset(_CHANNELS.values())
"""The ways on which a person decides."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission given to one user, agent or group, within a scope."""

    id: str
    permission: str
    scope: Mapping[str, object] | None = field(default=None, hash=False)
    """As saved; none or empty: unlimited."""
    approval_id: str = ""
    """The approval whose yes made it, for one use: whoever acts on it has to spend it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. A user's role and status are those of the org in question, read anew."""

    type: Literal["user", "agent", "none"]
    id: str = ""
    org_id: str = ""
    """The org that the request is in; an agent's own."""
    role: str | None = None
    """Of the membership in that org; none without one."""
    membership: str = "active"
    """The membership's status: active, invited or suspended; only active counts."""
    active: bool = True
    """Whether the account itself is; a suspended one may nothing."""
    instance_admin: bool = False
    agent_context: bool = False
    """The session or token belongs to an agent acting with a person's identity."""
    source: Source = "none"
    """How they proved who they are. Never read from a body."""
    aliases: frozenset[str] = frozenset()
    """The ids of all accounts of this person, if there are several."""
    groups: frozenset[str] = frozenset()
    grants: tuple[Grant, ...] | None = None
    """All of theirs and their groups' in this org, if read beforehand; none: the directory is
    asked."""
    acting_for: tuple["Actor", ...] = ()
    """Whoever named this person their delegate, while that holds, with their own standing."""

    @property
    def channel(self) -> str:
        """Return the way on which they came: page, token, chat, cli; empty for no person's."""
        return _CHANNELS.get(self.source, "")

    @property
    def standing(self) -> str | None:
        """Return the role that counts: of an active membership of an account in use."""
        return self.role if self.active and self.membership == "active" else None

    def is_one_of(self, names: Sequence[str | None] | frozenset[str]) -> bool:
        """Say whether one of these names is this person, by account or by alias."""
        return self.id in names or not self.aliases.isdisjoint(names)


NOBODY = Actor("none")

Kind = Literal["org", "agent", "approval", "project", "issue", "policy", "source", "audit"]


@dataclass(frozen=True, slots=True)
class Resource:
    """What it is about: an org, or something in it with what matters here of it."""

    org_id: str
    kind: Kind = "org"
    id: str = ""
    project_id: str | None = None
    """Of an approval or an issue."""

    agent_id: str | None = None
    """Of an approval: who asks."""
    agent_owner: str | None = None
    """The agent's owner when it asked."""
    present_owner: str | None = None
    """Its owner now: giving an agent to somebody else frees nobody to decide its calls."""
    on_behalf_of: str | None = None
    triggered_by: str | None = None
    """Who started the run; like the three above, not to decide its calls."""
    solo: bool = False
    """The org opted out of separation of duties; shown on every such decision."""
    tool: str | None = None
    risk: str | None = None
    channels: frozenset[str] = frozenset()
    """On which alone it may be decided; empty: on any."""
    required_groups: frozenset[str] = frozenset()
    """Of which a decider must be in one; empty: anybody."""
    decided_by: frozenset[str] = frozenset()
    """Who has given a verdict on it already."""

    parent_issue_id: str | None = None
    assignee_agent_id: str | None = None
    assignee_user_id: str | None = None

    @property
    def target_agent(self) -> str | None:
        """Return the agent that the question is about: itself, or an issue's assignee."""
        return self.id if self.kind == "agent" else self.assignee_agent_id

    @property
    def agent(self) -> str | None:
        """Return the agent it names: the target, or of an approval who asks."""
        return self.target_agent or self.agent_id

    @property
    def project(self) -> str | None:
        """Return the project it is, or is in."""
        return self.id if self.kind == "project" else self.project_id


@dataclass(frozen=True, slots=True)
class Access:
    """An answer with its reason code, one sentence for a person, and what it rests on."""

    allowed: bool
    reason: str
    explanation: str
    permission: str = ""
    """What was asked."""
    grant: Grant | None = None
    """The grant that says yes, or the one that did not cover it."""
    delegator: str = ""
    """The user id of who named this person their delegate, where the yes rests on that."""


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What the directory knows of an agent."""

    id: str
    status: str = "active"
    reports_to: str | None = None
    role: str = ""
    can_create_agents: bool = False
    """The permission flag canCreateAgents, exactly true."""
    policy: object = None
    """Its protection policy as saved."""

    @property
    def active(self) -> bool:
        """Say whether it counts as active; a paused one does."""
        return self.status not in {"pending_approval", "terminated"}


@dataclass(frozen=True, slots=True)
class Policied:
    """What the directory knows of a project or an issue: its protection policy as saved."""

    policy: object = None


class Directory(Protocol):
    """What may have to be looked up, all of it within the one org of the resource."""

    def agent(self, agent_id: str, /) -> AgentFacts | None:
        """Return an agent of this org; none for another's and for an unknown one."""

    def project(self, project_id: str, /) -> Policied | None:
        """Return a project of this org."""

    def issue(self, issue_id: str, /) -> Policied | None:
        """Return an issue of this org."""

    def membership(self, user_id: str, /) -> str | None:
        """Return the status of a user's membership here; a suspended account has none."""

    def grants(self, kind: PrincipalKind, principal_id: str, /) -> Sequence[Grant]:
        """Return what a `user`, `agent` or `group` holds in this org now, oldest first."""


class Nothing:
    """The directory of a caller that has brought all facts along: it knows nothing."""

    def agent(self, _id: str, /) -> None:
        """Know no agent."""

    def project(self, _id: str, /) -> None:
        """Know no project."""

    def issue(self, _id: str, /) -> None:
        """Know no issue."""

    def membership(self, _id: str, /) -> None:
        """Know no member."""

    def grants(self, _kind: str, _id: str, /) -> tuple[Grant, ...]:
        """Know no grant."""
        return ()


NOTHING = Nothing()

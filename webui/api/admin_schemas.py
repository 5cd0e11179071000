"""What an orchestrator's sync sends. What is left out stays as it is; null takes it away."""

from typing import Annotated, Any, Literal

from pydantic import Field

from webui.api.question_schemas import Id
from webui.asks import Body, Moment, Name

ExternalId = Annotated[Name, Field(description="The orchestrator's own name for it.")]


class AgentPut(Body):
    """An agent, by the orchestrator's own name for it; a new one has no key yet."""

    external_id: ExternalId
    name: Annotated[Name, Field(max_length=80)] | None = None
    owner: Id | None = None
    manager: Id | None = None
    project: Id | None = None
    role: Annotated[Id, Field(max_length=40)] | None = None
    can_create_agents: bool | None = None
    status: Literal["active", "paused", "terminated"] | None = None


class ProjectPut(Body):
    """A project, by the orchestrator's own name for it."""

    external_id: ExternalId
    name: Name | None = None


class IssuePut(Body):
    """An issue, by the orchestrator's own name for it."""

    external_id: ExternalId
    title: Name | None = None
    project: Id | None = None
    parent: Id | None = None
    assignee_agent: Id | None = None
    assignee_user: Id | None = None
    status: Annotated[Name, Field(max_length=40)] | None = None


class PrincipalBody(Body):
    """Whom a grant goes to: a user by id or e-mail, an agent or a group by id or name."""

    type: Literal["user", "agent", "group"]
    id: Name


class GrantPut(Body):
    """A permission grant; without `external_id` every request gives another one."""

    external_id: ExternalId | None = None
    principal: PrincipalBody
    permission: Name
    scope: dict[str, Any] = Field(default_factory=dict)
    expires_at: Moment | None = None


class BearerBody(Body):
    """What bears a protection policy, by our id or the orchestrator's name."""

    type: Literal["agent", "project", "issue"]
    id: Name


class ProtectionPut(Body):
    """A protection policy; `{}` takes it away."""

    on: BearerBody
    policy: dict[str, Any]

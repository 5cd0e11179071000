"""What a question of authorization looks like. Who the actor is, is never read from it."""

from typing import Annotated, Literal

from pydantic import Field

from webui.asks import Body, Name, Text

Id = Annotated[Text, Field(max_length=200)]


class ActorBody(Body):
    """Who is asked about; role, memberships, source and admin rights are looked up."""

    type: Literal["user", "agent", "none"]
    id: Id | None = None


class ResourceBody(Body):
    """What is asked about. An issue without an id is one that does not exist yet."""

    type: Literal[
        "org", "agent", "approval", "project", "issue", "policy", "source", "audit"
    ]
    id: Id | None = None
    projectId: Id | None = None  # noqa: N815  the orchestrator's spelling
    parentIssueId: Id | None = None  # noqa: N815
    assigneeAgentId: Id | None = None  # noqa: N815
    assigneeUserId: Id | None = None  # noqa: N815


class ScopeBody(Body):
    """What the question names beside its resource."""

    projectId: Id | None = None  # noqa: N815
    assigneeAgentId: Id | None = None  # noqa: N815
    targetAgentId: Id | None = None  # noqa: N815


class QuestionBody(Body):
    """A question: may this principal do this to that."""

    actor: ActorBody
    action: Name
    resource: ResourceBody
    scope: ScopeBody | None = None


class AuthorizeBody(QuestionBody):
    """`POST /api/v1/authorize`; with `file` what a policy holds is filed as an approval."""

    file: bool = False

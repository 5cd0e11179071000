"""One question on its way through the rules, and how they answer it."""

from dataclasses import dataclass

from webui.approvals.authorization.facts import Access, Actor, Directory, Grant, Resource
from webui.approvals.authorization.reasons import Cause
from webui.approvals.authorization.scopes import Names


@dataclass(frozen=True, slots=True)
class Question:
    """Whether this principal may do this to that."""

    actor: Actor
    action: str
    resource: Resource
    names: Names
    """What it names, with which scopes of grants are compared."""
    directory: Directory

    @property
    def target_agent(self) -> str | None:
        """Return the agent it aims at; a scope may name the one of a new issue."""
        if self.resource.kind == "approval":
            return None
        return self.resource.target_agent or self.names.agent

    def answer(
        self, cause: Cause, grant: Grant | None = None, delegator: str = ""
    ) -> Access:
        """Return the answer for a cause: a yes if its reason is one."""
        reason, sentence = cause
        allowed = reason.startswith("allow_")
        return Access(allowed, reason, sentence, self.action, grant, delegator)

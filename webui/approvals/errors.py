"""What the desk answers when it does not do what was asked. The web maps each once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from webui.sentences import sentence


class Fault(NamedTuple):
    """One bad field: where (JSON Pointer) and what is wrong with it."""

    pointer: str
    detail: str


class DeskError(Exception):
    """A refusal with a stable code and one sentence for a person. Nothing was changed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class NotFoundError(DeskError):
    """No such thing in this org; another org's thing answers exactly the same."""

    def __init__(self, noun: str) -> None:
        other = sentence("There is no such %(noun)s in this organization.", noun=noun)
        super().__init__("not_found", NOT_FOUND.get(noun, other))


class InvalidError(DeskError):
    """The request cannot be understood or goes past a limit; says where."""

    def __init__(
        self, detail: str, faults: Sequence[Fault] = (), code: str = "invalid"
    ) -> None:
        super().__init__(code, detail)
        self.faults = tuple(faults)


class NotAllowedError(DeskError):
    """The principal may not do this; the sentence is the one the page shows."""


class DeniedByRuleError(NotAllowedError):
    """The policy refuses a call; nothing was counted."""

    def __init__(self, message: str, rule: dict[str, Any]) -> None:
        super().__init__("denied", message)
        self.rule = rule


class ConflictError(DeskError):
    """It is too late or too early: the approval stands elsewhere than expected."""

    def __init__(self, code: str, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after
        """Seconds."""


class TooManyError(DeskError):
    """Back-pressure; the same request is welcome later."""

    def __init__(
        self, detail: str, *, retry_after: int, code: str = "rate_limited"
    ) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after
        """Seconds."""


NOT_FOUND = {
    "approval": sentence("There is no such approval in this organization."),
    "agent": sentence("There is no such agent in this organization."),
    "agent, project or issue": sentence(
        "There is no such agent, project or issue in this organization."
    ),
    "app": sentence("There is no such app in this organization."),
    "call": sentence("There is no such call in this organization."),
    "chart": sentence("There is no such chart in this organization."),
    "delegation": sentence("There is no such delegation in this organization."),
    "delivery": sentence("There is no such delivery in this organization."),
    "endpoint": sentence("There is no such endpoint in this organization."),
    "grant": sentence("There is no such grant in this organization."),
    "group": sentence("There is no such group in this organization."),
    "identity": sentence("There is no such identity in this organization."),
    "interrupt": sentence("There is no such interrupt in this organization."),
    "invitation": sentence("There is no such invitation in this organization."),
    "issue": sentence("There is no such issue in this organization."),
    "key": sentence("There is no such key in this organization."),
    "member": sentence("There is no such member in this organization."),
    "active member": sentence("There is no such active member in this organization."),
    "organization": sentence("There is no such organization in this organization."),
    "passkey": sentence("There is no such passkey in this organization."),
    "person": sentence("There is no such person in this organization."),
    "person in the group": sentence(
        "There is no such person in the group in this organization."
    ),
    "place": sentence("There is no such place in this organization."),
    "project": sentence("There is no such project in this organization."),
    "provider": sentence("There is no such provider in this organization."),
    "saved view of yours": sentence(
        "There is no such saved view of yours in this organization."
    ),
    "session": sentence("There is no such session in this organization."),
    "source": sentence("There is no such source in this organization."),
    "standing grant": sentence("There is no such standing grant in this organization."),
    "token": sentence("There is no such token in this organization."),
    "user": sentence("There is no such user in this organization."),
    "version of the policy": sentence(
        "There is no such version of the policy in this organization."
    ),
    "write request": sentence("There is no such write request in this organization."),
    "backtest": sentence("There is no such backtest in this organization."),
    "suggestions": sentence("There is no such suggestions in this organization."),
}
"""A sentence for each thing that may be missing."""

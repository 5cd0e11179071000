"""What the desk answers when it does not do what was asked. The web maps each once."""

from collections.abc import Sequence
from typing import Any, NamedTuple


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
        super().__init__("not_found", f"There is no such {noun} in this organization.")


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

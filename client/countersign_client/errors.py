"""Everything that can stop a call. Each of these means: the call did not get a yes, so it must not run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countersign_client.approval import Approval


class CountersignError(Exception):
    """The call may not run. Catch this one to catch them all."""


class DeskUnreachable(CountersignError):
    """The desk could not be reached, or went silent, for as long as we were willing to try."""


class BadAnswer(CountersignError):
    """Something answered, but not in a way this package understands: doubt denies."""


class StillPending(CountersignError):
    """Nobody has decided yet. The approval lives on: ask the same again, or wait again."""

    def __init__(self, approval: "Approval") -> None:
        self.approval = approval
        super().__init__(
            f"{approval.id} still waits for a person; review it at {approval.review_url}"
            if approval.review_url
            else f"{approval.id} still waits for a person"
        )


class NeedsRevision(CountersignError):
    """A reviewer asks for changes: answer with `Ask.say` or `Client.say`, or file a `revision_of`.

    `message` is the last one said, `approval.messages` the whole conversation.
    """

    def __init__(self, message: str, approval: "Approval") -> None:
        self.message = message
        self.approval = approval
        super().__init__(f"changes requested on {approval.id}: {message}")


class Ended(CountersignError):
    """The approval ended without a yes that can be used. Nothing revives it: ask anew.

    `approval` is None only where the desk's answer carried none.
    """

    word = "ended"

    def __init__(self, detail: str, approval: "Approval | None" = None) -> None:
        self.detail = detail
        self.approval = approval
        super().__init__(f"{self.word}: {detail}" if detail else self.word)


class Denied(Ended):
    """Somebody, or the policy, said no. `reason` is theirs, word for word."""

    word = "denied"

    def __init__(self, reason: str, approval: "Approval | None" = None) -> None:
        self.reason = reason
        super().__init__(reason, approval)


class Answered(Ended):
    """The reviewer answered in the tool's place. `answer` is the result; nothing runs."""

    word = "answered"

    def __init__(self, answer: str, approval: "Approval | None" = None) -> None:
        self.answer = answer
        super().__init__(answer, approval)


class Expired(Ended):
    """The deadline passed, before a decision or before the yes was used."""

    word = "expired"


class Cancelled(Ended):
    """Withdrawn by the agent, or its session or run ended."""

    word = "cancelled"


class Superseded(Ended):
    """Asked again with other arguments; the newer approval counts."""

    word = "superseded"


class Revoked(Ended):
    """The yes was taken back before it was used."""

    word = "revoked"


class Refused(CountersignError):
    """The desk refused this HTTP call (RFC 9457 problem details).

    status: the HTTP status. code: the desk's stable word for it. errors: one entry per bad
    field, with its JSON Pointer. retry_after: seconds, when the desk named them. problem: the
    whole answer.
    """

    def __init__(
        self, status: int, problem: Mapping[str, Any], retry_after: float | None
    ) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = _text(problem.get("code"), f"http_{status}")
        self.detail = _text(problem.get("detail"), _text(problem.get("title"), ""))
        self.errors = _entries(problem.get("errors"))
        self.retry_after = retry_after
        fields = "; ".join(
            f"{e.get('pointer', '?')}: {e.get('detail', '?')}" for e in self.errors
        )
        super().__init__(": ".join(p for p in (self.code, self.detail, fields) if p))


class AlreadyConsumed(Refused):
    """The yes was used before. One yes is one run."""


class NotApproved(Refused):
    """There is no yes to use."""


class FingerprintMismatch(Refused):
    """What is about to run is not what was approved."""


class PolicyChanged(Refused):
    """The rule behind the yes has changed since; ask anew."""


class InProgress(Refused):
    """The same call is being run right now; `retry_after` says when to ask again."""


class NotSent(Exception):
    """Raise this from a gated function when the call is known not to have taken effect.

    The approval is then given back (rolled back) and may be used again. Do not raise it after a
    timeout or a connection that broke midway: nobody knows then, and the yes is used up.
    """


BY_CODE: Mapping[str, type[Refused]] = {
    "already_consumed": AlreadyConsumed,
    "not_approved": NotApproved,
    "fingerprint_mismatch": FingerprintMismatch,
    "policy_changed": PolicyChanged,
    "in_progress": InProgress,
}


def refusal(status: int, problem: Mapping[str, Any], retry_after: float | None) -> Refused:
    """The exception for a problem answer; an unknown code is a plain Refused."""
    kind = BY_CODE.get(_text(problem.get("code"), ""), Refused)
    return kind(status, problem, retry_after)


def _text(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise


def _entries(value: object) -> Sequence[Mapping[str, Any]]:
    return [e for e in value if isinstance(e, dict)] if isinstance(value, list) else []

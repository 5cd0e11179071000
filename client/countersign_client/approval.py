"""An approval as the desk tells it. Parsed strictly: what is not understood is never a yes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from countersign_client.errors import BadAnswer
from countersign_client.members import needed, needed_time, objects, optional, optional_time


class Status(StrEnum):
    """The desk's words for where an approval stands."""

    PENDING = "pending"
    NEEDS_REVISION = "needs_revision"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    ANSWERED = "answered"
    REVOKED = "revoked"
    EXECUTING = "executing"
    CONSUMED = "consumed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decided. type: user, policy, grant, upstream ..."""

    type: str
    id: str | None
    display: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """One reviewer's verdict: approve, deny, edit, respond or request_changes."""

    verdict: str
    actor: Actor
    reason: str | None
    at: datetime
    channel: str | None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """From an entry of `decisions`; BadAnswer when it is not one."""
        actor = needed(body, "actor", dict)
        return cls(
            verdict=needed(body, "verdict", str),
            actor=Actor(
                type=needed(actor, "type", str),
                id=optional(actor, "id", str),
                display=optional(actor, "display", str),
            ),
            reason=optional(body, "reason", str),
            at=needed_time(body, "at"),
            channel=optional(body, "channel", str),
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the conversation between reviewer and agent."""

    sender: str
    text: str
    at: datetime

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """From an entry of `messages`; BadAnswer when it is not one."""
        return cls(
            needed(body, "from", str), needed(body, "text", str), needed_time(body, "at")
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One place where a reviewer's edit differs from what was asked.

    path: a JSON Pointer. change: added, removed or changed. before and after: None where there
    was nothing.
    """

    path: str
    change: str
    before: Any
    after: Any

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """From an entry of `edited.changes`; BadAnswer when it is not one."""
        path, change = needed(body, "path", str), needed(body, "change", str)
        return cls(path, change, body.get("before"), body.get("after"))


@dataclass(frozen=True, slots=True)
class Approval:
    """One tool call held for a verdict. Times are aware UTC datetimes, `retry_after` seconds.

    arguments: as asked. effective_arguments: what a yes lets run, other than `arguments` after a
    reviewer's edit; changes: where they differ. body: the desk's whole answer, members unknown to this version included.
    """

    id: str
    status: Status
    version: int
    tool: str
    arguments: dict[str, Any]
    effective_arguments: dict[str, Any]
    changes: tuple[Change, ...]
    arguments_hash: str
    fingerprint: str
    summary: str | None
    reason: str | None
    context: dict[str, Any] | None
    risk: str | None
    session: str | None
    run: str | None
    scope: str | None
    on_behalf_of: str | None
    triggered_by: str | None
    source_ref: str | None
    created_at: datetime
    expires_at: datetime
    usable_until: datetime | None
    decided_at: datetime | None
    resolution: str | None
    decisions: tuple[Decision, ...]
    answer: str | None
    messages: tuple[Message, ...]
    seen_count: int
    review_url: str | None
    human_instructions: str | None
    retryable: bool
    retry_after: int | None
    reused: bool
    body: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(
        cls, body: Mapping[str, Any], *, asked: Mapping[str, Any] | None = None
    ) -> Self:
        """From the desk's JSON. Unknown extra members pass; missing or ill-typed ones are BadAnswer.

        asked: the arguments, for an answer that leaves them out because the caller sent them.
        """
        told = body if asked is None else {"arguments": dict(asked), **body}
        arguments = needed(told, "arguments", dict)
        return cls(
            id=needed(body, "id", str),
            status=_status(needed(body, "status", str)),
            version=needed(body, "version", int),
            tool=needed(body, "tool", str),
            arguments=arguments,
            effective_arguments=_effective(body, arguments),
            changes=tuple(
                map(Change.parse, objects(optional(body, "edited", dict) or {}, "changes"))
            ),
            arguments_hash=needed(body, "arguments_hash", str),
            fingerprint=needed(body, "fingerprint", str),
            created_at=needed_time(body, "created_at"),
            expires_at=needed_time(body, "expires_at"),
            usable_until=optional_time(body, "usable_until"),
            decided_at=optional_time(body, "decided_at"),
            resolution=optional(body, "resolution", str),
            decisions=tuple(map(Decision.parse, objects(body, "decisions"))),
            messages=tuple(map(Message.parse, objects(body, "messages"))),
            seen_count=optional(body, "seen_count", int) or 1,
            retryable=optional(body, "retryable", bool) or False,
            retry_after=optional(body, "retry_after", int),
            reused=optional(body, "reused", bool) or False,
            context=optional(body, "context", dict),
            summary=optional(body, "summary", str),
            reason=optional(body, "reason", str),
            risk=optional(body, "risk", str),
            session=optional(body, "session", str),
            run=optional(body, "run", str),
            scope=optional(body, "scope", str),
            on_behalf_of=optional(body, "on_behalf_of", str),
            triggered_by=optional(body, "triggered_by", str),
            source_ref=optional(body, "source_ref", str),
            answer=optional(body, "answer", str),
            review_url=optional(body, "review_url", str),
            human_instructions=optional(body, "human_instructions", str),
            body=dict(body),
        )

    @property
    def denial_reason(self) -> str:
        """The reason of the decision that denied it, or how it was denied when none was given."""
        for decision in reversed(self.decisions):
            if decision.verdict == "deny":
                return (
                    decision.reason
                    or f"no reason given by {decision.actor.display or decision.actor.type}"
                )
        return f"by {self.resolution}" if self.resolution else "no reason given"


def _status(word: str) -> Status:
    try:
        return Status(word)
    except ValueError as error:
        raise BadAnswer(f"the desk names a status unknown here: {word!r}") from error


def _effective(body: Mapping[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    effective = optional(body, "effective_arguments", dict)
    return asked if effective is None else effective

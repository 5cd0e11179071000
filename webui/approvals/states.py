"""The life of an approval: its states, the table of legal moves, how it can end.

Source: spec approvals.md, "States"; details.md, C.
"""

from enum import StrEnum


class Status(StrEnum):
    """Where an approval stands. A status never claims more than was observed."""

    PENDING = "pending"
    NEEDS_REVISION = "needs_revision"
    APPROVED = "approved"
    DENIED = "denied"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    EXECUTING = "executing"
    CONSUMED = "consumed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What a person answers."""

    APPROVE = "approve"
    DENY = "deny"
    EDIT = "edit"
    RESPOND = "respond"
    REQUEST_CHANGES = "request_changes"


class Resolution(StrEnum):
    """How the approval as a whole ended."""

    REVIEWER = "reviewer"
    QUORUM = "quorum"
    POLICY = "policy"
    GRANT = "grant"
    UPSTREAM_REPLIED = "upstream_replied"
    CASCADE = "cascade"
    DEADLINE = "deadline"
    DISPOSED = "disposed"
    RUN_ENDED = "run_ended"
    SESSION_ENDED = "session_ended"
    CANCELLED = "cancelled"
    AGENT_TERMINATED = "agent_terminated"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    BREAK_GLASS = "break_glass"


class ReplyState(StrEnum):
    """How far a verdict is on its way to an upstream that settles the approval itself."""

    OPEN = "open"
    """Nothing is to be told now."""
    SENDING = "sending"
    CONFIRMED = "confirmed"
    """The upstream has it settled."""
    GONE = "gone"
    """The upstream knows of it no more, or has settled it by itself."""
    FAILED = "failed"
    """It could not be told how it ended."""


class Unreported(StrEnum):
    """How a use ended where nobody says it: what the desk itself notes as its result.

    A word of its own for each, so that no agent's own words can pass for one.
    """

    LEASE_OVER = "lease_over"
    NO_REPORT = "no_report"
    """Whoever asked told us that no outcome will follow."""
    BY_SOURCE = "by_source"
    """Its source runs it."""
    TOLD = "told"
    """Whoever waited for it was told to go on."""


class Risk(StrEnum):
    """How much harm a call could do; the order is the order of the members."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def level(self) -> int:
        """Return 0 for low up to 3 for critical."""
        return _LEVELS[self]

    @property
    def raised(self) -> "Risk":
        """Return the next higher one; above critical there is none."""
        return list(Risk)[min(self.level + 1, Risk.CRITICAL.level)]


_LEVELS = {risk: level for level, risk in enumerate(Risk)}

_ENDED_OPEN = frozenset(
    {
        Status.DENIED,
        Status.ANSWERED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.SUPERSEDED,
    }
)

NEXT: dict[Status, frozenset[Status]] = {
    Status.PENDING: _ENDED_OPEN | {Status.APPROVED, Status.NEEDS_REVISION},
    Status.NEEDS_REVISION: _ENDED_OPEN | {Status.PENDING},
    Status.APPROVED: frozenset({Status.EXECUTING, Status.EXPIRED, Status.REVOKED}),
    Status.EXECUTING: frozenset(
        {Status.CONSUMED, Status.FAILED, Status.UNKNOWN, Status.APPROVED}
    ),
    # a late ok with the same lease token still counts
    Status.UNKNOWN: frozenset({Status.CONSUMED}),
    Status.DENIED: frozenset(),
    Status.ANSWERED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.SUPERSEDED: frozenset(),
    Status.REVOKED: frozenset(),
    Status.CONSUMED: frozenset(),
    Status.FAILED: frozenset(),
}
"""Every move there is. What is not here never happens, from any surface."""

OPEN = frozenset({Status.PENDING, Status.NEEDS_REVISION})
"""Still waiting for somebody."""

LIVE = OPEN | {Status.APPROVED, Status.EXECUTING}
"""May still lead to a run: one such row for each fingerprint."""

DECIDED = frozenset(
    {
        Status.APPROVED,
        Status.DENIED,
        Status.ANSWERED,
        Status.EXECUTING,
        Status.CONSUMED,
        Status.FAILED,
        Status.UNKNOWN,
        Status.REVOKED,
    }
)
"""Somebody or something gave a verdict."""

YES = frozenset(
    {Status.APPROVED, Status.EXECUTING, Status.CONSUMED, Status.FAILED, Status.UNKNOWN}
)
"""The verdict was yes."""


def may_move(old: Status, new: Status) -> bool:
    """Say whether the table allows this move."""
    return new in NEXT[old]


def status_at(
    status: Status, *, expires_at: int, usable_until: int | None, now: int
) -> Status:
    """Return the status a reader must see: deadlines hold before any sweep has run.

    All times are ms since the epoch. A passed lease is left to the sweeper, because the
    answer to it (unknown) is one that only a written event may give.
    """
    if status in OPEN and now >= expires_at:
        return Status.EXPIRED
    if status is Status.APPROVED and usable_until is not None and now >= usable_until:
        return Status.EXPIRED
    return status

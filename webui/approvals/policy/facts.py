"""What the policy is asked about: one call and what surrounds it. The caller passes all of it in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call as received. What is None is not known, and a question about it has no answer."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    agent: str | None = None
    project: str | None = None
    owner: str | None = None
    risk: str | None = None
    session: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """How the same call (tool and arguments of this agent) was decided in the last 30 days."""

    approved_same: int = 0
    denied_same: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """A call, the counters of the windows it falls into, the time, and its history."""

    call: Call
    now: int
    """Milliseconds since the epoch."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """By `Counter.name` ("create_issue.hourly"); one that is not there stands at 0."""
    history: History | None = None


class Missing:
    """The value of a path that leads nowhere; not None, which is a value of JSON."""

    __slots__ = ()


MISSING = Missing()

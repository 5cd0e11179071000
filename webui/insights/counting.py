"""From events to numbers: what one event adds, and to which rows. Pure.

Each number stands under four cuts: all calls, those of its agent, of its tool, and of both. So a
page reads the rows it shows and no others, whatever it is narrowed to.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from webui.approvals.states import OPEN, Status, Verdict
from webui.audit import actions
from webui.insights.buckets import BUCKETS, HOUR, SECOND, bucket_of
from webui.insights.units import day_of, week_of

COUNTED: Final = frozenset(
    {
        actions.APPROVAL_CREATED,
        actions.APPROVAL_VOTE,
        actions.APPROVAL_DECIDED,
        actions.APPROVAL_CHANGES_REQUESTED,
        actions.APPROVAL_EXPIRED,
        actions.APPROVAL_CANCELLED,
        actions.APPROVAL_SUPERSEDED,
        actions.APPROVAL_BREAK_GLASS,
    }
)
"""The actions in the log that are counted."""
WAITS: Final = tuple(f"w{bucket}" for bucket in range(BUCKETS))
COLUMNS: Final = (
    *("asked", "approved", "denied", "answered", "changes", "expired", "unseen", "gone"),
    *("glass", "waited", "quick", "unopened", "untimed"),
    *WAITS,
)
QUICK: Final = 2
"""Seconds on screen up to which a yes counts as quick."""
OTHER: Final = "…"
"""Stands for the tools of a week beyond the most that are told apart."""
PAIRS_MAX: Final = 200
"""Pairs of agent and tool that are told apart in a week."""
_VERDICTS: Final = {
    Verdict.APPROVE: "approved",
    Verdict.EDIT: "approved",
    Verdict.DENY: "denied",
    Verdict.RESPOND: "answered",
    Verdict.REQUEST_CHANGES: "changes",
}
_ENDS: Final = {
    Status.APPROVED: "approved",
    Status.DENIED: "denied",
    Status.ANSWERED: "answered",
    Status.EXPIRED: "expired",
    Status.CANCELLED: "gone",
    Status.SUPERSEDED: "gone",
}
_VOTES: Final = frozenset(
    {
        actions.APPROVAL_VOTE,
        actions.APPROVAL_DECIDED,
        actions.APPROVAL_CHANGES_REQUESTED,
    }
)


class Facet(StrEnum):
    """What the name of a row names."""

    ALL = "all"
    """Nothing: the row is of the whole cut."""
    HOUR = "hour"
    """An hour of the day (UTC), 00 to 23."""
    RULE = "rule"
    TOOL = "tool"
    AGENT = "agent"
    PAIR = "pair"
    """An agent's id, a blank, and a tool."""
    REVIEWER = "reviewer"
    """A person's id; durations are from asking to their verdict."""
    SCREEN = "screen"
    """A person's id; durations are those on screen, in whole seconds."""


TIMED: Final = (Facet.ALL, Facet.HOUR, Facet.REVIEWER, Facet.SCREEN)
"""Facets of which durations are shown."""
LISTED: Final = (Facet.RULE, Facet.TOOL, Facet.AGENT, Facet.PAIR)
"""Facets with many names, of which `LISTS` are shown."""
LISTS: Final = ("asked", "approved", "denied", "answered", "expired", "unseen")


class Key(NamedTuple):
    """Which row a number belongs to."""

    agent_id: str
    tool: str
    facet: str
    unit: int
    name: str


class Told(NamedTuple):
    """What the log tells of a call."""

    at: int
    actor: str
    action: str
    payload: Mapping[str, Any]


class Call(NamedTuple):
    """What never changes of a call once it is settled; `seen` is told of expired ones only."""

    agent_id: str
    tool: str
    rule: str
    created_at: int
    decided_at: int | None
    settled_at: int | None
    seen: bool


@dataclass(slots=True)
class Tally:
    """Numbers to be added, by row."""

    pairs: dict[int, set[str]] = field(default_factory=dict)
    """By week: the pairs that have rows already."""
    rows: defaultdict[Key, defaultdict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def add(self, told: Told, call: Call) -> None:
        """Count one event."""
        status = told.payload.get("status")
        if told.action == actions.APPROVAL_CREATED:
            if (
                status == Status.PENDING
            ):  # what the policy or a grant settles waits for nobody
                self._count(call, call.created_at, ["asked"])
                self._hour(call, call.created_at, call.created_at, "asked")
            return
        if told.action == actions.APPROVAL_BREAK_GLASS:
            self._count(call, told.at, ["glass"])
            self._person(call, told.at, told.actor, ["glass"])
            return
        if told.payload.get("old_status") in OPEN and status not in OPEN:
            self._end(told, call, Status(str(status)))
        if told.action in _VOTES and told.actor.startswith("user:"):
            self._verdict(told, call)

    def _end(self, told: Told, call: Call, status: Status) -> None:
        at = call.settled_at or told.at
        wait = WAITS[bucket_of(at - call.created_at)]
        counts = [_ENDS[status], wait]
        if status is Status.EXPIRED and not call.seen:
            counts.append("unseen")
        self._count(call, at, counts)
        self._hour(call, at, call.created_at, wait)
        for hour, days in hours_between(call.created_at, at):
            self._put(call, at, Facet.HOUR, f"{hour:02}", {"waited": days})

    def _verdict(self, told: Told, call: Call) -> None:
        said = told.payload
        name = _VERDICTS.get(said.get("verdict", ""))
        if name is None:
            return  # erased
        decided = told.action == actions.APPROVAL_DECIDED and call.decided_at is not None
        at = (call.decided_at if decided else None) or told.at
        counts, seconds = (
            [name, WAITS[bucket_of(at - call.created_at)]],
            said.get("seconds"),
        )
        if name == "approved":
            counts += ["untimed"] if seconds is None else []
            counts += ["quick"] if seconds is not None and seconds <= QUICK else []
            unopened = said.get("channel") == "page" and not said.get("opened_full")
            counts += ["unopened"] if unopened else []
        self._person(call, at, told.actor, counts)
        if seconds is not None:
            screen = {WAITS[bucket_of(seconds * SECOND)]: 1}
            self._put(call, at, Facet.SCREEN, _id(told.actor), screen)

    def _count(self, call: Call, at: int, counts: list[str]) -> None:
        """Count under all facets of a call."""
        one = dict.fromkeys(counts, 1)
        self._put(call, at, Facet.ALL, "", one)
        self._put(call, at, Facet.RULE, call.rule, one)
        tool = self._tool(call, week_of(day_of(at)))
        for key in (
            ("", "", Facet.TOOL, tool),
            (call.agent_id, "", Facet.TOOL, tool),
            ("", "", Facet.AGENT, call.agent_id),
            ("", tool, Facet.AGENT, call.agent_id),
            ("", "", Facet.PAIR, f"{call.agent_id} {tool}"),
        ):
            self._add(*key, at, one)

    def _hour(self, call: Call, at: int, asked_at: int, name: str) -> None:
        self._put(call, at, Facet.HOUR, f"{asked_at // HOUR % 24:02}", {name: 1})

    def _person(self, call: Call, at: int, actor: str, counts: list[str]) -> None:
        if actor.startswith("user:"):
            one = dict.fromkeys(counts, 1)
            self._put(call, at, Facet.REVIEWER, _id(actor), one)

    def _put(
        self, call: Call, at: int, facet: Facet, name: str, counts: Mapping[str, int]
    ) -> None:
        """Count under all four cuts."""
        tool = self._tool(call, week_of(day_of(at)))
        for agent_id in ("", call.agent_id):
            for of_tool in ("", tool):
                self._add(agent_id, of_tool, facet, name, at, counts)

    def _add(
        self,
        agent_id: str,
        tool: str,
        facet: Facet,
        name: str,
        at: int,
        counts: Mapping[str, int],
    ) -> None:
        day = day_of(at)
        for unit in (day, week_of(day)):
            row = self.rows[Key(agent_id, tool, facet, unit, name)]
            for column, n in counts.items():
                row[column] += n

    def _tool(self, call: Call, week: int) -> str:
        """Return the tool under which a call is counted: agents name tools, so there may be many."""
        pair, known = f"{call.agent_id} {call.tool}", self.pairs.setdefault(week, set())
        if pair not in known and len(known) >= PAIRS_MAX:
            return OTHER
        known.add(pair)
        return call.tool


def hours_between(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield each hour of the day that a wait touched, and on how many days."""
    first = start // HOUR
    touched = max(0, end // HOUR - first) + 1
    for offset in range(min(touched, 24)):
        yield (first + offset) % 24, 1 + (touched - 1 - offset) // 24


def _id(actor: str) -> str:
    return actor.removeprefix("user:")

"""What people approve again and again, as rules that somebody may paste into the policy.

A suggestion names one tool, the agents that asked, exactly the arguments they sent, and for each
argument the values that people approved: one, up to twenty, or numbers between the smallest and
the largest. So nothing passes by it of which some part was never approved. Calls that hold
lists, objects, long or unusual text, or anything masked, are left to people.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from webui.approvals.policy.plain import is_number, text_of
from webui.approvals.policy.rulebook import is_glob
from webui.approvals.states import Risk
from webui.preview import inline
from webui.replays.was import NO, Was, was
from webui.store.queries.recorded import Recorded

VALUES_MAX: Final = 20
"""Values of one argument that a rule lists."""
ARGUMENTS_MAX: Final = 12
TEXT_MAX: Final = 200
GROUPS_MAX: Final = 20_000
NEWEST: Final = 5
WHO_MAX: Final = 20
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_SEVERE: Final = frozenset({Risk.HIGH, Risk.CRITICAL})

Values = tuple[tuple[str, Any], ...]
"""The arguments of a call by name, in the order of their names."""

Key = tuple[tuple[str, str | None], ...]
"""The same, with values as text: so a rule compares them."""


@dataclass(slots=True)
class Group:
    """Approved calls of one tool with the same names of arguments."""

    approvals: int = 0
    people: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    asked_by: Counter[str] = field(default_factory=Counter)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By argument: by its text, each value; at most one more than a rule lists."""
    least: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    """Of arguments that were numbers in every call."""
    first: int = 0
    last: int = 0
    newest: list[str] = field(default_factory=list)

    def add(self, call: Recorded, values: Values) -> None:
        """Count one approved call; they come oldest first."""
        self.approvals += 1
        self.first = self.first or call.created_at
        self.last = call.created_at
        self.newest = [call.id, *self.newest[: NEWEST - 1]]
        self.people[str(call.decided_by)] += 1
        self.agents[call.agent_id] += 1
        self.asked_by[call.rule_name or ""] += 1
        for name, value in values:
            self._see(name, value)

    def _see(self, name: str, value: Any) -> None:
        known = self.seen.setdefault(name, {})
        if len(known) <= VALUES_MAX:
            known[str(text_of(value))] = value
        if is_number(value) and (self.approvals == 1 or name in self.least):
            self.least[name] = min(value, self.least.get(name, value))
            self.most[name] = max(value, self.most.get(name, value))
        else:
            self.least.pop(name, None)

    @property
    def fixed(self) -> list[str]:
        """Return the arguments that had one value in every call."""
        return [name for name, values in self.seen.items() if len(values) == 1]

    @property
    def bounded(self) -> bool:
        """Say whether a rule can say of every argument what it may be."""
        return all(
            len(values) <= VALUES_MAX or name in self.least
            for name, values in self.seen.items()
        )


@dataclass(slots=True)
class Gathering:
    """Everything that is known of one tool."""

    severe: bool = False
    denials: int = 0
    alike: dict[tuple[str, ...], Group] = field(default_factory=dict)
    """By the names of the arguments."""
    same: dict[Key, Group] = field(default_factory=dict)
    denied: set[Key] = field(default_factory=set)
    full: bool = False
    """There were more different calls than are kept apart."""


class Gatherer:
    """Takes in recorded calls, oldest first, in bounded room."""

    def __init__(self) -> None:
        self.tools: dict[str, Gathering] = {}
        self._room = GROUPS_MAX
        self.left_out = False

    def wants(self, call: Recorded) -> bool:
        """Say whether the arguments of a call matter; takes in what can be said without them."""
        known = self.tools.get(call.tool)
        if known is None:
            if len(self.tools) >= GROUPS_MAX or is_glob(call.tool):
                self.left_out = True
                return False
            known = self.tools[call.tool] = Gathering()
        if call.risk in _SEVERE or call.irreversible:
            known.severe = True
        return not known.severe and (_no(call) or _yes(call))

    def add(self, call: Recorded, arguments: Mapping[str, Any]) -> None:
        """Take in a call that is wanted."""
        known, values = self.tools[call.tool], values_of(arguments)
        if _no(call):
            known.denials += 1
            if values is None or not self._takes(_key(values) in known.denied):
                known.full = True  # what was denied is not known: nothing is suggested
            else:
                known.denied.add(_key(values))
        elif values is not None:
            names = tuple(name for name, _ in values)
            if self._takes(names in known.alike):
                known.alike.setdefault(names, Group()).add(call, values)
            if self._takes(_key(values) in known.same):
                known.same.setdefault(_key(values), Group()).add(call, values)

    def _takes(self, known: bool) -> bool:
        self._room -= not known
        self.left_out = self.left_out or self._room < 0
        return known or self._room >= 0

    def found(self, approvals: int) -> Iterator[tuple[str, Group]]:
        """Yield what was approved so often and never denied: by tool, in its widest form."""
        for tool, known in self.tools.items():
            if known.severe or known.full:
                continue
            wide = (
                []
                if known.denials
                else [
                    (names, group)
                    for names, group in known.alike.items()
                    if group.approvals >= approvals and group.fixed and group.bounded
                ]
            )
            covered = {names for names, _ in wide}
            yield from ((tool, group) for _, group in wide)
            for key, group in known.same.items():
                names = tuple(name for name, _ in key)
                enough = group.approvals >= approvals and names not in covered
                if enough and key not in known.denied:
                    yield tool, group


def values_of(arguments: Mapping[str, Any]) -> Values | None:
    """Return the arguments if a rule can say exactly what they are; none if not."""
    if not 0 < len(arguments) <= ARGUMENTS_MAX:
        return None
    for name, value in arguments.items():
        if not _NAME.fullmatch(name) or not _is_plain(value):
            return None
    return tuple(sorted(arguments.items()))


def _key(values: Values) -> Key:
    return tuple((name, text_of(value)) for name, value in values)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= TEXT_MAX and value.isascii() and inline(value) == value
    return text_of(value) is not None


def _no(call: Recorded) -> bool:
    """Say whether somebody refused a call, or corrected it."""
    return was(call) in NO or call.edited_hash is not None


def _yes(call: Recorded) -> bool:
    by_person = call.by_person and not call.break_glass and call.decided_by is not None
    return by_person and was(call) is Was.APPROVED

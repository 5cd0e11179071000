"""Which rules concern a tool: the entry of its name, then globs, then the rules of all tools."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import Final

from webui.approvals.policy.document import EVERY_TOOL, Counter, Policy, Rule, Tool, Verdict

_MOST_KEPT: Final = 4_096
_SIGNS: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Entry:
    """All that a policy says of one tool."""

    rules: tuple[Rule, ...]
    hidden: bool
    listed: bool
    """Named by an entry or matched by a glob; `*` alone lists nothing."""
    idempotent: bool
    irreversible: bool


class Rulebook:
    """A policy made ready for many calls: what it says of each tool is gathered once."""

    __slots__ = ("_entries", "_hides", "_tools", "counters", "policy")

    def __init__(self, policy: Policy) -> None:
        """Take the policy."""
        self.policy = policy
        self.counters: dict[str, Counter] = {
            rule.counter.name: rule.counter for rule in policy.rules if rule.counter
        }
        self._entries: dict[str, Entry] = {}
        self._hides = [matcher(name) for name in policy.hide]
        self._tools = [(matcher(tool.name), tool) for tool in policy.tools]

    def entry(self, tool: str) -> Entry:
        """Return what the policy says of a tool."""
        found = self._entries.get(tool)
        if found is None:
            if len(self._entries) >= _MOST_KEPT:  # tools are named by agents
                self._entries.clear()
            found = self._entries[tool] = self._gathered(tool)
        return found

    def _gathered(self, tool: str) -> Entry:
        meant = [entry for means, entry in self._tools if means(tool)]
        every = [entry for entry in meant if entry.name == EVERY_TOOL]
        exact = [entry for entry in meant if entry.name == tool != EVERY_TOOL]
        globs = [entry for entry in meant if entry.name not in {tool, EVERY_TOOL}]
        specific = exact + globs
        return Entry(
            rules=_in_order([*specific, *every]),
            hidden=any(means(tool) for means in self._hides),
            listed=bool(specific),
            # the tool's own entry knows best; globs must agree. Harm needs one voice only.
            idempotent=bool(specific) and all(each.idempotent for each in exact or globs),
            irreversible=any(entry.irreversible for entry in meant),
        )

    def refuses_unlisted(self, entry: Entry) -> bool:
        """Say whether a tool is refused before any rule because nothing lists it."""
        return self.policy.default is Verdict.DENY and not entry.listed

    def asks_history(self, tool: str) -> bool:
        """Say whether a ruling on this tool must be given how the same call was decided before."""
        return any(
            condition.path.startswith("history.")
            for rule in self.entry(tool).rules
            for condition in rule.conditions
        )

    def counters_for(self, tool: str) -> tuple[Counter, ...]:
        """Return the counters whose values a ruling on this tool must be given."""
        names: dict[str, None] = {}
        for rule in self.entry(tool).rules:
            if rule.counter is not None:
                names[rule.counter.name] = None
            for condition in rule.conditions:
                root, _, name = condition.path.partition(".")
                if root == "state":
                    names[name] = None
        return tuple(self.counters[name] for name in names)


def is_glob(name: str) -> bool:
    """Say whether a name stands for more than itself."""
    return not _SIGNS.isdisjoint(name)


def matcher(name: str) -> Callable[[str], bool]:
    """Return whether an entry's name (or one of `hide`) means a tool."""
    if not is_glob(name):
        return name.__eq__
    fits = re.compile(translate(name)).match
    return lambda tool: tool == name or fits(tool) is not None


def _in_order(entries: Iterable[Tool]) -> tuple[Rule, ...]:
    return tuple(rule for entry in entries for rule in entry.rules)

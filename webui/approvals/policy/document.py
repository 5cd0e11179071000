"""A policy as it was read: frozen, typed, and with the line of each rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from webui.approvals.policy.conditions import Condition
from webui.approvals.policy.facts import Facts
from webui.approvals.policy.notation import Window
from webui.approvals.states import Risk

EVERY_TOOL = "*"
GLOBAL_SCOPE = "_global"


class Verdict(StrEnum):
    """What policy says of a call; also what a policy's `default` may be."""

    ALLOW = "allow"
    DENY = "deny"
    REQUIRE_APPROVAL = "require_approval"

    @property
    def strictness(self) -> int:
        """Return 0 for allow up to 2 for deny."""
        return ("allow", "require_approval", "deny").index(self.value)


class Action(StrEnum):
    """What a rule does."""

    EVALUATE = "evaluate"
    DENY = "deny"
    REQUIRE_APPROVAL = "require_approval"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Counter:
    """What a rule counts: the entry it belongs to, the window, and how far it may go."""

    scope: str
    """The tool entry's name; `_global` for rules of all tools."""
    counter: str
    window: Window
    increment: int = 1
    increment_from: str | None = None
    limit: int | None = None
    """The largest value that may stand after counting; None: it only counts."""

    @property
    def name(self) -> str:
        """Return the name that paths and stores use: "create_issue.hourly"."""
        return f"{self.scope}.{self.counter}"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a person is asked. Lengths of time are in milliseconds."""

    timeout: int | None = None
    approvers: tuple[str, ...] = ()
    approvals_required: int = 1
    denials_required: int = 1
    distinct_groups: bool = False
    veto_group: str | None = None
    require_reason: bool = False
    risk: Risk | None = None
    escalate_after: int | None = None
    escalate_to: str | None = None
    max_grant: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one tool entry."""

    name: str
    tool: str
    line: int
    action: Action
    hash: str
    conditions: tuple[Condition, ...] = ()
    on_deny: str | None = None
    counter: Counter | None = None
    terms: Terms = Terms()


@dataclass(frozen=True, slots=True)
class Tool:
    """What the policy says of a tool, or of all tools a glob matches."""

    name: str
    line: int
    rules: tuple[Rule, ...] = ()
    idempotent: bool = False
    irreversible: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where new approvals are announced."""

    url: str
    secret: str = field(repr=False)
    line: int = 1


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for approvals whose rule does not say otherwise; lengths in milliseconds."""

    timeout: int | None = None
    dedupe_window: int | None = None
    webhook: Webhook | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A call written in the policy's `tests`, and what must come of it."""

    name: str
    line: int
    facts: Facts
    expect: Verdict
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that was accepted."""

    revision: str
    """The hash of the text as it is kept."""
    text: str = field(repr=False)
    """As it is kept: without the webhook's secret."""
    description: str
    default: Verdict
    default_written: bool
    default_line: int
    hide: tuple[str, ...]
    tools: tuple[Tool, ...]
    approvals: Defaults
    groups: Mapping[str, tuple[str, ...]]
    redact: tuple[str, ...]
    tests: tuple[Example, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return every rule in the order of the text."""
        return tuple(rule for tool in self.tools for rule in tool.rules)

    def group_names(self) -> frozenset[str]:
        """Return every group that a rule names, so that the caller can look for them."""
        terms = [rule.terms for rule in self.rules]
        named: set[Any] = {group for each in terms for group in each.approvers}
        named |= {each.veto_group for each in terms} | {each.escalate_to for each in terms}
        return frozenset(named - {None})

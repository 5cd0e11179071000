"""How far a grant reaches: reading its scope, and whether it covers a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from webui.approvals.authorization.chain import is_below
from webui.approvals.authorization.facts import CHANNELS, Actor, Directory, Grant, Resource
from webui.approvals.authorization.permissions import STRUCTURED
from webui.approvals.authorization.reasons import Reason
from webui.approvals.errors import Fault
from webui.approvals.states import Risk
from webui.sentences import sentence

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "project": ("project", "projects", "projectId", "projectIds"),
    "agent": (
        *("agent", "agents", "agentId", "agentIds"),
        *("assigneeAgentId", "assigneeAgentIds", "targetAgentId", "targetAgentIds"),
    ),
    "subtree": (
        "subtree",
        *("managerAgentId", "managerAgentIds"),
        *("managedSubtreeAgentId", "managedSubtreeAgentIds"),
        *("subtreeAgentId", "subtreeAgentIds"),
        *("subtreeRootAgentId", "subtreeRootAgentIds"),
    ),
    "tool": ("tool",),
    "max_risk": ("max_risk",),
    "channel": ("channel",),
}
_KIND_OF = {key: kind for kind, keys in _SPELLINGS.items() for key in keys}
_PREFIXES = frozenset({"project", "agent", "subtree"})
"""The kinds that a rule in an `allow` list may name, as `project:ID`."""
_LEVEL = {str(risk): risk.level for risk in Risk}
_WORDS = {"max_risk": tuple(_LEVEL), "channel": tuple(sorted(CHANNELS))}
"""The kinds whose values are words of ours and not ids."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a question names of the things that a scope may limit; none: left out."""

    project: str | None = None
    agent: str | None = None
    tool: str | None = None
    risk: str | None = None
    channel: str | None = None

    @property
    def anything(self) -> bool:
        """Say whether it names a scope at all; the way one came by is not one."""
        return any((self.project, self.agent, self.tool, self.risk))


def names_of(actor: Actor, resource: Resource, scope: Mapping[str, object] | None) -> Names:
    """Return what a question names: by its own scope, and without one by its resource.

    Where both name a project or an agent and differ, neither counts, so that a grant for the
    one never opens the other.
    """
    if scope is None:
        project, agent = resource.project, resource.agent
    else:
        asked_project, asked_agent = _asked(scope)
        project = None if _differ(asked_project, resource.project) else asked_project
        agent = None if _differ(asked_agent, resource.agent) else asked_agent
        if project is None and agent is None:
            return Names()
    return Names(project, agent, resource.tool, resource.risk, actor.channel)


def contradictions(resource: Resource, scope: Mapping[str, object] | None) -> list[Fault]:
    """Return where a question's scope names something else than its resource."""
    asked_project, asked_agent = _asked(scope or {})
    faults = []
    if _differ(asked_project, resource.project):
        faults.append(
            Fault("/scope/projectId", sentence("differs from the resource's project"))
        )
    if _differ(asked_agent, resource.agent):
        key = "assigneeAgentId" if _id(scope, "assigneeAgentId") else "targetAgentId"
        faults.append(Fault(f"/scope/{key}", sentence("differs from the resource's agent")))
    return faults


def validate_scope(scope: object) -> list[Fault]:
    """Return what keeps a grant's scope from being saved, each with its JSON Pointer."""
    return _read(scope)[1]


def scope_kinds(grant: Grant) -> Mapping[str, frozenset[str]] | None:
    """Return what a grant is limited to, by kind, for selecting rows; none if it covers nothing."""
    kinds, faults = _read(grant.scope)
    return None if faults else kinds


def gap(grant: Grant, names: Names, directory: Directory) -> Reason | None:
    """Return why a grant does not cover a question; none if it does."""
    kinds, faults = _read(grant.scope)
    if faults:  # not to be saved, so not to be trusted if met
        return Reason.SCOPE
    if not grant.scope:
        return Reason.SCOPE if grant.permission in STRUCTURED else None
    if not names.anything or not _within(kinds, names, directory):
        return Reason.SCOPE
    return _beyond(kinds, names)


def _within(
    kinds: Mapping[str, frozenset[str]], names: Names, directory: Directory
) -> bool:
    if "project" in kinds and names.project not in kinds["project"]:
        return False
    if "agent" in kinds and names.agent not in kinds["agent"]:
        return False
    if "subtree" in kinds and not (
        names.agent and is_below(directory, names.agent, kinds["subtree"])
    ):
        return False
    tool = names.tool
    return "tool" not in kinds or (
        tool is not None and any(fnmatchcase(tool, glob) for glob in kinds["tool"])
    )


def _beyond(kinds: Mapping[str, frozenset[str]], names: Names) -> Reason | None:
    """Return what is left to say no: the risk or the channel."""
    if "max_risk" in kinds:
        if names.risk not in _LEVEL:
            return Reason.SCOPE
        if _LEVEL[names.risk] > max(_LEVEL[risk] for risk in kinds["max_risk"]):
            return Reason.RISK_ABOVE_LIMIT
    if "channel" in kinds and names.channel not in kinds["channel"]:
        return Reason.WRONG_CHANNEL
    return None


def _read(scope: object) -> tuple[dict[str, frozenset[str]], list[Fault]]:
    """Return the names of each kind, pooled from all its keys, and what is wrong."""
    if scope is None:
        return {}, []
    if not isinstance(scope, Mapping):
        return {}, [Fault("", sentence("must be an object"))]
    pools: dict[str, frozenset[str]] = {}
    faults: list[Fault] = []
    for key, value in scope.items():
        names = _values(value)
        if key == "allow":
            found, wrong = _rules(names)
        elif key in _KIND_OF:
            kind = _KIND_OF[key]
            found, wrong = [(kind, name) for name in names], _wrong_words(kind, names)
        else:
            continue  # somebody's metadata: it does not limit
        if not names:
            wrong = [sentence("must be a name or a list with at least one")]
        faults += [Fault(f"/{key}", detail) for detail in wrong]
        for kind, name in found:
            pools[kind] = pools.get(kind, frozenset()) | {name}
    return pools, faults


def _wrong_words(kind: str, names: list[str]) -> list[str]:
    words = _WORDS.get(kind)
    if words is None or set(names) <= set(words):
        return []
    return [sentence("must be one of: %(words)s", words=", ".join(words))]


def _rules(rules: list[str]) -> tuple[list[tuple[str, str]], Sequence[str]]:
    """Return the kinds and ids of an `allow` list, and what is wrong with it."""
    parted = [(rule, *rule.partition(":")) for rule in rules]
    found = [(kind, name.strip()) for _, kind, _, name in parted]
    wrong = [
        sentence("%(rule)s is not project:ID, agent:ID or subtree:ID", rule=repr(rule))
        for rule, kind, _, name in parted
        if kind not in _PREFIXES or not name.strip()
    ]
    return found, wrong


def _values(value: object) -> list[str]:
    """Return one or several names, trimmed; what is blank or no string is left out."""
    several = value if isinstance(value, list | tuple) else [value]
    return [each.strip() for each in several if isinstance(each, str) and each.strip()]


def _asked(scope: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Return the project and the agent that a question's scope names."""
    return (
        _id(scope, "projectId"),
        _id(scope, "assigneeAgentId") or _id(scope, "targetAgentId"),
    )


def _id(scope: Mapping[str, object] | None, key: str) -> str | None:
    value = (scope or {}).get(key)
    return value.strip() or None if isinstance(value, str) else None


def _differ(asked: str | None, actual: str | None) -> bool:
    return asked is not None and actual is not None and asked != actual

"""What a protection policy does to the assignment of tasks. What is not understood denies."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

from webui.sentences import sentence


class Strength(IntEnum):
    """How far a policy goes; of several the strongest counts."""

    NONE = 0
    RESTRICTED = 1
    REQUIRES_APPROVAL = 2
    UNKNOWN = 3


class Effect(NamedTuple):
    """What a policy does, and the sentence that says so."""

    strength: Strength
    sentence: str = ""


NO_EFFECT = Effect(Strength.NONE)
_SECTIONS = ("agentVisibility", "assignmentPolicy", "protectedAgent")
_KEYS = frozenset({*_SECTIONS, "managedBy"})
# Tuples, for a mode may be anything, also what has no hash.
_VISIBILITY = ("discoverable", "private")
_ASSIGNMENT = ("company_default", "protected")


def effect_of(policy: object, label: str) -> Effect:
    """Read one policy object.

    Args:
        policy: as saved; absent or empty is none.
        label: what it sits on, as the sentence begins.

    """
    if policy is None or policy == {}:
        return NO_EFFECT
    sections = _sections(policy)
    if sections is None:
        return Effect(
            Strength.UNKNOWN,
            sentence(
                "%(label)s has a protection policy that is not understood.", label=label
            ),
        )
    visibility, assignment, protected = sections
    if visibility.get("mode", "discoverable") not in _VISIBILITY:
        return Effect(
            Strength.UNKNOWN,
            sentence(
                "%(label)s has a visibility mode that is not understood.", label=label
            ),
        )
    if assignment.get("mode", "company_default") not in _ASSIGNMENT:
        return Effect(
            Strength.UNKNOWN,
            sentence(
                "%(label)s has an assignment mode that is not understood.", label=label
            ),
        )
    if (
        protected.get("requiresApproval") is True
        or assignment.get("protectedAgentRequiresApproval") is True
    ):
        return Effect(
            Strength.REQUIRES_APPROVAL,
            sentence("%(label)s requires approval before task assignment.", label=label),
        )
    return _restriction(visibility, assignment, label)


def missing(label: str) -> Effect:
    """Return the effect of a policy that cannot be read, for its bearer is not in this org."""
    return Effect(
        Strength.UNKNOWN,
        sentence("%(label)s is not one of this organization.", label=label),
    )


def strongest(effects: Iterable[Effect]) -> Effect:
    """Return the strongest effect; among equals the first."""
    return max(effects, key=lambda effect: effect.strength, default=NO_EFFECT)


def _sections(policy: object) -> list[Mapping[str, object]] | None:
    """Return the three sections, absent ones empty; none if it is not a policy as we know it."""
    if not isinstance(policy, Mapping) or not policy.keys() <= _KEYS:
        return None
    if not any(name in policy for name in _SECTIONS):
        return None
    sections = [policy.get(name, {}) for name in _SECTIONS]
    return sections if all(isinstance(each, Mapping) for each in sections) else None


def _restriction(
    visibility: Mapping[str, object], assignment: Mapping[str, object], label: str
) -> Effect:
    if (
        visibility.get("mode") == "private"
        or visibility.get("hiddenFromDefaultDirectory") is True
    ):
        return Effect(
            Strength.RESTRICTED,
            sentence(
                "%(label)s is private; assigning it tasks takes a grant.", label=label
            ),
        )
    if assignment.get("mode") == "protected":
        return Effect(
            Strength.RESTRICTED,
            sentence(
                "%(label)s is protected; assigning it tasks takes a grant.", label=label
            ),
        )
    return NO_EFFECT

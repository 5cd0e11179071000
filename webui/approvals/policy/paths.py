"""Where a condition looks: `args.a.b`, `agent.id`, `time.hour` and their like.

A path is read once, into a function that walks; what it does not find is MISSING.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from webui.approvals.policy.facts import MISSING, Facts
from webui.approvals.policy.faults import BadValueError, meant
from webui.sentences import sentence

Look = Callable[[Facts], Any]

_DEEPEST: Final = 32
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS

NAMES: Final = "call.argument_names"
"""A list: so that a rule can say which arguments a call may have at all."""

_FIXED: Final[Mapping[str, Look]] = {
    "agent.id": lambda facts: facts.call.agent,
    "agent.project": lambda facts: facts.call.project,
    "agent.owner": lambda facts: facts.call.owner,
    "call.risk": lambda facts: facts.call.risk,
    "call.session": lambda facts: facts.call.session,
    "call.scope": lambda facts: facts.call.scope,
    NAMES: lambda facts: sorted(facts.call.arguments),
    "time.hour": lambda facts: facts.now // _HOUR_MS % 24,
    # The epoch began on a Thursday; Monday is 1 and Sunday 7, as ISO 8601 counts.
    "time.weekday": lambda facts: (facts.now // _DAY_MS + 3) % 7 + 1,
    "history.approved_same": lambda facts: (
        MISSING if facts.history is None else facts.history.approved_same
    ),
    "history.denied_same": lambda facts: (
        MISSING if facts.history is None else facts.history.denied_same
    ),
}
ROOTS: Final[tuple[str, ...]] = ("args", "state", "agent", "call", "time", "history")
_NUMBERS: Final = ("state.", "time.", "history.")


def read_path(path: str, roots: frozenset[str] = frozenset(ROOTS)) -> Look:
    """Return the function that looks where `path` points; BadValueError says what is wrong."""
    root, dot, rest = path.partition(".")
    if root not in roots:
        known = [each for each in ROOTS if each in roots]
        listed = ", ".join(f'"{each}."' for each in known)
        raise BadValueError(
            sentence(
                "must start with %(listed)s%(guess)s",
                listed=listed,
                guess=meant(root, known),
            )
        )
    if not dot or not rest:
        raise BadValueError(
            sentence(
                "ends after %(root)s. Name what to look at, as in %(example)s.",
                root=repr(root),
                example=_like(root),
            )
        )
    if root == "args":
        steps = read_steps(rest)
        return lambda facts: walk(facts.call.arguments, steps)
    if root == "state":
        if "." not in rest:
            raise BadValueError(
                sentence("needs a tool and a counter, as in state.create_issue.hourly.")
            )
        return lambda facts: facts.counters.get(rest, 0)
    if path not in _FIXED:
        known = [each for each in _FIXED if each.startswith(f"{root}.")]
        raise BadValueError(
            sentence(
                "must be one of %(known)s%(guess)s",
                known=", ".join(known),
                guess=meant(path, known),
            )
        )
    return _FIXED[path]


def is_number_path(path: str) -> bool:
    """Say whether what the path leads to is always a number."""
    return path.startswith(_NUMBERS)


def is_text_path(path: str) -> bool:
    """Say whether what the path leads to is always text."""
    return path.startswith(("agent.", "call.")) and path != NAMES


def read_steps(path: str) -> tuple[str, ...]:
    """Return the steps of a dotted path below some value."""
    steps = tuple(path.split("."))
    if not all(steps):
        raise BadValueError(
            sentence("has an empty step. Write names with single dots between them.")
        )
    if len(steps) > _DEEPEST:
        raise BadValueError(
            sentence(
                "has more than %(most)s steps. No call is nested that deep.", most=_DEEPEST
            )
        )
    return steps


def walk(value: Any, steps: tuple[str, ...]) -> Any:
    """Return what lies `steps` below a JSON value: names in objects, indexes in lists."""
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step, MISSING)
        elif isinstance(value, list | tuple) and _is_index(step, len(value)):
            value = value[int(step)]
        else:
            return MISSING
    return value


def _is_index(step: str, length: int) -> bool:
    """Say whether a step is the one spelling of a position within the list."""
    if not (step.isascii() and step.isdigit()) or len(step) > 5:  # noqa: PLR2004 - 10,000 nodes at most
        return False
    return str(int(step)) == step and int(step) < length


def _like(root: str) -> str:
    examples = {"args": "args.amount", "state": "state.create_issue.hourly"}
    return examples.get(root) or next(each for each in _FIXED if each.startswith(root))

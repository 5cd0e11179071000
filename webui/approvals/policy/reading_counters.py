"""Whether the counters of a policy fit together: none is kept twice, none asked for in vain.

It looks at the text's values and not at the rules read from them, so that another fault in a
rule does not make its counter unknown.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from webui.approvals.call.json_faults import step
from webui.approvals.errors import Fault
from webui.approvals.policy.document import EVERY_TOOL, GLOBAL_SCOPE
from webui.approvals.policy.faults import MOST_FAULTS, meant
from webui.sentences import sentence


def check_counters(tools: Any, faults: list[Fault]) -> None:
    """Add a fault for each counter that two rules keep, or that is read and never kept."""
    rules = list(_rules(tools))
    kept: dict[str, int] = {}
    for scope, index, place, rule in rules:
        counter = _counter(rule)
        if counter is None:
            continue
        first = kept.setdefault(f"{scope}.{counter}", index)
        if first != index:
            said = sentence(
                'the counter "%(name)s" is kept by rules[%(first)s] of this tool already. '
                "Give it another name, or the rate_limit another window.",
                name=counter[:100],
                first=first,
            )
            faults.append(Fault(place, said))
    known = {f"state.{name}": None for name in kept}
    for _, _, place, rule in rules:
        for index, path in _paths(rule):
            if len(faults) >= MOST_FAULTS:
                return
            if path.startswith("state.") and path not in known:
                said = sentence(
                    "%(path)s is kept by no rule. Add a state block with that counter to a "
                    "rule of that tool%(guess)s",
                    path=path[:100],
                    guess=meant(path, known),
                )
                faults.append(Fault(f"{place}/conditions/{index}/path", said))


def _rules(tools: Any) -> Iterator[tuple[str, int, str, Mapping[str, Any]]]:
    """Yield each rule with its scope, its number and its place."""
    for name, entry in tools.items() if isinstance(tools, Mapping) else ():
        rules = entry.get("rules") if isinstance(entry, Mapping) else None
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, Mapping):
                scope = GLOBAL_SCOPE if name == EVERY_TOOL else name
                yield scope, index, f"/tools{step(name)}/rules/{index}", rule


def _counter(rule: Mapping[str, Any]) -> str | None:
    rate, state = rule.get("rate_limit"), rule.get("state")
    if isinstance(rate, str):
        return f"_rate_{rate.partition('/')[2]}"
    counter = state.get("counter") if isinstance(state, Mapping) else None
    return None if counter is None else str(counter)


def _paths(rule: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    conditions = rule.get("conditions")
    for index, condition in enumerate(conditions if isinstance(conditions, list) else ()):
        path = condition.get("path") if isinstance(condition, Mapping) else None
        if isinstance(path, str):
            yield index, path

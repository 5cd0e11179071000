"""What a draft would have said, counted against what was; bounded, whatever is replayed."""

from collections import Counter, deque
from typing import Any, Final

from webui.approvals.policy import Outcome, Verdict
from webui.replays.was import ASKED, NO, Was
from webui.store.queries.recorded import Recorded

LISTED: Final = 100
"""Calls of each list, the newest; what is counted is all of them."""
RULES_MAX: Final = 200
NAME_MAX: Final = 200
LISTS: Final = ("let_through", "newly_asked", "newly_refused", "no_longer_asked")
"""In the order in which they are shown: what a person said no to comes first, always."""


def list_of(before: Was, verdict: Verdict) -> str | None:
    """Return in which list a call belongs; none where the draft changes nothing for it."""
    if verdict is Verdict.ALLOW:
        if before in NO:
            return "let_through"
        return "no_longer_asked" if before in ASKED else None
    if verdict is Verdict.REQUIRE_APPROVAL:
        return "newly_asked" if before in {Was.PASSED, Was.REFUSED} else None
    return None if before in NO else "newly_refused"


class Tally:
    """Counts call after call."""

    def __init__(self) -> None:
        self.calls = 0
        self.matrix: Counter[tuple[Was, Verdict]] = Counter()
        self._rules: Counter[tuple[str, int, Verdict]] = Counter()
        self._lists: dict[str, deque[list[Any]]] = {
            name: deque(maxlen=LISTED) for name in LISTS
        }

    def add(self, call: Recorded, before: Was, outcome: Outcome) -> None:
        """Count one call."""
        self.calls += 1
        self.matrix[before, outcome.verdict] += 1
        self._rules[outcome.rule, outcome.line, outcome.verdict] += 1
        name = list_of(before, outcome.verdict)
        if name is not None:
            self._lists[name].append([call.id, outcome.rule[:NAME_MAX]])

    def _listed(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (before, verdict), count in self.matrix.items():
            name = list_of(before, verdict)
            if name is not None:
                found[name] += count
        return found

    def as_document(self) -> dict[str, Any]:
        """Return the figures and lists for JSON, newest calls first."""
        counts = self._listed()
        rules = sorted(self._rules.items(), key=lambda item: (-item[1], item[0]))
        return {
            "calls": self.calls,
            "matrix": {
                str(before): {
                    str(verdict): self.matrix[before, verdict] for verdict in Verdict
                }
                for before in Was
            },
            "lists": {
                name: {
                    "count": counts[name],
                    "newest": [
                        {"approval": approval, "rule": rule}
                        for approval, rule in reversed(self._lists[name])
                    ],
                }
                for name in LISTS
            },
            "rules": [
                {
                    "rule": rule[:NAME_MAX],
                    "line": line,
                    "verdict": str(verdict),
                    "calls": count,
                }
                for (rule, line, verdict), count in rules[:RULES_MAX]
            ],
            "rules_left_out": max(0, len(rules) - RULES_MAX),
            "asked_before": sum(
                count for (before, _), count in self.matrix.items() if before in ASKED
            ),
            # a standing grant would cover what it covered, whatever rule asks
            "asked_now": sum(
                count
                for (before, verdict), count in self.matrix.items()
                if verdict is Verdict.REQUIRE_APPROVAL and before is not Was.GRANTED
            ),
        }

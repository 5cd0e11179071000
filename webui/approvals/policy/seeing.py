"""What a condition saw, small enough to be shown, stored and sent."""

import json
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from webui.approvals.policy.answers import Answer
from webui.approvals.policy.conditions import Condition
from webui.approvals.policy.facts import MISSING, Facts
from webui.approvals.policy.faults import kind_of
from webui.sentences import sentence

MOST_SHOWN: Final = 200
"""Characters of a value, seen or written; what is longer is cut and marked so."""
_WRITER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


@dataclass(frozen=True, slots=True)
class Seen:
    """A condition, the value it saw, and its answer.

    `seen` is not masked: who shows it masks it by `path`, as the same place of the call.
    """

    path: str
    op: str
    value: Any
    seen: Any
    kind: str
    """What was there: "text", "a number", "nothing" and so on."""
    cut: bool
    answer: Answer

    def sentence(self) -> str:
        """Say what was asked and what came of it, without the value that was seen."""
        asked = f"{self.path} {self.op} {_WRITER.encode(self.value)}"
        if self.answer is Answer.CANNOT_TELL:
            return sentence(
                "%(asked)s cannot be told, as there is %(kind)s",
                asked=asked,
                kind=self.kind,
            )
        if self.answer is Answer.YES:
            return sentence("%(asked)s holds", asked=asked)
        return sentence("%(asked)s does not hold", asked=asked)

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "path": self.path,
            "op": self.op,
            "value": self.value,
            "seen": self.seen,
            "kind": self.kind,
            "cut": self.cut,
            "answer": str(self.answer),
        }


def see(condition: Condition, facts: Facts, answer: Answer) -> Seen:
    """Return what a condition saw when it gave this answer."""
    value = condition.seen(facts)
    kind = sentence("nothing") if value is MISSING else kind_of(value)
    shown, cut = _shown(None if value is MISSING else value)
    written, _ = _shown(condition.value)
    return Seen(condition.path, condition.op, written, shown, kind, cut, answer)


def _shown(value: Any) -> tuple[Any, bool]:
    """Return a value as it is shown, and whether something was cut off."""
    if value is None or isinstance(value, bool | int | float):
        return value, False
    if isinstance(value, str):
        text = value
    else:  # written in pieces, so that a large value costs no more than what is shown of it
        text = "".join(islice(_WRITER.iterencode(value), MOST_SHOWN + 1))
    return text[:MOST_SHOWN], len(text) > MOST_SHOWN

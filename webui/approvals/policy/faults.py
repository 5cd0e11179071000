"""How what is wrong with a policy is told: where it is, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from webui.sentences import sentence

MOST_FAULTS: Final = 100
"""Told at once; whoever reads on would only spend time."""
_MOST_GUESSED: Final = 300


class BadValueError(ValueError):
    """One value that cannot be; the sentence follows the value's place: "must be ..."."""

    def __init__(self, said: str, pointer: str = "") -> None:
        """Take the sentence and the place of the culprit below the value (JSON Pointer)."""
        super().__init__(said)
        self.sentence = said
        self.pointer = pointer


@dataclass(frozen=True, slots=True, order=True)
class PolicyFault:
    """One place in a policy's text that is wrong, or (as a warning) looks wrong."""

    line: int
    column: int
    path: str
    """As the author would write it: `tools.bash.rules[2].conditions[0].op`; "" is the whole."""
    sentence: str

    def __str__(self) -> str:
        """Return it on one line, as a compiler would."""
        return str(self.told())

    def told(self) -> str:
        """Return the same as a sentence, which can be said in other languages."""
        return sentence(
            "line %(line)s, column %(column)s: %(path)s: %(sentence)s",
            line=self.line,
            column=self.column,
            path=self.path or sentence("the file"),
            sentence=self.sentence,
        )

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "line": self.line,
            "column": self.column,
            "path": self.path,
            "sentence": self.sentence,
        }


class PolicyError(ValueError):
    """A text that is no policy; `faults` holds everything that is wrong, in its order."""

    def __init__(self, faults: Iterable[PolicyFault]) -> None:
        """Take all that is wrong."""
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def meant(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that guesses what was meant: "; did you mean "op"?" or "."."""
    from difflib import get_close_matches  # noqa: PLC0415 - only needed when something is wrong

    near = get_close_matches(word[:100], list(islice(known, _MOST_GUESSED)), n=1)
    return sentence('; did you mean "%(word)s"?', word=near[0]) if near else "."


def kind_of(value: Any) -> str:
    """Return the word for the kind of a JSON value, with its article."""
    if value is None:
        return sentence("nothing (null)")
    if isinstance(value, bool):
        return sentence("true or false")
    if isinstance(value, int | float):
        return sentence("a number")
    if isinstance(value, str):
        return sentence("text")
    return sentence("a list") if isinstance(value, list | tuple) else sentence("a mapping")

"""What is found in a call: sentences by kind or by line, each said once and counted.

What is shown of a text is bounded; what is said of it is not: findings come from all of it.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from itertools import accumulate
from typing import Final

from webui.preview.renderers.rendering import Finding, Severity

_MOST_FINDINGS: Final = 24
_MOST_PLACES: Final = 5


class _Found:
    def __init__(self, severity: Severity, words: str) -> None:
        self.severity: Severity = severity
        self.words = words
        self.lines: list[int] = []
        self.times = 0

    def sentence(self) -> str:
        others = self.times - 1
        if not others:
            return self.words
        lines = ", ".join(map(str, self.lines[1:_MOST_PLACES]))
        where = f", as in line {lines}" if lines else ""
        return f"{self.words} And {others:,} more like it{where}."


class Findings:
    """What is found, each kind said once and counted, however often an agent repeats it."""

    def __init__(self) -> None:
        self._found: dict[Hashable, _Found] = {}
        self._seen: set[Hashable] = set()

    def is_new(self, thing: Hashable) -> bool:
        """Say whether this is looked at for the first time; what repeats is not said twice."""
        if thing in self._seen:
            return False
        self._seen.add(thing)
        return True

    def danger(self, kind: Hashable, words: str, line: int | None = None) -> None:
        """Add what may do harm; `words` are said for the first of its kind."""
        self._add("danger", kind, words, line)

    def note(self, kind: Hashable, words: str, line: int | None = None) -> None:
        """Add what a person may want to know."""
        self._add("note", kind, words, line)

    def has(self, kind: Hashable) -> bool:
        """Say whether there is one of this kind, so that its words need not be made again."""
        return kind in self._found

    def again(self, kind: Hashable, line: int | None = None) -> None:
        """Count one more of a kind that there is."""
        found = self._found[kind]
        found.times += 1
        if line is not None and len(found.lines) < _MOST_PLACES:
            found.lines.append(line)

    def sentences(self) -> tuple[Finding, ...]:
        """Return all of them, dangers first; of very many, how many are not listed."""
        return _listed(
            [Finding(found.severity, found.sentence()) for found in self._found.values()]
        )

    def _add(
        self, severity: Severity, kind: Hashable, words: str, line: int | None
    ) -> None:
        if kind not in self._found:
            self._found[kind] = _Found(severity, words)
        self.again(kind, line)


class Found:
    """Gathers what is said of a text; the same thing said of many lines is one sentence."""

    def __init__(self, text: str) -> None:
        """Take the text that positions speak of."""
        self._text = text
        self._starts: list[int] = []
        self._said: dict[tuple[Severity, str], list[int]] = {}

    def danger(self, at: int, sentence: str) -> None:
        """Say what a person must not miss."""
        self._add("danger", at, sentence)

    def note(self, at: int, sentence: str) -> None:
        """Say what a person may want to know."""
        self._add("note", at, sentence)

    def _add(self, severity: Severity, at: int, sentence: str) -> None:
        lines = self._said.setdefault((severity, sentence), [])
        line = self.line(at)
        if line not in lines[-1:]:
            lines.append(line)

    def line(self, at: int) -> int:
        """Return the number of the line that holds this position."""
        if not self._starts:
            self._starts = _starts(self._text)
        return bisect_right(self._starts, at)

    def findings(self) -> tuple[Finding, ...]:
        """Return all that was said, dangers first; of very many, how many more there are."""
        many = "\n" in self._text
        ordered = sorted(self._said.items(), key=lambda item: item[1][0])
        return _listed(
            [
                Finding(severity, _where(lines) + sentence if many else sentence)
                for (severity, sentence), lines in ordered
            ]
        )


class Within(Found):
    """What is said of a text that stands in another: its places are places of that one."""

    def __init__(self, outer: Found, place: Callable[[int], int]) -> None:
        """Take what is said of the outer text, and how its places follow from the inner ones."""
        self._outer, self._place = outer, place

    def _add(self, severity: Severity, at: int, sentence: str) -> None:
        self._outer._add(severity, self._place(at), sentence)  # noqa: SLF001  its own class


def _listed(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings, dangers first; of very many, how many more there are."""
    ordered = sorted(found, key=_rank)
    rest = ordered[_MOST_FINDINGS:]
    if not rest:
        return tuple(ordered)
    dangers = sum([finding.severity == "danger" for finding in rest])
    words = f"{len(rest):,} more findings are not listed, {dangers:,} of them dangers."
    more = Finding("danger" if dangers else "note", words)
    return tuple(sorted([more, *ordered[:_MOST_FINDINGS]], key=_rank))


def _rank(finding: Finding) -> bool:
    return finding.severity != "danger"


def _starts(text: str) -> list[int]:
    return [0, *accumulate([len(line) + 1 for line in text.split("\n")])]


def _where(lines: Sequence[int]) -> str:
    lines = sorted(set(lines))
    if len(lines) == 1:
        return f"Line {lines[0]}: "
    shown = ", ".join(map(str, lines[:_MOST_PLACES]))
    rest = len(lines) - _MOST_PLACES
    return f"Lines {shown}{f' and {rest} more' if rest > 0 else ''}: "

"""What is found in a call: sentences by kind or by line, each said once and counted.

What is shown of a text is bounded; what is said of it is not: findings come from all of it.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from itertools import accumulate
from typing import Final

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.rendering import Alarm, Finding, Severity
from webui.sentences import number, sentence

_MOST_FINDINGS: Final = 24
_MOST_PLACES: Final = 5
_NO_TEXT: Final = Text("", {})


class _Kind:
    """One kind of what is found: its sentence and where it stands."""

    def __init__(self, severity: Severity, words: str) -> None:
        self.severity: Severity = severity
        self.words = words
        self.lines: list[int] = []
        self.times = 0

    def counted(self) -> str:
        """Return what is said of the first, and how many are like it."""
        others = self.times - 1
        if not others:
            return self.words
        lines = ", ".join(map(str, self.lines[1:_MOST_PLACES]))
        if not lines:
            return sentence(
                "%(words)s And %(others)s more like it.",
                words=self.words,
                others=number(others),
            )
        return sentence(
            "%(words)s And %(others)s more like it, as in line %(lines)s.",
            words=self.words,
            others=number(others),
            lines=lines,
        )

    def placed(self) -> str:
        """Return what is true of several lines, with their numbers."""
        lines = sorted(set(self.lines))
        if len(lines) == 1:
            return sentence("Line %(line)s: %(words)s", line=lines[0], words=self.words)
        shown = ", ".join(map(str, lines[:_MOST_PLACES]))
        rest = len(lines) - _MOST_PLACES
        if rest > 0:
            return sentence(
                "Lines %(lines)s and %(rest)s more: %(words)s",
                lines=shown,
                rest=rest,
                words=self.words,
            )
        return sentence("Lines %(lines)s: %(words)s", lines=shown, words=self.words)


class Findings:
    """What is found, each kind said once and counted, however often an agent repeats it."""

    def __init__(self, text: Text = _NO_TEXT) -> None:
        """Take the text that positions speak of, if any do."""
        self._whole = text
        self._text = text.plain
        self._alarms: dict[Alarm, None] = {}
        self._starts: list[int] = []
        self._kinds: dict[Hashable, _Kind] = {}
        self._placed: dict[tuple[Severity, str], _Kind] = {}
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

    def danger_at(self, at: int, words: str) -> None:
        """Add what may do harm at a position of the text; the same words are said once."""
        self.add_at("danger", at, words)

    def note_at(self, at: int, words: str) -> None:
        """Add what a person may want to know of a position of the text."""
        self.add_at("note", at, words)

    def points(self, text: Text, at: int) -> None:
        """Keep where in a text of the call a danger stands."""
        if text.name and len(self._alarms) < _MOST_FINDINGS:
            self._alarms[Alarm(text.name, at)] = None

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Return where in the call dangers stand, each place once."""
        return tuple(self._alarms)

    def has(self, kind: Hashable) -> bool:
        """Say whether there is one of this kind, so that its words need not be made again."""
        return kind in self._kinds

    def again(self, kind: Hashable, line: int | None = None) -> None:
        """Count one more of a kind that there is."""
        known = self._kinds[kind]
        known.times += 1
        if line is not None and len(known.lines) < _MOST_PLACES:
            known.lines.append(line)

    def line(self, at: int) -> int:
        """Return the number of the line that holds this position."""
        if not self._starts:
            lengths = [len(line) + 1 for line in self._text.split("\n")]
            self._starts = [0, *accumulate(lengths)]
        return bisect_right(self._starts, at)

    def sentences(self) -> tuple[Finding, ...]:
        """Return all of them, dangers first; of very many, how many are not listed."""
        many = "\n" in self._text
        ordered = sorted(self._placed.values(), key=lambda each: each.lines[0])
        return _listed(
            [Finding(each.severity, each.counted()) for each in self._kinds.values()]
            + [
                Finding(each.severity, each.placed() if many else each.words)
                for each in ordered
            ]
        )

    def add_at(self, severity: Severity, at: int, words: str) -> None:
        """Add what is found at a position of the text."""
        if severity == "danger" and (severity, words) not in self._placed:
            self.points(self._whole, at)  # its like are counted: they hide no other
        known = self._placed.setdefault((severity, words), _Kind(severity, words))
        line = self.line(at)
        if line not in known.lines[-1:]:
            known.lines.append(line)

    def _add(
        self, severity: Severity, kind: Hashable, words: str, line: int | None
    ) -> None:
        if kind not in self._kinds:
            self._kinds[kind] = _Kind(severity, words)
        self.again(kind, line)


class Within(Findings):
    """What is found in a text that stands in another: its places are places of that one."""

    def __init__(self, outer: Findings, place: Callable[[int], int]) -> None:
        """Take what is found in the outer text, and how its places follow from the inner ones."""
        super().__init__()
        self._outer, self._place = outer, place

    def add_at(self, severity: Severity, at: int, words: str) -> None:
        """Add it to what is found in the outer text."""
        self._outer.add_at(severity, self._place(at), words)


def _listed(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings, dangers first; of very many, how many more there are."""
    ordered = sorted(found, key=_rank)
    rest = ordered[_MOST_FINDINGS:]
    if not rest:
        return tuple(ordered)
    dangers = sum([finding.severity == "danger" for finding in rest])
    words = sentence(
        "%(rest)s more findings are not listed, %(dangers)s of them dangers.",
        rest=number(len(rest)),
        dangers=number(dangers),
    )
    more = Finding("danger" if dangers else "note", words)
    return tuple(sorted([more, *ordered[:_MOST_FINDINGS]], key=_rank))


def _rank(finding: Finding) -> bool:
    return finding.severity != "danger"

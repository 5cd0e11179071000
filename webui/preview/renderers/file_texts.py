"""What is written into files: blocks of lines, and what in the lines a person could overlook."""

import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.comparing import Run, compare
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import LineKind
from webui.preview.renderers.saying import Span, said, whole
from webui.preview.renderers.sheets import Sheet, add_lines
from webui.sentences import Sentence, number, sentence

_LINE: Final = sentence("Line")
_AROUND: Final = 3
_PRIVATE: Final = re.compile("[\U000f0000-\U000ffffd]")
_FAR_RIGHT: Final = re.compile(
    r"(?<![ \t\u00a0\u2000-\u200a\u3000])[ \t\u00a0\u2000-\u200a\u3000]{60,}+(?=[^\s])"
)
_UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\U000e0000-\U000e0fff]++"
)
_RETURN: Final = re.compile(r"\r(?!\n|\Z)|[\x08\x1b]++")
_LONG_LINE: Final = re.compile(r"[^\n]{2000,}+")
_RUN_ON_INSTALL: Final = re.compile(
    r'"(?:(?:pre|post)?(?:install|prepare|publish|pack|uninstall)|prepublishOnly|dependencies)"'
    r"\s*:\s*\""
)
_HUGE: Final = 200
_FIVE_TIMES: Final = 5
_MOST_FOUND: Final = 400


class _Rule(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    words: Callable[[Sentence, Sentence], Sentence]
    """Of the line, as a sentence begins with it, and of how long what is found there is."""


_RULES: Final = (
    _Rule(
        "far-right",
        _FAR_RIGHT,
        lambda line, length: sentence(
            "%(line)s has text after a run of %(length)s blanks, off to the right.",
            line=line,
            length=length,
        ),
    ),
    _Rule(
        "unseen",
        _UNSEEN,
        lambda line, _: sentence("%(line)s holds a character that nobody sees.", line=line),
    ),
    _Rule(
        "return",
        _RETURN,
        lambda line, _: sentence(
            "%(line)s holds a control character that lets a screen show another text.",
            line=line,
        ),
    ),
    _Rule(
        "long-line",
        _LONG_LINE,
        lambda line, length: sentence(
            "%(line)s is %(length)s characters long.", line=line, length=length
        ),
    ),
)
_SCRIPT: Final = _Rule(
    "script",
    _RUN_ON_INSTALL,
    lambda line, _: sentence(
        "%(line)s is a script that runs when it is installed.", line=line
    ),
)


def look_at_text(
    found: Findings, text: Text, path: Span | None, *, sign: str = "", what: str = _LINE
) -> None:
    """Search a text; with a `sign` only in the lines of a patch that begin with it.

    `what` is how a sentence begins before a line's number.
    """
    is_package = path is not None and path.plain.casefold().endswith("package.json")
    for rule in (*_RULES, _SCRIPT) if is_package else _RULES:
        for match in _in_lines(text.plain, rule.pattern, sign):
            if not found.has(rule.kind):
                found.points(text, match.start())
            _say(found, rule, what, text.plain, match)


def _in_lines(plain: str, pattern: re.Pattern[str], sign: str) -> Iterator[re.Match[str]]:
    line = done = 0
    left = _MOST_FOUND
    for match in pattern.finditer(plain):
        line = plain.rfind("\n", done, match.start()) + 1 or line
        done = match.start()
        if plain.startswith(sign, line):
            yield match
            left -= 1
            if not left:
                return


def _say(found: Findings, rule: _Rule, what: str, plain: str, match: re.Match[str]) -> None:
    if found.has(rule.kind):
        found.again(rule.kind)
        return
    line = plain.count("\n", 0, match.start()) + 1
    place = sentence("%(what)s %(line)s", what=what, line=number(line))
    length = number(match.end() - match.start())
    found.danger(rule.kind, rule.words(place, length), line)


def add_whole(sheet: Sheet, text: Text) -> None:
    """Add a file's new content, of which no old one is known."""
    add_lines(sheet, whole(text), "added")


def add_difference(sheet: Sheet, old: Text, new: Text, found: Findings) -> tuple[int, int]:
    """Add what differs with some lines around it; return how many lines come and go."""
    before, after = _Lines(old, "old"), _Lines(new, "new")
    runs = compare(before.keys, after.keys)
    added = sum([run.length for run in runs if run.side == "new"])
    removed = sum([run.length for run in runs if run.side == "old"])
    for at, run in enumerate(runs):
        if sheet.is_full:
            sheet.hidden += sum([rest.length for rest in runs[at:] if rest.side != "both"])
            break
        if run.side == "both":
            _kept(sheet, after, run, is_first=at == 0, is_last=at == len(runs) - 1)
            continue
        if run.side == "old":
            _add_run(sheet, before, "removed", run.old, run.length)
        else:
            _add_run(sheet, after, "added", run.new, run.length)
    if old.plain.endswith("\n") != new.plain.endswith("\n") and old.plain and new.plain:
        words = sentence("The text gains the line end behind its last line.")
        if old.plain.endswith("\n"):
            words = sentence("The text loses the line end behind its last line.")
        found.note("last-end", words)
    return added, removed


class _Lines:
    """The lines of a text, and what they are compared by."""

    def __init__(self, text: Text, side: str) -> None:
        lines = text.plain.split("\n")
        if lines[-1] == "":
            lines.pop()
        self._text = text
        self._ends = list(accumulate([len(line) + 1 for line in lines]))
        self.keys: list[object] = list(lines)
        if _PRIVATE.search(text.plain):  # a line that may hold a secret is like no other
            self.keys = [
                (side, at) if _PRIVATE.search(line) else line
                for at, line in enumerate(lines)
            ]

    def span(self, index: int) -> Span:
        """Return one line, without its end."""
        begin = self._ends[index - 1] if index else 0
        return Span(self._text, begin, self._ends[index] - 1)


def _add_run(sheet: Sheet, lines: _Lines, kind: LineKind, first: int, length: int) -> None:
    for index in range(first, first + length):
        if sheet.is_full:
            sheet.hidden += first + length - index
            return
        number = index + 1
        was = number if kind == "removed" else None
        sheet.add(lines.span(index), kind, number, was)


def _kept(
    sheet: Sheet,
    lines: _Lines,
    run: Run,
    *,
    is_first: bool,
    is_last: bool,
) -> None:
    head = 0 if is_first else min(_AROUND, run.length)
    tail = 0 if is_last else min(_AROUND, run.length - head)
    skipped = run.length - head - tail
    if skipped <= 1:
        head, tail, skipped = run.length, 0, 0
    shown = [
        *range(head),
        *([-1] if skipped else []),
        *range(run.length - tail, run.length),
    ]
    for index in shown:
        if index < 0:
            sheet.gap(
                sentence("%(skipped)s lines that stay as they are", skipped=number(skipped))
            )
        else:
            at = run.new + index
            sheet.add(lines.span(at), "plain", at + 1, run.old + index + 1)


def look_at_counts(found: Findings, name: Span | None, added: int, removed: int) -> None:
    """Say that much goes and little comes."""
    if removed >= _HUGE and removed > _FIVE_TIMES * added:
        counts = {"removed": number(removed), "added": number(added)}
        words = sentence("%(removed)s lines are removed and %(added)s are added.", **counts)
        if name is not None:
            words = sentence(
                "%(removed)s lines of %(file)s are removed and %(added)s are added.",
                file=said(name),
                **counts,
            )
        found.danger(("huge", name.plain if name else ""), words)

"""Marks of ours in text that was written before, told in its reader's language.

A line is kept as English text. In it, what stands in brackets ⟦ ⟧ is ours, as those of an agent are
written out, and outside quotation marks the braces are, too. So our words are known by where they
stand, and whatever an agent wrote stays as it is, even if it reads like one of our marks.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from webui.preview.nodes import cut_gap
from webui.preview.visible import BLANKS, MIXED_BLANKS
from webui.sentences import Forms, Language, Sentence, forms, joined, told

MORE_KEYS: Final = forms("+%(number)s more key", "+%(number)s more keys")
KEYS: Final = forms("%(number)s key", "%(number)s keys")
ITEMS: Final = forms("%(number)s item", "%(number)s items")
REDACTED: Final = forms(
    "redacted %(number)s char tag %(tag)s", "redacted %(number)s chars tag %(tag)s"
)
REDACTED_WITH_SPACES: Final = forms(
    "redacted %(number)s char contains spaces tag %(tag)s",
    "redacted %(number)s chars contains spaces tag %(tag)s",
)
_BRACKETED: Final = re.compile(r"⟦[^⟦⟧]*⟧")
_PARTS: Final = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.)*+")|(?P<bracketed>⟦[^⟦⟧]*⟧)'
    r"|(?P<size>\{\d+ keys?\}|\[\d+ items?\])"
)
_QUOTED: Final = r'"(?:[^"\\]|\\.)*+"'
_ARGUMENTS: Final = re.compile(
    rf"(?:(?:[A-Za-z0-9_.-]++|{_QUOTED}): "
    rf'(?:{_QUOTED}|\{{\d+ keys?\}}|\[\d+ items?\]|[^",()\[\]{{}}]++)(?:, |(?=\))))*+'
    r"(?:⟦\+\d+ more keys?⟧)?\)"
)
"""All that stands after the bracket of a line."""
_Say = Callable[[re.Match[str]], Sentence]


def _counted(words: Forms) -> _Say:
    return lambda match: words.of(int(match[1]))


def _redacted(match: re.Match[str]) -> Sentence:
    words = REDACTED_WITH_SPACES if match[2] else REDACTED
    return words.of(int(match[1]), tag=match[3])


_MARKS: Final[tuple[tuple[re.Pattern[str], _Say], ...]] = (
    (re.compile(r"redacted (\d+) chars?( contains spaces)? tag ([0-9a-f]{8})"), _redacted),
    (re.compile(r"(\d+) spaces?"), _counted(BLANKS[" "])),
    (re.compile(r"(\d+) newlines?"), _counted(BLANKS["\n"])),
    (re.compile(r"(\d+) blanks?"), _counted(MIXED_BLANKS)),
    (re.compile(r"\+(\d+) more keys?"), _counted(MORE_KEYS)),
)
_GAP: Final = re.compile(r"⟦… (\d+) of (\d+) chars hidden …⟧")


class Mark(Sentence):
    """A mark that is looked at when it is told: of thousands in a call most never are."""

    __slots__ = ()

    def told(self, language: Language) -> str:
        """Return it in another language."""
        return str(told(mark_told(str(self)), language))

    def changed(self, change: Callable[[str], str]) -> Sentence:
        """Return it with a change made to all of it."""
        return Mark(change(str(self)))


@lru_cache(maxsize=4096)
def mark_told(mark: str) -> str:
    """Return a mark in its brackets as a sentence; an escape such as ⟦U+202E⟧ as it is."""
    gap = _GAP.fullmatch(mark)
    if gap:
        return cut_gap(int(gap[1]), int(gap[2])).text
    for pattern, say in _MARKS:
        match = pattern.fullmatch(mark, 1, len(mark) - 1)
        if match:
            return joined("", (mark[0], say(match), mark[-1]))
    return mark


def call_told(head: str, line: str) -> str:
    """Return a call's line, or the end of one, with its marks as sentences.

    `head` is how the line begins, up to the bracket before the arguments: a tool's name is not
    in quotation marks, so nothing but brackets is known in it. Where the tool is written otherwise
    than in the line, the line itself says where they begin.
    """
    if "⟦" not in line and "{" not in line and "[" not in line:
        return line
    if not line.startswith(head):
        head = _head_of(line)
    return joined("", [*_in_text(head), *_in_arguments(line.removeprefix(head))])


def _head_of(line: str) -> str:
    """Return how a line begins, up to the bracket before its arguments; all of it if it has none."""
    at = line.find("(")
    while at >= 0:
        if _ARGUMENTS.fullmatch(line, at + 1):
            return line[: at + 1]
        at = line.find("(", at + 1)
    return line


def _in_arguments(line: str) -> Iterator[str]:
    done = 0
    for match in _PARTS.finditer(line):
        yield line[done : match.start()]
        done = match.end()
        if match.lastgroup == "quoted":
            yield from _in_text(match[0])
        elif match.lastgroup == "bracketed":
            yield mark_told(match[0])
        else:
            yield _size(match[0])
    yield line[done:]


def _in_text(text: str) -> Iterator[str]:
    done = 0
    for match in _BRACKETED.finditer(text):
        yield text[done : match.start()]
        yield mark_told(match[0])
        done = match.end()
    yield text[done:]


def _size(written: str) -> Sentence:
    words = KEYS if written[0] == "{" else ITEMS
    count = int(written[1:-1].split(maxsplit=1)[0])
    return joined("", (written[0], words.of(count), written[-1]))

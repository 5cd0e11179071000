"""Text of a stranger made visible: nothing hidden, nothing reordered, nothing forged.

The result is injective: two different texts never become the same visible text, since every
escape stands in brackets that are themselves escaped. Pages, mails, logs and the command
line all use these functions.
Specification: details.md, section D, P2 to P4; threats T2, T3, T25 of the threat table.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from webui.preview.codes import classes
from webui.preview.nodes import Piece
from webui.preview.scripts import letter_named, mixes_scripts, odd_places
from webui.sentences import Sentence, forms, joined, sentence

_MANY_SPACES: Final = " " * 9
_NAMES_IN_A_TITLE: Final = 3
_MOST_ALIKE: Final = 500
"""Stretches that are kept while a text is read: where all differ, keeping them is of no use."""

# Over class letters (see `codes`). Order matters: a run of blanks is looked at whole, first.
_UNUSUAL: Final = re.compile(
    r"(?P<blank>(?: *+\n){4,}+ *+| {9,}+)"  # also four lines with only spaces in them
    r"|(?P<chip>[xbt][xbtm]*+|m{5,}+|(?<![A-Zd.m])m++)"  # marks: too many, or on no base
)
_FOUR_ENDS: Final = re.compile(r"\n *+\n *+\n *+\n")
_BLANK_RUN: Final = re.compile(r" +|\n+")
BLANKS: Final = {
    " ": forms("%(number)s space", "%(number)s spaces"),
    "\n": forms("%(number)s newline", "%(number)s newlines"),
}
MIXED_BLANKS: Final = forms("%(number)s blank", "%(number)s blanks")
"""A run of spaces, tabs and line ends, of several kinds or of tabs alone."""


def visible(text: str) -> str:
    """Return `text` with everything not plainly visible written out, as in ⟦U+202E⟧.

    Line feeds inside the text stay. Takes any str, lone surrogates included.
    """
    if is_as_shown(text):
        return text
    if isinstance(text, Sentence):  # of ours: only its values are a stranger's
        return text.changed(visible)
    found = classes(text)
    if "m" not in found and _MANY_SPACES not in found and "\n" not in found:
        return _escaped(text)
    return "".join([piece.text for piece in pieces(text)])


def _escaped(text: str) -> str:
    """Return visible text on one line of which each sign stands for itself alone: most names are such."""
    inner = text.strip(" ")
    shown = inner.translate(_ESCAPES)
    if len(inner) == len(text):
        return shown
    before = len(text) - len(text.lstrip(" "))
    after = len(text) - len(inner) - before
    begin = _counted(" ", before).text if before else ""
    return f"{begin}{shown}{_counted(' ', after).text if after else ''}"


def inline(text: str) -> str:
    """Return `visible(text)` on one line: a line feed is escaped as well."""
    return on_one_line(visible(text))


def on_one_line(shown: str) -> str:
    """Return visible text with its line feeds escaped too."""
    return shown if "\n" not in shown else shown.replace("\n", "⟦U+000A⟧")


def pieces(text: str) -> tuple[Piece, ...]:
    """Return `visible(text)` in pieces that say what each stretch is."""
    return tuple(pieces_between(text))


def pieces_between(text: str, *, first: bool = True, last: bool = True) -> list[Piece]:
    """Return the pieces of a stretch of a value.

    `first` and `last` say whether the value begins and ends here: blanks at its edges are
    marked, those beside a mask are not.
    """
    if not text:
        return []
    if is_as_shown(text):
        return [Piece("text", text)]
    start = len(text) - len(text.lstrip(" \n")) if first else 0
    end = max(start, len(text.rstrip(" \n"))) if last else len(text)
    if end > start and _are_plain_lines(text[start:end]):
        middle = Piece("text", text[start:end])
        return [*_blanks(text[:start]), middle, *_blanks(text[end:])]
    found = classes(text)
    odd = odd_places(found)[::-1] if mixes_scripts(found) else []
    plain, chips = _Plain(), _Chips()
    shown = list(_blanks(found[:start])) if start else []
    done = start
    for match in _UNUSUAL.finditer(found, start, end):
        begin, stop = match.span()
        if odd:
            shown += _stretch(text, done, begin, odd)
        elif begin > done:
            shown.append(plain[text[done:begin]])
        if match.lastgroup == "blank":
            shown += _blanks(match[0])
        else:
            shown.append(chips[text[begin:stop]])
        done = stop
    shown += _stretch(text, done, end, odd)
    if end < len(text):
        shown += _blanks(found[end:])
    return shown


def _stretch(text: str, begin: int, end: int, odd: list[int]) -> list[Piece]:
    """Return a stretch that is visible as it stands; letters of another script apart.

    Their places are taken off the end of `odd`, the first last.
    """
    shown = []
    while odd and odd[-1] < end:
        place = odd.pop()
        if place > begin:
            shown.append(Piece("text", text[begin:place]))
        shown.append(_odd(text[place]))
        begin = place + 1
    if end > begin:
        shown.append(Piece("text", text[begin:end]))
    return shown


class _Plain(dict[str, Piece]):
    """Stretches of one text that are visible as they stand; those that are alike are made once."""

    def __missing__(self, stretch: str) -> Piece:
        piece = Piece("text", stretch)
        if len(self) < _MOST_ALIKE:
            self[stretch] = piece
        return piece


class _Chips(dict[str, Piece]):
    """The same of those that are written out."""

    def __missing__(self, run: str) -> Piece:
        piece = _chip(run)
        if len(self) < _MOST_ALIKE:
            self[run] = piece
        return piece


@lru_cache(maxsize=1024)
def _odd(letter: str) -> Piece:
    return Piece("odd", letter, letter_named(letter))


def is_as_shown(text: str) -> bool:
    """Whether a text is visible as it stands; of all texts most are."""
    return (
        text.isascii()
        and text.isprintable()
        and _MANY_SPACES not in text
        and text[:1] != " "
        and text[-1:] != " "
    )


def _are_plain_lines(text: str) -> bool:
    """Whether lines are visible as they stand, but for blanks at their edges: most files are."""
    return (
        text.isascii()
        and text.replace("\n", "").isprintable()
        and _MANY_SPACES not in text
        and _FOUR_ENDS.search(text) is None
    )


def _blanks(run: str) -> Iterator[Piece]:
    for match in _BLANK_RUN.finditer(run):
        yield _counted(match[0][0], len(match[0]))


@lru_cache(maxsize=1024)
def _counted(blank: str, length: int) -> Piece:
    words = BLANKS[blank].of(length)
    return Piece("blank", joined("", ("⟦", words, "⟧")), words)


def _chip(run: str) -> Piece:
    if len(run) == 1:
        return _chip_of_one(run)
    escaped = "".join([_chip_of_one(character).text for character in run])
    distinct = list(dict.fromkeys(run[:1000]))
    names = ", ".join(_name(character) for character in distinct[:_NAMES_IN_A_TITLE])
    words = sentence("%(number)s code points: %(names)s", number=len(run), names=names)
    return Piece("chip", escaped, words)


@lru_cache(maxsize=8192)
def _chip_of_one(character: str) -> Piece:
    return Piece("chip", escape(character), _name(character))


def escape(character: str) -> str:
    """Return the escape of one code point."""
    return f"⟦U+{ord(character):04X}⟧"


def told_apart(shown: str) -> str:
    """Return visible text with each letter outside ASCII written out, however plain it looks."""
    if shown.isascii():
        return shown
    plain = [sign.isascii() or not sign.isalpha() for sign in shown]
    return "".join(
        [sign if ok else escape(sign) for sign, ok in zip(shown, plain, strict=True)]
    )


class _Escapes(dict[int, str]):
    """What is written for a code point; never for so many that they could fill the memory."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        sign = chr(code)
        self[code] = shown = escape(sign) if classes(sign) in "xbt" else sign
        return shown


_MOST_REMEMBERED: Final = 65_536
_ESCAPES: Final = _Escapes()

_CONTROLS: Final = {
    0x00: "NULL",
    0x07: "BELL",
    0x08: "BACKSPACE",
    0x09: "TAB",
    0x0D: "CARRIAGE RETURN",
    0x1B: "ESCAPE",
    0x7F: "DELETE",
}


def _name(character: str) -> str:
    known = unicodedata.name(character, "") or _CONTROLS.get(ord(character), "")
    if known:
        return known
    kinds = {"Cc": "CONTROL CHARACTER", "Cs": "LONE SURROGATE", "Co": "PRIVATE USE"}
    return kinds.get(unicodedata.category(character), "UNASSIGNED")

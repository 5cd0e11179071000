"""Making every code point visible: injective, and impossible to imitate (details.md D, P2-P4).

What is not plainly visible becomes a chip such as ⟦U+202E⟧. The brackets themselves are escaped
the same way, so no argument can write a chip: two different texts never look the same.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

PieceKind = Literal["text", "chip", "blank", "gap", "mask"]

OPENING, CLOSING = "⟦", "⟧"
MARKS_IN_A_ROW = 4
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Default-ignorable and blank-looking code points that categories alone would miss.
_ALSO_INVISIBLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2000, 0x200F),
    (0x2028, 0x202F),
    (0x205F, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFFC, 0xFFFD),
    (0xE0000, 0xE0FFF),
)
_TOKEN = re.compile("(⟦[^⟧]*⟧)")
_BLANK_RUN = re.compile(r" {9,}|\n{4,}|\A[ \n]+|[ \n]+\Z")
_SAME_BLANKS = re.compile(r" +|\n+")
_MARK_RUN = re.compile(rf"\AM+|M{{{MARKS_IN_A_ROW + 1},}}")


class Piece(NamedTuple):
    """A stretch of a value as it is shown; templates put out text nodes only."""

    kind: PieceKind
    text: str
    title: str = ""


def is_hidden(code: int) -> bool:
    """Say whether a code point is not plainly visible."""
    character = chr(code)
    category = unicodedata.category(character)
    if category in _INVISIBLE_CATEGORIES:
        return character != "\n"
    if category == "Zs":
        return character != " "
    return any(first <= code <= last for first, last in _ALSO_INVISIBLE)


def chip(code: int) -> str:
    """Return the visible form of a code point."""
    return f"{OPENING}U+{code:04X}{CLOSING}"


class _Escapes(dict[int, str]):
    """A translation table that learns each code point once."""

    def __missing__(self, code: int) -> str:
        escaped = (
            chip(code) if chr(code) in {OPENING, CLOSING} or is_hidden(code) else chr(code)
        )
        self[code] = escaped
        return escaped


class _Classes(dict[int, str]):
    """Combining marks to `M`, all else to `x`: same length, so that places agree."""

    def __missing__(self, code: int) -> str:
        self[code] = "M" if unicodedata.category(chr(code)).startswith("M") else "x"
        return self[code]


_escapes = _Escapes()
_classes = _Classes()


def plain(text: str) -> bool:
    """Say whether a text needs no escape at all, at the cost of a glance."""
    return (
        text.isascii()
        and text.isprintable()
        and text.strip(" ") == text
        and "  " not in text
    )


def visible(text: str) -> str:
    """Return a text in which every code point can be seen.

    Injective: `visible(a) == visible(b)` only if `a == b`.
    """
    if plain(text):
        return text
    escaped = text.translate(_escapes) if text.isascii() else _with_marks(text)
    return _BLANK_RUN.sub(_count_blanks, escaped)


def _with_marks(text: str) -> str:
    classes = text.translate(_classes)
    if "M" not in classes:
        return text.translate(_escapes)
    parts, done = [], 0
    for run in _MARK_RUN.finditer(classes):
        parts.append(text[done : run.start()].translate(_escapes))
        parts += [chip(ord(mark)) for mark in text[run.start() : run.end()]]
        done = run.end()
    parts.append(text[done:].translate(_escapes))
    return "".join(parts)


def _count_blanks(found: re.Match[str]) -> str:
    return "".join(_counted(run.group()) for run in _SAME_BLANKS.finditer(found.group()))


def _counted(run: str) -> str:
    noun = "space" if run[0] == " " else "newline"
    return f"{OPENING}{len(run)} {noun}{'' if len(run) == 1 else 's'}{CLOSING}"


def pieces(text: str) -> tuple[Piece, ...]:
    """Return the same as `visible`, taken apart; the texts joined give `visible(text)`."""
    shown = visible(text)
    if OPENING not in shown:
        return (Piece("text", shown),) if shown else ()
    return tuple(_apart(shown))


def _apart(shown: str) -> Iterator[Piece]:
    for part in _TOKEN.split(shown):
        if not part:
            continue
        if not part.startswith(OPENING):
            yield Piece("text", part)
        elif part.startswith(f"{OPENING}U+"):
            yield Piece("chip", part, name_of(int(part[3:-1], 16)))
        else:
            yield Piece("blank", part, "white space, counted")


def name_of(code: int) -> str:
    """Return what a code point is called."""
    return unicodedata.name(chr(code), _control_name(code))


def _control_name(code: int) -> str:
    names = {0: "NULL", 9: "TAB", 13: "CARRIAGE RETURN", 27: "ESCAPE", 127: "DELETE"}
    return names.get(code, f"{unicodedata.category(chr(code))} code point")

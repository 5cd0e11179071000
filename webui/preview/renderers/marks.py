"""Stretches of a text that are coloured by what they are, and its lines in such stretches."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from webui.preview.nodes import Piece, gap
from webui.preview.renderers.arguments import Text
from webui.preview.renderers.rendering import Token, TokenKind
from webui.sentences import sentence

_INDENT: Final = 40  # an indent up to here hides nothing and is not written out


class Mark(NamedTuple):
    """A stretch of a text and what it is; marks are in order and do not overlap."""

    begin: int
    end: int
    kind: TokenKind


def tokens_of(
    text: Text, marks: Sequence[Mark], begin: int, end: int, most: int
) -> tuple[Token, ...]:
    """Return a line of a text as tokens, cut in its middle if it is longer than `most`."""
    tokens: list[Token] = []
    for part in _parts(begin, end, most):
        if isinstance(part, Piece):
            tokens.append(Token("plain", (part,)))
        else:
            tokens += _tokens(text, marks, part, begin)
    return tuple(tokens)


def _parts(begin: int, end: int, most: int) -> Iterator[tuple[int, int] | Piece]:
    """Yield the stretches of a line that are shown, and between them what is not."""
    if end - begin <= most:
        yield begin, end
        return
    head, tail = most * 3 // 4, most // 4
    words = sentence(
        "… %(hidden)s of %(chars)s chars hidden …",
        hidden=end - begin - head - tail,
        chars=end - begin,
    )
    yield begin, begin + head
    yield gap(words)
    yield end - tail, end


def _tokens(
    text: Text, marks: Sequence[Mark], span: tuple[int, int], line: int
) -> Iterator[Token]:
    at, end = span
    if at == line:
        indent = _indent(text.plain, at, end)
        if indent:
            yield Token("plain", (Piece("text", " " * indent),))
        at += indent
    index = max(0, bisect_right(marks, at, key=attrgetter("begin")) - 1)
    while at < end:
        mark = marks[index] if index < len(marks) else None
        index += 1
        if mark is None or mark.begin >= end:
            yield Token("plain", text.pieces(at, end))
            return
        if mark.end <= at:
            continue
        if mark.begin > at:
            yield Token("plain", text.pieces(at, mark.begin))
        begin, stop = max(at, mark.begin), min(end, mark.end)
        yield Token(mark.kind, text.pieces(begin, stop))
        at = stop


def _indent(plain: str, begin: int, end: int) -> int:
    if not plain.startswith("  ", begin) or begin == 0:
        return 0
    stretch = plain[begin : min(end, begin + _INDENT + 1)]
    count = len(stretch) - len(stretch.lstrip(" "))
    return count if count <= _INDENT and begin + count < end else 0


def apart(marks: list[Mark]) -> list[Mark]:
    """Leave out each mark that overlaps the one before."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or mark.begin >= kept[-1].end:
            kept.append(mark)
    return kept


def overlaid(under: Sequence[Mark], over: Sequence[Mark]) -> list[Mark]:
    """Return marks with others laid over them; each of both is in order."""
    laid: list[Mark] = []
    at = 0
    for mark in under:
        begin = mark.begin
        while at < len(over) and over[at].begin < mark.end:
            if over[at].begin > begin:
                laid.append(Mark(begin, over[at].begin, mark.kind))
            laid.append(over[at])
            begin = max(begin, over[at].end)
            at += 1
        if begin < mark.end:
            laid.append(Mark(begin, mark.end, mark.kind))
    return [*laid, *over[at:]]

"""Blocks of lines with an end to them: what does not fit is counted, never dropped silently."""

from collections.abc import Sequence
from typing import Final

from webui.preview.nodes import Piece, gap
from webui.preview.renderers.arguments import Text
from webui.preview.renderers.marks import Mark, tokens_of
from webui.preview.renderers.rendering import Block, Line, LineKind, Token, TokenKind
from webui.preview.renderers.saying import Span, pieces_of
from webui.sentences import Sentence, joined, number, sentence

_LINES: Final = 200
_CHARS: Final = 8_000
_LINE: Final = 400
_LONG: Final = 2_000
"""Of a text that is a block of its own: more of a line is shown."""
_SHORTEST: Final = 200
_BLOCKS: Final = 20
_ALL_LINES: Final = 600
_ALL_CHARS: Final = 16_000
_INDENT: Final = 40
"""As in `notices`: a longer run of spaces is no indent any more."""
_MORE: Final = sentence("more of them")


class Sheet:
    """A block that is being written."""

    def __init__(self, title: str = "") -> None:
        self.title = title
        self.lines: list[Line] = []
        self.hidden = 0
        self._chars = 0
        self.room = _ALL_CHARS

    @property
    def is_full(self) -> bool:
        """Whether the next line would only be counted."""
        return (
            bool(self.hidden)
            or len(self.lines) >= _LINES
            or self._chars >= min(_CHARS, self.room)
        )

    def add(
        self,
        span: Span,
        kind: LineKind = "plain",
        number: int | None = None,
        before: int | None = None,
        look: TokenKind = "plain",
    ) -> None:
        """Add a line of what the agent wrote."""
        if self.is_full:
            self.hidden += 1
            return
        shown = code_pieces(span)
        self._write(Line((Token(look, shown),), kind, number, before))

    def say(self, words: str, span: Span | None = None, kind: LineKind = "head") -> None:
        """Add a line in our words, with a name of the agent's behind them."""
        if self.is_full:
            self.hidden += 1
            return
        before = joined("", (words, " ")) if span is not None else words
        tokens = [Token("keyword", (Piece("text", before),))] if words else []
        if span is not None:
            tokens.append(Token("name", pieces_of(span)))
        self._write(Line(tuple(tokens), kind))

    def write(
        self,
        tokens: tuple[Token, ...],
        kind: LineKind = "plain",
        number: int | None = None,
    ) -> None:
        """Add a line of tokens."""
        if self.is_full:
            self.hidden += 1
        else:
            self._write(Line(tokens, kind, number))

    def gap(self, words: Sentence) -> None:
        """Add a line that says that something like its neighbours is left out."""
        if not self.is_full:
            self._write(Line((Token("comment", (gap(words, "…"),)),), "head"))

    def block(self) -> Block:
        """Return what was written."""
        return Block(self.title, tuple(self.lines), self.hidden)

    @property
    def chars(self) -> int:
        """How much room it takes."""
        return self._chars

    def _write(self, line: Line) -> None:
        self.lines.append(line)
        self._chars += 1 + sum(
            [len(piece.text) for token in line.tokens for piece in token.pieces]
        )


class Sheets:
    """The blocks of one rendering, which have an end together too."""

    def __init__(self) -> None:
        self._sheets: list[Sheet] = []
        self._more = 0
        self._more_lines = 0
        self._room = _ALL_CHARS
        self._lines = _ALL_LINES

    def start(self, title: str) -> Sheet:
        """Return a new block; one too many is not kept, but its lines are counted."""
        sheet = Sheet(title)
        sheet.room = max(0, self._room)
        if self._lines <= 0:
            sheet.room = 0
        return sheet

    def keep(self, sheet: Sheet) -> None:
        """Take a block that is written."""
        if len(self._sheets) >= _BLOCKS:
            self._more += 1
            self._more_lines += len(sheet.lines) + sheet.hidden
            return
        self._sheets.append(sheet)
        self._room -= sheet.chars
        self._lines -= len(sheet.lines)

    def blocks(self, more: str = _MORE) -> tuple[Block, ...]:
        """Return all blocks; `more` names those for which there is no room."""
        found = [sheet.block() for sheet in self._sheets]
        if self._more:
            found.append(
                Block(joined(" ", (number(self._more), more)), (), self._more_lines)
            )
        return tuple(found)


def code_pieces(span: Span) -> tuple[Piece, ...]:
    """Return a line of code; an indent stays an indent, not a count of spaces."""
    text, begin, end = span
    plain = span.plain
    indent = len(plain) - len(plain.lstrip(" "))
    if 0 < indent <= _INDENT and indent < len(plain):
        rest = pieces_of(Span(text, begin + indent, end), _LINE)
        return (Piece("text", " " * indent), *rest)
    return pieces_of(span, _LINE)


def add_lines(
    sheet: Sheet,
    span: Span,
    kind: LineKind = "plain",
    first: int | None = 1,
    look: TokenKind = "plain",
) -> None:
    """Add all lines of a stretch, numbered from `first` where it is given."""
    begin, plain, number = span.begin, span.text.plain, first
    while begin < span.end:
        if sheet.is_full:
            ends = plain.endswith("\n", begin, span.end)
            sheet.hidden += plain.count("\n", begin, span.end) + (not ends)
            return
        stop = plain.find("\n", begin, span.end)
        stop = span.end if stop < 0 else stop
        sheet.add(Span(span.text, begin, stop), kind, number, None, look)
        begin = stop + 1
        number = None if number is None else number + 1


def listed(text: Text, marks: Sequence[Mark] = (), title: str = "") -> Block:
    """Return a text of its own as a block, coloured; numbered if it is more than one line."""
    sheet = Sheet(title)
    count = text.plain.count("\n") + (text.plain[-1:] != "\n")
    for line, (begin, end) in enumerate(text.lines(), 1):
        if sheet.is_full:
            break
        most = max(_SHORTEST, min(_LONG, _CHARS - sheet.chars))
        tokens = tokens_of(text, marks, begin, end, most)
        sheet.write(tokens, number=line if count > 1 else None)
    sheet.hidden = count - len(sheet.lines)
    return sheet.block()

"""Words of a rendering: stretches of what an agent wrote, cut short where it is long."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from webui.preview.nodes import EMPTY, Piece, cut_gap
from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.rendering import Fact
from webui.preview.visible import on_one_line
from webui.sentences import Sentence, joined, one_text, sentence

_SAID: Final = 60
_MOST_NAMES: Final = 12
_SHOWN: Final = 400
_LINE_FEED: Final = Piece("chip", "⟦U+000A⟧", "LINE FEED")


class Span(NamedTuple):
    """A stretch of a text of the call."""

    text: Text
    begin: int
    end: int

    @property
    def plain(self) -> str:
        """Return what is read in it; a secret is one sign."""
        return self.text.plain[self.begin : self.end]

    @property
    def is_secret(self) -> bool:
        """Whether a part of it is masked, so that nothing can be told from it."""
        return self.text.hides(self.begin, self.end)


def whole(text: Text) -> Span:
    """Return all of a text as a stretch."""
    return Span(text, 0, len(text.plain))


def pieces_of(span: Span, most: int = _SHOWN) -> tuple[Piece, ...]:
    """Return a stretch, cut in its middle where it is long, in pieces that are safe to show."""
    text, begin, end = span
    length = end - begin
    if length <= most:
        return text.pieces(begin, end)
    head, tail = most * 2 // 3, most // 3
    hole = cut_gap(length - head - tail, length)
    return (*text.pieces(begin, begin + head), hole, *text.pieces(end - tail, end))


def said(span: Span | Text, most: int = _SAID) -> str:
    """Return a stretch on one line and cut in its middle, for a sentence of ours."""
    taken = whole(span) if isinstance(span, Text) else span
    return one_text([on_one_line(piece.text) for piece in pieces_of(taken, most)])


def fact(label: str, span: Span | Text, *, is_alarming: bool = False) -> Fact:
    """Return one thing that the agent wrote, with our label."""
    taken = whole(span) if isinstance(span, Text) else span
    shown = pieces_of(taken) or (EMPTY,)
    return Fact(label, tuple(_flat(shown)), is_alarming)


def _flat(shown: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces with each line feed as a chip: a fact must not look like two of them."""
    for piece in shown:
        if piece.kind != "text" or "\n" not in piece.text:
            yield piece
            continue
        for at, part in enumerate(piece.text.split("\n")):
            if at:
                yield _LINE_FEED
            if part:
                yield Piece("text", part)


def own_fact(label: str, words: str, *, is_alarming: bool = False) -> Fact:
    """Return one thing in our own words."""
    return Fact(label, (Piece("text", words),), is_alarming)


def leaf(arguments: Arguments, *names: str) -> Text | None:
    """Return the first of these members that is a text, a number, true or false, as a text."""
    for name in names:
        value = arguments.value(name)
        if value is not None and value.kind not in {"object", "array", "null"}:
            return arguments.text_of(value)
    return None


def name_said(name: str) -> str:
    """Return the visible name of a member for a sentence or a label."""
    if len(name) <= _SAID:
        return name
    return f"{name[: _SAID // 2]}⟦…⟧{name[-_SAID // 3 :]}"


def facts_of(
    arguments: Arguments, labels: Sequence[tuple[str, tuple[str, ...]]]
) -> list[Fact]:
    """Return a fact for each of these members that there is."""
    found = [(label, leaf(arguments, *names)) for label, names in labels]
    return [fact(label, text) for label, text in found if text is not None]


def says_yes(text: Text | None) -> bool:
    """Say whether a member means yes; one that is masked may."""
    if text is None:
        return False
    return text.plain.strip().casefold() in {"true", "yes", "on", "y", "1"} or text.hides(
        0, len(text.plain)
    )


def names_fact(text: Text, label: str, names: Mapping[str, bool]) -> tuple[Fact, ...]:
    """Return names as one fact with the alarming ones marked; of many, those come first."""
    if not names:
        return ()
    ordered = (
        sorted(names, key=lambda name: not names[name])
        if len(names) > _MOST_NAMES
        else list(names)
    )
    pieces: list[Piece] = []
    for name in ordered[:_MOST_NAMES]:
        pieces += [Piece("text", ", ")] if pieces else []
        own = isinstance(name, Sentence)  # a word of ours among the names
        shown = (Piece("text", name),) if own else text.snippet(name)
        pieces += map(_alarmed, shown) if names[name] else shown
    if len(ordered) > _MOST_NAMES:
        words = sentence("%(number)s more", number=len(ordered) - _MOST_NAMES)
        pieces.append(Piece("gap", joined("", (" ⟦", words, "⟧")), words))
    return (Fact(label, tuple(pieces)),)


def _alarmed(piece: Piece) -> Piece:
    return piece._replace(kind="alarm") if piece.kind == "text" else piece

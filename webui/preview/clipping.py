"""Shortening a value from its middle, so that nothing hides in a tail.

Specification: details.md, section D, P6.
"""

from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from webui.preview.nodes import Piece, cut_gap
from webui.preview.redaction import Segment
from webui.preview.visible import pieces_between


class Size(NamedTuple):
    """How much of a value is shown: all up to `most` characters, else `head` and `tail`."""

    most: int
    head: int
    tail: int


CARD: Final = Size(2000, 1400, 500)
FULL: Final = Size(10_000, 6000, 2000)
NESTED: Final = Size(400, 280, 100)
NAME: Final = Size(120, 80, 30)


def halves(size: Size) -> Iterable[Size]:
    """Yield `size` and ever smaller ones, down to almost nothing."""
    yield size
    most, head, tail = size
    while head > 1:
        head, tail = max(1, head // 2), max(1, tail // 2)
        most = head + tail
        yield Size(most, head, tail)


def fitted(
    segments: tuple[Segment, ...], size: Size, room: int, *, quoted: bool = False
) -> tuple[list[Piece], int]:
    """Return the pieces of a value cut to a size, and how many characters are hidden.

    An escape is up to ten times as long as what it stands for, so the size is halved until
    all of it fits into `room` visible characters; the smallest size is taken in any case.
    """
    shown: list[Piece] = []
    hidden = 0
    for smaller in halves(size):
        shown, hidden = cut(segments, smaller, quoted=quoted)
        if width(shown) <= room:
            break
    return shown, hidden


def wide(segments: tuple[Segment, ...]) -> int:
    """Return how many characters a value takes on the page, escapes left aside."""
    return sum([len(mask or text) for text, mask in segments])


def width(shown: Iterable[Piece]) -> int:
    """Return how many characters these pieces are on the page."""
    return sum([len(piece.text) for piece in shown])


def cut(
    segments: tuple[Segment, ...], size: Size, *, quoted: bool = False
) -> tuple[list[Piece], int]:
    """Return the pieces of a value cut to a size, and how many characters are hidden.

    `quoted` writes text as it stands inside a JSON string. That comes after the cut, which
    could otherwise part a quotation mark from its backslash.
    """
    lay = quoted_out if quoted else laid_out
    if wide(segments) <= size.most:
        return lay(segments), 0
    head, rest = taken(segments, size.head)
    middle, tail = parted(rest, size.tail)
    hidden = sum([len(segment.text) for segment in middle])
    if not hidden:  # the masks around the middle took all of it
        return lay(segments), 0
    chars = sum([len(segment.text) for segment in segments])
    return [*lay(head), cut_gap(hidden, chars), *lay(tail)], hidden


def folded(
    segments: tuple[Segment, ...], size: Size
) -> tuple[list[Piece], tuple[int, int, int] | None]:
    """Return all pieces of a value, and where a page may fold it up if it is long."""
    if len(segments) == 1 and len(segments[0].text) <= size.most:
        return laid_out(segments), None
    if wide(segments) <= size.most:
        return laid_out(segments), None
    head, rest = taken(segments, size.head)
    middle, tail = parted(rest, size.tail)
    chars = sum([len(segment.text) for segment in middle])
    parts = [laid_out(part) for part in (head, middle, tail)]
    begin = len(parts[0])
    fold = (begin, begin + len(parts[1]), chars) if chars else None
    return [piece for part in parts for piece in part], fold


def laid_out(
    segments: Sequence[Segment], place: str = "", *, is_whole: bool = True
) -> list[Piece]:
    """Return the pieces of a value: text made visible, secrets as their masks.

    Blanks at the edges of a whole value are marked, those of a stretch from its middle are not.
    `place` is that by which the masks can be asked for.
    """
    shown: list[Piece] = []
    end = len(segments) - 1 if is_whole else -1
    for at, segment in enumerate(segments):
        if segment.mask:
            shown.append(segment.piece(place))
        else:
            shown += pieces_between(
                segment.text, first=is_whole and at == 0, last=at == end
            )
    return shown


def quoted_out(
    segments: Sequence[Segment], place: str = "", *, is_whole: bool = True
) -> list[Piece]:
    """Return the pieces of a text as it stands between the quotation marks of JSON."""
    quoted = [
        each if each.mask else Segment(encode_basestring(each.text)[1:-1])
        for each in segments
    ]
    return laid_out(quoted, place, is_whole=is_whole)


def taken(
    segments: tuple[Segment, ...], wanted: int
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Split off the first `wanted` characters; a mask counts as it is shown and is not cut."""
    for at, segment in enumerate(segments):
        if segment.width >= wanted:
            if segment.mask:
                return segments[: at + 1], segments[at + 1 :]
            near = Segment(segment.text[:wanted])
            far = Segment(segment.text[wanted:])
            return (*segments[:at], near), (far, *segments[at + 1 :])
        wanted -= segment.width
    return segments, ()


def parted(
    segments: tuple[Segment, ...], wanted: int
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Split off the last `wanted` characters, as `taken` does the first; only they are looked at."""
    for at in reversed(range(len(segments))):
        text, mask = segments[at]
        if len(mask or text) >= wanted:
            if mask:
                return segments[:at], segments[at:]
            end = len(text) - wanted
            near = Segment(text[end:])
            return (*segments[:at], Segment(text[:end])), (near, *segments[at + 1 :])
        wanted -= len(mask or text)
    return (), segments


def mirrored(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Return a value back to front, so that its tail can be taken as its head is."""
    return tuple(Segment(text[::-1], mask) for text, mask in reversed(segments))

"""A text shortened for a line: its head, its tail, and between them what a danger speaks of.

Blanks are what most often pushes a danger out of sight, so a long run of them is counted first.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from webui.preview.clipping import (
    Size,
    cut,
    fitted,
    mirrored,
    quoted_out,
    taken,
    wide,
    width,
)
from webui.preview.nodes import Piece, cut_gap
from webui.preview.redaction import Segment
from webui.preview.visible import BLANKS, MIXED_BLANKS

_BLANKS: Final = re.compile(r"[ \t\r\n]{9,}+")
_ALIKE: Final = re.compile(r" {9,}+|\n{9,}+|\t{9,}+")
_LONGEST_INDENT: Final = 24
"""Of line ends and blanks together: what is longer is counted as one run, whatever is in it."""
_END: Final = 100
"""No line shows more of either end of a text."""
_LUMP: Final = "⟦…⟧"
_LEAST: Final = 9
_NINE_SPACES: Final = " " * _LEAST
_SHORT: Final = 2000
_GAP: Final = 26
"""What is shorter takes less room than the words that it is hidden."""
_NEAR: Final = 12
"""With so much around it a place is seen where it stands."""


class Parts(NamedTuple):
    """How much is shown of a text: its head, what is before and behind a place, its tail."""

    head: int
    before: int
    behind: int
    tail: int


_SIZES: Final = (
    Parts(16, 28, 24, 12),
    Parts(8, 28, 24, 8),
    Parts(4, 20, 20, 4),
    Parts(1, 12, 14, 1),
    Parts(0, 8, 10, 0),
    Parts(0, 4, 4, 0),
)


def trimmed(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Return a value whose long runs of blanks are marks that say how long they are.

    Of a long one only the ends are looked at; what no line shows is one hidden lump between them.
    """
    if len(segments) == 1 and _is_simple(segments[0].text):
        return segments
    head, rest = taken(_counted(segments, _END), _END)
    between = rest[-_END:]
    tail, middle = taken(_counted(mirrored(between), _END), _END)
    hidden = _length(rest) - _length(between) + _length(middle)
    lump = (Segment(" " * hidden, _LUMP),) if hidden else ()
    return (*head, *lump, *mirrored(tail))


def _is_simple(text: str) -> bool:
    """Whether a text is short and without long runs of blanks: most are, and that is seen fast."""
    if len(text) > _SHORT:
        return False
    may_have = _NINE_SPACES in text or "\n" in text or "\t" in text or "\r" in text
    return not (may_have and _BLANKS.search(text))


def _counted(segments: tuple[Segment, ...], want: int) -> tuple[Segment, ...]:
    """Return a value with its runs of blanks counted, as far as `want` characters are shown."""
    parts: list[Segment] = []
    for at, segment in enumerate(segments):
        if want <= 0:
            return (*parts, *segments[at:])
        shown = [segment] if segment.mask else list(_parts_of(segment.text, want))
        parts += shown
        want -= wide(tuple(shown))
    return tuple(parts)


def _parts_of(text: str, want: int) -> Iterator[Segment]:
    done = 0
    while want > 0 and (run := _run_in(text, done, done + want)):
        begin, end = run
        sign = text[begin]
        words = MIXED_BLANKS
        if sign in BLANKS and not text[begin:end].strip(sign):
            words = BLANKS[sign]
        mark = f"⟦{words.of(end - begin)}⟧"
        if begin > done:
            yield Segment(text[done:begin])
        yield Segment(text[begin:end], mark)
        want -= begin - done + len(mark)
        done = end
    if done < len(text):
        yield Segment(text[done:])


def _run_in(text: str, begin: int, end: int) -> tuple[int, int] | None:
    """Return the first long run of blanks that begins between two places."""
    while near := _BLANKS.search(text, begin, end + _LEAST):
        whole = _BLANKS.match(text, near.start())
        assert whole is not None  # what is near is its beginning
        if len(whole[0]) > _LONGEST_INDENT:
            return whole.span()
        if alike := _ALIKE.search(text, *whole.span()):
            return alike.span()
        begin = whole.end()
    return None


def shortened(
    segments: tuple[Segment, ...], size: Size, room: int, *, quoted: bool
) -> list[Piece]:
    """Return the pieces of a text cut to a size, or whole where the words of a cut are longer."""
    shown, hidden = fitted(segments, size, room, quoted=quoted)
    if hidden and width(shown) > room:
        return min(shown, cut(segments, size, quoted=quoted)[0], key=width)
    return shown


def in_the_clear(segments: tuple[Segment, ...], at: int) -> int:
    """Return a place where a secret is one sign as one in the text itself."""
    done = 0
    for text, mask in segments:
        signs = 1 if mask else len(text)
        if at < signs:
            return done + (0 if mask else at)
        at -= signs
        done += len(text)
    return done


def excerpt(
    segments: tuple[Segment, ...], size: Size, places: Sequence[int], room: int
) -> list[Piece]:
    """Return the pieces of a text as it stands in quotation marks, cut to a size.

    Args:
        segments: the text.
        size: how much of it is shown where nothing is flagged.
        places: of what is flagged, in the clear text, the most important first; the first that
            would be cut away is shown with a little around it.
        room: how many visible characters all of it may take.

    """
    cuts = trimmed(segments)
    shown, hidden = cut(cuts, size, quoted=True)
    place = None if not places else _unseen(segments, places)
    if place is None or (not hidden and width(shown) <= room):
        return shortened(cuts, size, room, quoted=True)
    left, right = map(trimmed, _parted(segments, place))
    for parts in _SIZES:
        around = _around(left, right, parts)
        if width(around) <= room:
            return around
    return shortened(cuts, size, room, quoted=True)


def _unseen(segments: tuple[Segment, ...], places: Sequence[int]) -> int | None:
    """Return the first place that neither the head nor the tail shows; none if they show all."""
    total = _length(segments)
    head = _length(taken(trimmed(segments), _SIZES[0].head)[0])
    tail = total - _length(taken(mirrored(trimmed(segments)), _SIZES[0].tail)[0])
    for place in places:
        begin, end = max(0, place - _NEAR), min(total, place + _NEAR)
        if place < total and end > head and begin < tail:
            return place
    return None


def _around(
    left: tuple[Segment, ...], right: tuple[Segment, ...], parts: Parts
) -> list[Piece]:
    """Return a text's head, what is around the place where it is parted, and its tail."""
    chars = _length(left) + _length(right)
    head, rest = taken(left, parts.head)
    before, first_gap = taken(mirrored(rest), parts.before)
    behind, rest = taken(right, parts.behind)
    tail, last_gap = taken(mirrored(rest), parts.tail)
    shown: list[Piece] = []
    near = (*mirrored(before), *behind)
    for stretch, gap in ((head, first_gap), (near, last_gap), (mirrored(tail), ())):
        shown += quoted_out(stretch, is_whole=False)
        if wide(gap) > _GAP or any(mask == _LUMP for _, mask in gap):
            shown.append(cut_gap(_length(gap), chars))
        else:
            shown += quoted_out(mirrored(gap), is_whole=False)
    return shown


def _parted(
    segments: tuple[Segment, ...], place: int
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Part a text at a place; what is masked or counted stays whole, and before it."""
    at = 0
    while place >= len(segments[at].text):  # it is a place in them
        place -= len(segments[at].text)
        at += 1
    text, mask = segments[at]
    if mask or place == 0:
        cut_at = at + bool(mask)
        return segments[:cut_at], segments[cut_at:]
    parts = Segment(text[:place]), Segment(text[place:])
    return (*segments[:at], parts[0]), (parts[1], *segments[at + 1 :])


def _length(segments: tuple[Segment, ...]) -> int:
    return sum([len(segment.text) for segment in segments])

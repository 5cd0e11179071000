"""Charts as shapes: pure, the same for the same numbers, and legible without colour or script.

Places are in hundredths of the width, heights in pixels, so a chart is as wide as its place and
its text never shrinks. A template writes the SVG, which escapes every text; colours are the
stylesheet's, by class. The second part of a bar is hatched.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from webui.sentences import number, sentence

PLOT: Final = 96
"""Height of the tallest column, px."""
FLOOR: Final = PLOT + 16
BAR: Final = 36
"""Height of a bar with the line above it, px."""
LABEL_MAX: Final = 40
"""Characters of a label; the table has it whole."""


class Mark(NamedTuple):
    """One column or bar."""

    label: str
    value: int
    """Its length, or that of its first part."""
    said: str
    """The number that stands at it."""
    other: int = 0
    """The length of its second part."""


class Shape(NamedTuple):
    """A box or a text of a drawing, as SVG wants its numbers."""

    tag: Literal["rect", "text"]
    kind: str
    """Its class, after `chart__`."""
    x: str
    y: int
    width: str = ""
    height: int = 0
    text: str = ""
    anchor: Literal["start", "middle", "end"] = "start"
    is_hatched: bool = False


class Drawing(NamedTuple):
    """A chart, ready to be written down."""

    key: str
    """Names it on its page; our own word."""
    title: str
    about: str
    """What somebody who does not see it is told."""
    kind: Literal["columns", "bars"]
    height: int
    shapes: tuple[Shape, ...]
    floor: int | None = None
    """Where columns stand on a line."""


def columns(key: str, title: str, about: str, marks: Sequence[Mark]) -> Drawing:
    """Draw upright columns side by side, for what has an order of its own.

    Args:
        key: names the chart on its page; our own word.
        title: what it shows.
        about: what somebody who does not see it is told.
        marks: from left to right; labels are short, and every second one may be left out.

    """
    most, wide = max((mark.value for mark in marks), default=0), 100 / max(len(marks), 1)
    shapes = [
        shape
        for place, mark in enumerate(marks)
        for shape in _column(mark, place, wide, most)
    ]
    return Drawing(key, title, about, "columns", FLOOR + 20, tuple(shapes), FLOOR)


def _column(mark: Mark, place: int, wide: float, most: int) -> Iterator[Shape]:
    high = round(_share(mark.value, most, PLOT))
    left, middle, top = place * wide, f"{(place + 0.5) * wide:.2f}%", FLOOR - high
    yield Shape(
        "rect", "first", f"{left + wide * 0.14:.2f}%", top, f"{wide * 0.72:.2f}%", high
    )
    if mark.value:
        yield Shape("text", "said", middle, top - 4, text=mark.said, anchor="middle")
    odd = " chart__text--odd" if place % 2 else ""
    yield Shape("text", f"text{odd}", middle, FLOOR + 14, text=mark.label, anchor="middle")


def bars(key: str, title: str, about: str, marks: Sequence[Mark]) -> Drawing:
    """Draw lying bars one below the other, for what has names.

    Args:
        key: names the chart on its page; our own word.
        title: what it shows.
        about: what somebody who does not see it is told.
        marks: from top to bottom; a label that is too long ends in how many characters it hides.

    """
    most = max((mark.value + mark.other for mark in marks), default=0)
    shapes = [
        shape for place, mark in enumerate(marks) for shape in _bar(mark, place * BAR, most)
    ]
    return Drawing(key, title, about, "bars", len(marks) * BAR, tuple(shapes))


def _bar(mark: Mark, top: int, most: int) -> Iterator[Shape]:
    first, second = _share(mark.value, most, 100), _share(mark.other, most, 100)
    yield Shape("text", "name", "0", top + 13, text=clipped(mark.label))
    yield Shape("text", "said", "100%", top + 13, text=mark.said, anchor="end")
    yield Shape("rect", "track", "0", top + 19, "100%", 9)
    yield Shape("rect", "first", "0", top + 19, f"{first:.2f}%", 9)
    if mark.other:
        yield Shape(
            "rect",
            "second",
            f"{first:.2f}%",
            top + 19,
            f"{second:.2f}%",
            9,
            is_hatched=True,
        )


def clipped(text: str) -> str:
    """Return a label that fits, and says how much it hides."""
    if len(text) <= LABEL_MAX:
        return text
    return sentence(
        "%(beginning)s (+%(count)s more)",
        beginning=text[: LABEL_MAX - 10],
        count=number(len(text) - LABEL_MAX + 10),
    )


def _share(value: int, most: int, whole: float) -> float:
    """Return how long a value is drawn; what is there at all can be seen."""
    if value <= 0 or most <= 0:
        return 0
    return max(value * whole / most, 2)

"""Charts as SVG: pure, the same for the same numbers, and legible without colour or script.

Places are in hundredths of the width, heights in pixels, so a chart is as wide as its place and
its text never shrinks. Colours are the stylesheet's, by class. Every text is escaped here,
whoever wrote it. The second part of a bar is hatched.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup, escape

PLOT: Final = 96
"""Height of the tallest column, px."""
FLOOR: Final = PLOT + 16
BAR: Final = 36
"""Height of a bar with the line above it, px."""
LABEL_MAX: Final = 40
"""Characters of a label; the table has it whole."""
_HATCH: Final = (
    '<defs><pattern id="{0}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="chart__ground" width="5" height="5"></rect>'
    '<rect class="chart__line" width="2" height="5"></rect></pattern></defs>'
)


class Mark(NamedTuple):
    """One column or bar."""

    label: str
    value: int
    """Its length, or that of its first part."""
    said: str
    """The number that stands at it."""
    other: int = 0
    """The length of its second part."""


def columns(key: str, title: str, about: str, marks: Sequence[Mark]) -> Markup:
    """Draw upright columns side by side, for what has an order of its own.

    Args:
        key: names the chart on its page; our own word.
        title: what it shows.
        about: what somebody who does not see it is told.
        marks: from left to right; labels are short, and every second one may be left out.

    """
    most, wide = max((mark.value for mark in marks), default=0), 100 / max(len(marks), 1)
    drawn = [_column(mark, place, wide, most) for place, mark in enumerate(marks)]
    drawn.append(
        f'<line class="chart__floor" x1="0%" x2="100%" y1="{FLOOR}" y2="{FLOOR}"/>'
    )
    return _svg(key, title, about, FLOOR + 20, drawn, "chart--columns")


def _column(mark: Mark, place: int, wide: float, most: int) -> str:
    high = round(_share(mark.value, most, PLOT))
    left, middle, top = place * wide, (place + 0.5) * wide, FLOOR - high
    odd = " chart__text--odd" if place % 2 else ""
    said = (
        f'<text class="chart__said" x="{middle:.2f}%" y="{top - 4}" text-anchor="middle">'
        f"{escape(mark.said)}</text>"
    )
    return (
        f'<rect class="chart__first" x="{left + wide * 0.14:.2f}%" y="{top}" '
        f'width="{wide * 0.72:.2f}%" height="{high}"></rect>{said if mark.value else ""}'
        f'<text class="chart__text{odd}" x="{middle:.2f}%" y="{FLOOR + 14}" '
        f'text-anchor="middle">{escape(mark.label)}</text>'
    )


def bars(key: str, title: str, about: str, marks: Sequence[Mark]) -> Markup:
    """Draw lying bars one below the other, for what has names.

    Args:
        key: names the chart on its page; our own word.
        title: what it shows.
        about: what somebody who does not see it is told.
        marks: from top to bottom; a label that is too long ends in how many characters it hides.

    """
    most = max((mark.value + mark.other for mark in marks), default=0)
    drawn = [_HATCH.format(key)]
    drawn += [_bar(key, mark, place * BAR, most) for place, mark in enumerate(marks)]
    return _svg(key, title, about, len(marks) * BAR, drawn, "chart--bars")


def _bar(key: str, mark: Mark, top: int, most: int) -> str:
    first, second = _share(mark.value, most, 100), _share(mark.other, most, 100)
    other = (
        f'<rect class="chart__second" x="{first:.2f}%" y="{top + 19}" width="{second:.2f}%" '
        f'height="9" fill="url(#{key}-hatch)"></rect>'
    )
    return (
        f'<text class="chart__name" x="0" y="{top + 13}">{escape(clipped(mark.label))}</text>'
        f'<text class="chart__said" x="100%" y="{top + 13}" text-anchor="end">'
        f"{escape(mark.said)}</text>"
        f'<rect class="chart__track" x="0" y="{top + 19}" width="100%" height="9"></rect>'
        f'<rect class="chart__first" x="0" y="{top + 19}" width="{first:.2f}%" height="9">'
        f"</rect>{other if mark.other else ''}"
    )


def clipped(text: str) -> str:
    """Return a label that fits, and says how much it hides."""
    if len(text) <= LABEL_MAX:
        return text
    return f"{text[: LABEL_MAX - 10]} (+{len(text) - LABEL_MAX + 10:,} more)"


def _svg(
    key: str, title: str, about: str, high: int, drawn: Sequence[str], kind: str
) -> Markup:
    return Markup(  # noqa: S704 - numbers and our own words; every other text was escaped
        f'<svg class="chart {kind}" role="img" aria-labelledby="{key}-title {key}-desc" '
        f'width="100%" height="{high}"><title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(about)}</desc>{"".join(drawn)}</svg>'
    )


def _share(value: int, most: int, whole: float) -> float:
    """Return how long a value is drawn; what is there at all can be seen."""
    if value <= 0 or most <= 0:
        return 0
    return max(value * whole / most, 2)

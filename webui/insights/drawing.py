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
        key: names the chart on its page.
        title: what it shows.
        about: what somebody who does not see it is told.
        marks: from left to right; labels are short, and every second one may be left out.

    """
    most, wide = max((mark.value for mark in marks), default=0), 100 / max(len(marks), 1)
    drawn = [_column(mark, place, wide, most) for place, mark in enumerate(marks)]
    floor = PLOT + 16
    drawn.append(
        _at('<line class="chart__floor" x1="0%" x2="100%" y1="{0}" y2="{0}"/>', floor)
    )
    return _svg(key, title, about, floor + 20, drawn, "chart--columns")


def _column(mark: Mark, place: int, wide: float, most: int) -> Markup:
    high = round(_share(mark.value, most, PLOT))
    left, middle, floor = place * wide, (place + 0.5) * wide, PLOT + 16
    odd = " chart__text--odd" if place % 2 else ""
    bar = _at(
        '<rect class="chart__first" x="{}%" y="{}" width="{}%" height="{}"></rect>',
        _n(left + wide * 0.14),
        floor - high,
        _n(wide * 0.72),
        high,
    )
    number = _at(
        '<text class="chart__said" x="{}%" y="{}" text-anchor="middle">{}</text>',
        _n(middle),
        floor - high - 4,
        mark.said,
    )
    label = _at(
        '<text class="chart__text{}" x="{}%" y="{}" text-anchor="middle">{}</text>',
        odd,
        _n(middle),
        floor + 14,
        mark.label,
    )
    return bar + (number if mark.value else Markup()) + label


def bars(key: str, title: str, about: str, marks: Sequence[Mark]) -> Markup:
    """Draw lying bars one below the other, for what has names.

    Args:
        key: names the chart on its page.
        title: what it shows.
        about: what somebody who does not see it is told.
        marks: from top to bottom; a label that is too long ends in how many characters it hides.

    """
    most = max((mark.value + mark.other for mark in marks), default=0)
    drawn = [Markup(_HATCH).format(key)]  # noqa: S704 - the key is escaped by format
    drawn += [_bar(key, mark, place * BAR, most) for place, mark in enumerate(marks)]
    return _svg(key, title, about, len(marks) * BAR, drawn, "chart--bars")


def _bar(key: str, mark: Mark, top: int, most: int) -> Markup:
    first = _share(mark.value, most, 100)
    second = _share(mark.other, most, 100)
    text = _at(
        '<text class="chart__name" x="0" y="{}">{}</text>', top + 13, clipped(mark.label)
    )
    number = _at(
        '<text class="chart__said" x="100%" y="{}" text-anchor="end">{}</text>',
        top + 13,
        mark.said,
    )
    track = _at(
        '<rect class="chart__track" x="0" y="{}" width="100%" height="9"></rect>', top + 19
    )
    parts = _at(
        '<rect class="chart__first" x="0" y="{}" width="{}%" height="9"></rect>',
        top + 19,
        _n(first),
    )
    if mark.other:
        parts += _at(
            '<rect class="chart__second" x="{}%" y="{}" width="{}%" height="9" '
            'fill="url(#{}-hatch)"></rect>',
            _n(first),
            top + 19,
            _n(second),
            key,
        )
    return text + number + track + parts


def clipped(text: str) -> str:
    """Return a label that fits, and says how much it hides."""
    if len(text) <= LABEL_MAX:
        return text
    return f"{text[: LABEL_MAX - 10]} (+{len(text) - LABEL_MAX + 10:,} more)"


def _svg(
    key: str, title: str, about: str, high: int, drawn: Sequence[Markup], kind: str
) -> Markup:
    return _at(
        '<svg class="chart {}" role="img" aria-labelledby="{}-title {}-desc" width="100%" '
        'height="{}"><title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>',
        *(kind, key, key, high, key, title, key, about),
        Markup().join(drawn),
    )


def _at(form: str, *values: object) -> Markup:
    """Put values into our own markup: each is escaped, but for what is markup already."""
    return Markup(form).format(*(escape(value) for value in values))  # noqa: S704 - our own form


def _share(value: int, most: int, whole: float) -> float:
    """Return how long a value is drawn; what is there at all can be seen."""
    if value <= 0 or most <= 0:
        return 0
    return max(value * whole / most, 2)


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")

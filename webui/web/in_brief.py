"""What a call does in a few words, for a phone: there they stand before all that is said of it."""

from typing import Final, NamedTuple

from webui.preview.renderers import Fact, Rendering

_BY_ITS_TEXT: Final = frozenset({"shell", "code"})
"""Of these nothing says more than the text itself, which the call's line holds."""
_MOST_FACTS: Final = 4
_LONGEST: Final = 60
_MOST_CHARS: Final = 160


class InBrief(NamedTuple):
    """The first things to know of a call as this desk reads it."""

    title: str
    facts: tuple[Fact, ...]
    """Those that are to be looked at first; none if the call's line says it better."""
    more: int
    """How many others stand in the reading."""


def in_brief(rendering: Rendering | None) -> InBrief | None:
    """Return a reading in brief; none where there is none."""
    if rendering is None:
        return None
    if rendering.renderer in _BY_ITS_TEXT:
        return InBrief(rendering.title, (), 0)
    by_value: dict[str, Fact] = {}
    for fact in sorted(rendering.facts, key=lambda fact: not fact.is_alarming):
        by_value.setdefault(_written(fact), fact)
    ordered = list(by_value.values())
    shown: list[Fact] = []
    room = _MOST_CHARS
    for fact in ordered:
        length = len(_written(fact))
        needed = len(fact.label) + length
        if length <= _LONGEST and needed <= room and len(shown) < _MOST_FACTS:
            shown.append(fact)
            room -= needed
    return InBrief(rendering.title, tuple(shown), len(ordered) - len(shown))


def _written(fact: Fact) -> str:
    return "".join(piece.text for piece in fact.pieces)

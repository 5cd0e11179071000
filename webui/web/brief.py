"""The beginning of a long text, for where it stands beside something else."""

import re
from dataclasses import dataclass
from typing import Final

_PIECE: Final = re.compile(r"⟦[^⟧]*\Z")
"""What a cut would leave of something that was spelt out."""
_WORD: Final = re.compile(r"\s\S*\Z")
_LONGEST_WORD: Final = 24
"""Characters: a longer one is cut inside."""
_LEAST_LEFT_OUT: Final = 24
"""Characters: saying how many were left out takes as much room."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What stands there, and how many characters do not."""

    text: str
    left_out: int


def brief(text: str, most: int, lines: int) -> Brief:
    """Return the beginning of a visible text: so many lines at most, and characters."""
    shown = "\n".join(text.strip().split("\n")[:lines])
    if len(shown) > most + _LEAST_LEFT_OUT:
        shown = _PIECE.sub("", shown[:most])
        word = _WORD.search(shown)
        if word is not None and len(shown) - word.start() <= _LONGEST_WORD:
            shown = shown[: word.start()]
    shown = shown.rstrip()
    return Brief(shown, len(text.strip()) - len(shown))

"""Masked arguments as texts to edit: what cannot be seen is spelt out, masks stay masks.

Takes what `masked_arguments` returns. In it every bracket of an escape or a mask was put there
by us, so that a mask is told from a text that looks like one.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from webui.preview.clipping import Size, fitted
from webui.preview.flags import Reader
from webui.preview.nodes import Piece
from webui.preview.redaction import Segment
from webui.preview.visible import visible

_OURS: Final = re.compile(
    r"(⟦redacted \d+ chars?(?: contains spaces)? tag [0-9a-f]{8}⟧)|(⟦U\+27E[67]⟧)"
)
_UNPLAIN: Final = re.compile(r"[^\x20-\x7e\n⟦⟧]")
_GAP: Final = re.compile(r"(?<=\S) {9,}")
_MISLEADING: Final = frozenset(
    {"invisible", "rtl", "mixed-script", "nfkc-differs", "stacked-marks", "edge-space"}
)


def has_mask(text: str) -> bool:
    """Say whether a masked text holds a mask."""
    return any(match[1] for match in _OURS.finditer(text))


def is_plainly_visible(text: str) -> bool:
    """Say whether a masked text may be edited as it stands: nothing in it hides or misleads."""
    bare = _OURS.sub("x", text)
    return visible(bare) == bare and not Reader(bare).flags(bare) & _MISLEADING


def spelt(value: Any) -> str:
    """Return a masked value as JSON to edit; if anything in it hides, in ASCII and its escapes.

    The masks alone stay as they are, since they have to be found again.
    """
    written = json.dumps(value, ensure_ascii=False, indent=2)
    if all(map(is_plainly_visible, _texts(value))):
        return written
    ascii_only = _UNPLAIN.sub(lambda match: json.dumps(match[0])[1:-1], written)
    return _GAP.sub(lambda match: " " + r"\u0020" * (len(match[0]) - 1), ascii_only)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def tokens(text: str) -> list[str]:
    """Return a masked text in its smallest parts: characters, and our escapes and masks whole."""
    found: list[str] = []
    done = 0
    for match in _OURS.finditer(text):
        found += text[done : match.start()]
        found.append(match[0])
        done = match.end()
    return found + list(text[done:])


def masked_pieces(text: str, size: Size) -> list[Piece]:
    """Return a masked text in safe pieces, shortened from its middle to a size."""
    segments = []
    done = 0
    for match in _OURS.finditer(text):
        segments.append(Segment(text[done : match.start()]))
        segments.append(Segment(_own(match), match[1] or ""))
        done = match.end()
    segments.append(Segment(text[done:]))
    filled = tuple(each for each in segments if each.text)
    return fitted(filled, size, 2 * size.most)[0]


def _own(match: re.Match[str]) -> str:
    """Return what one of our escapes stands for; a mask stands for itself."""
    if match[1]:
        return match[1]
    return "⟦" if match[2] == "⟦U+27E6⟧" else "⟧"

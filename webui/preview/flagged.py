"""Where in a text the first thing stands that a flag speaks of: what a line must not cut away."""

import re
from collections.abc import Iterator
from typing import Final

from webui.preview.codes import classes
from webui.preview.flags import STACKED, USER_IN_URL
from webui.preview.phrases import place_of_phrase
from webui.preview.scripts import odd_places

_OF_SIGNS: Final = {
    "invisible": re.compile("[xt]"),
    "rtl": re.compile("[xHR]"),
    "stacked-marks": STACKED,
}
"""Over class letters (see `codes`)."""
_OF_ADDRESSES: Final = {
    "url-userinfo": USER_IN_URL,
    "punycode": re.compile("xn--", re.IGNORECASE),
}


def places_of_flags(text: str, flags: frozenset[str]) -> Iterator[int]:
    """Yield for each of a text's flags where the first of what it speaks of stands.

    What speaks to the reviewer first, then what hides, then what looks like something else. Flags
    that speak of a text as a whole, or of its edges, have no place.
    """
    if "instructions" in flags:
        place = place_of_phrase(text.lower())
        yield from () if place is None else (place,)
    if "mixed-script" in flags or not flags.isdisjoint(_OF_SIGNS):
        found = classes(text)
        yield from _first(found, flags, _OF_SIGNS)
        yield from odd_places(found)[:1] if "mixed-script" in flags else ()
    yield from _first(text, flags, _OF_ADDRESSES)


def _first(
    text: str, flags: frozenset[str], patterns: dict[str, re.Pattern[str]]
) -> Iterator[int]:
    for flag, pattern in patterns.items():
        if flag in flags and (match := pattern.search(text)):
            yield match.start()

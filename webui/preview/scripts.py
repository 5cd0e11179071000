"""Words whose letters are of several scripts, and which letters are the strangers in them.

All of it works on the class letters of a text (see `codes`).
Source: UTS 39, "highly restrictive": Latin may stand beside the East Asian scripts.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import islice
from typing import Final

from webui.sentences import Sentence, sentence, sentence_in

_CHANGE: Final = re.compile(r"([A-Z])[dmx]*+(?!\1)([A-Z])")
_WRITTEN_TOGETHER: Final = frozenset("LJ")
_MOST_ODD: Final = 20
_NEAR: Final = 12
_FEW: Final = 64
_NAMELESS: Final = sentence("Without a name")
_OF_SCRIPT: Final = {
    "CYRILLIC": sentence("a Cyrillic letter"),
    "GREEK": sentence("a Greek letter"),
    "LATIN": sentence("a Latin letter"),
    "ARMENIAN": sentence("an Armenian letter"),
    "HEBREW": sentence("a Hebrew letter"),
    "ARABIC": sentence("an Arabic letter"),
    "CHEROKEE": sentence("a Cherokee letter"),
}
"""By how Unicode's names begin: said in words, as those are English and made for programs."""


def mixes_scripts(found: str) -> bool:
    """Whether one word has letters of scripts that are not written together."""
    return _mix_in_few(found) if len(found) <= _FEW else _mix(found)


def _mix(found: str) -> bool:
    scripts = {letter for letter in set(found) if letter.isupper()}
    if len(scripts) < 2 or scripts == _WRITTEN_TOGETHER:  # noqa: PLR2004  one script cannot mix
        return False
    changes = _CHANGE.finditer(found)
    return any(set(change.groups()) != _WRITTEN_TOGETHER for change in changes)


_mix_in_few = lru_cache(maxsize=2048)(_mix)
"""Names and short texts that are made alike, thousands in one call, have the same classes."""


def odd_places(found: str) -> list[int]:
    """Return where a letter stands beside one of another script: of the rarer one around there."""
    return list(_places_in_few(found) if len(found) <= _FEW else _places(found))


def _places(found: str) -> tuple[int, ...]:
    places: set[int] = set()
    for change in islice(_CHANGE.finditer(found), _MOST_ODD):
        one, other = change.groups()
        if {one, other} != _WRITTEN_TOGETHER:
            around = found[max(0, change.start() - _NEAR) : change.end() + _NEAR]
            is_first = around.count(one) < around.count(other)
            places.add(change.start() if is_first else change.end() - 1)
    return tuple(sorted(places))


_places_in_few = lru_cache(maxsize=2048)(_places)


def odd_letters(text: str, found: str) -> list[str]:
    """Return the letters of a text at those places; `found` are its classes."""
    return [text[place] for place in odd_places(found)]


def letter_named(letter: str) -> Sentence:
    """Return what a letter is: no eye tells some of them apart."""
    name = unicodedata.name(letter, "")
    return sentence_in(
        "a letter of another script",
        "%(letter)s is %(code)s, %(name)s",
        letter=letter,
        code=f"U+{ord(letter):04X}",
        name=_OF_SCRIPT.get(name.split(" ")[0]) or name.capitalize() or _NAMELESS,
    )

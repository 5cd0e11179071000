"""Which code points a person can see, and which script each letter is of.

One pass of `str.translate` turns a text into a string of the same length with one class
letter for each code point. Every other rule is then a small pattern over plain letters,
which stays linear and fast whatever the text holds.

Classes: `x` not plainly visible; `t` tab or carriage return; `b` brackets of our own
escapes; `m` combining mark; `d` a letter or digit of no script; `.` any other sign; space and
newline as they are; and a capital letter for the script of a letter (`L` Latin, `J` the
scripts that Chinese, Japanese and Korean are written in, `H` and `R` right to left, `O` any
that is not told apart).
Specification: details.md, section D, P2; UTS 39 for the scripts.
"""

import unicodedata
from typing import Final

_HIDDEN_CATEGORIES: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}

# Drawn as nothing, or as a blank, though their category says otherwise.
_HIDDEN_RANGES: Final = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2000, 0x200F),
    (0x2028, 0x202F),
    (0x205F, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFFC, 0xFFFD),
    (0xE0000, 0xE0FFF),
)
_HIDDEN: Final = frozenset(
    code for first, last in _HIDDEN_RANGES for code in range(first, last + 1)
)

# U+27E6 and U+27E7 begin and end an escape; the others are drawn so alike that they could
# be taken for them.
_SPECIAL: Final = {" ": " ", "\n": "\n", "\t": "t", "\r": "t"} | dict.fromkeys(
    "⟦⟧⟬⟭〚〛", "b"
)

# By the first word of a letter's name. Signs such as U+00B5 MICRO SIGN are of no script.
_SCRIPTS: Final = {
    "LATIN": "L",
    "CYRILLIC": "C",
    "GREEK": "G",
    "COPTIC": "G",
    "ARMENIAN": "A",
    "GEORGIAN": "K",
    "CHEROKEE": "E",
    "DEVANAGARI": "D",
    "BENGALI": "B",
    "TAMIL": "T",
    "THAI": "I",
    "ETHIOPIC": "P",
    "LISU": "U",
    "HEBREW": "H",
    "HIRAGANA": "J",
    "KATAKANA": "J",
    "BOPOMOFO": "J",
    "HANGUL": "J",
    "CJK": "J",
}

_EAST_ASIAN: Final = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFC),
    (0xAC00, 0xD7A3),
    (0x20000, 0x2A6DD),
)
_MOST_REMEMBERED: Final = 65_536


def _class_of(code: int) -> str:
    for first, last in _EAST_ASIAN:
        if first <= code <= last:
            return "J"
    character = chr(code)
    if special := _SPECIAL.get(character):
        return special
    category = unicodedata.category(character)
    if code in _HIDDEN or category in _HIDDEN_CATEGORIES:
        return "x"
    if category[0] == "M":
        return "m"
    if category[0] == "L":
        return _script_of(character)
    return "d" if category[0] == "N" else "."


def _script_of(letter: str) -> str:
    script = _SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0])
    if script is not None:
        return script
    if unicodedata.decomposition(letter):
        return "d"  # a styled or singleton copy of another letter; NFKC tells
    return "R" if unicodedata.bidirectional(letter) in {"R", "AL"} else "O"


class _Classes(dict[int, str]):
    """Remembers classes, but not so many that a hostile text could fill the memory."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        found = self[code] = _class_of(code)
        return found


_CLASSES: Final = _Classes()


def classes(text: str) -> str:
    """Return the class letter of each code point of `text`, in a string as long as it."""
    return text.translate(_CLASSES)


def is_plain(text: str) -> bool:
    """Whether `text` is nothing but visible ASCII and single spaces."""
    return text.isascii() and text.isprintable()

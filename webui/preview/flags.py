"""What in a text could mislead the person who reads it.

A flag raises the risk class one step and shows one sentence, so each has to be worth it.
Tabs and Windows line ends are made visible but not flagged: they are in every other file.
Specification: details.md, section D, P5; UTS 39 for mixed scripts; preview.md, "Made
visible".
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import compress
from typing import Final, NamedTuple

from webui.preview.codes import classes, is_plain

_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
_STACKED: Final = re.compile(r"m{5}|(?<![A-Zd.m])m")
_UNBOUNDED_MARKS: Final = re.compile(r"m{31}")
_SCRIPT_CHANGE: Final = re.compile(r"([A-Z])[dmx]*+(?!\1)([A-Z])")
_RIGHT_TO_LEFT: Final = frozenset("HR")
_LEFT_TO_RIGHT: Final = frozenset("Ld")
_WRITTEN_TOGETHER: Final = frozenset("LJ")
_USER_IN_URL: Final = re.compile(r"://[^\s/?#@]*+@")
_AUTHORITY: Final = re.compile(r"://([^\s/?#\"'<>`|\\]++)")


class _Phrase(NamedTuple):
    """Words that speak to the reviewer; `needle` is in every match, for a quick look."""

    needle: str
    pattern: re.Pattern[str]


def _phrase(needle: str, pattern: str) -> _Phrase:
    # `~` stands for what may be between two words.
    return _Phrase(needle, re.compile(pattern.replace("~", r"[\s_*-]{1,4}")))


_PHRASES: Final = (
    _phrase("approved", r"pre[\s_*-]{0,2}approved"),
    _phrase("approved", r"(?:already|been|was|is)~(?:[a-z]{2,12}~)?approved"),
    _phrase(
        "approved", r"approved~by~(?:the~)?(?:security|admin|legal|your|compliance|it)"
    ),
    _phrase(
        "ignore", r"ignore~(?:[a-z]{1,12}~){0,2}(?:warning|alert|flag|notice|preview|mask)"
    ),
    _phrase("approve", r"(?:please|just|click|press|must|should|safe~to|ok~to)~approve"),
    _phrase("approv", r"auto[\s_*-]{0,2}approv"),
    _phrase("approval", r"no~(?:further~|human~|manual~)?approval"),
    _phrase("review", r"(?:no|skip|without)~(?:the~|further~|human~|manual~)?review"),
    _phrase("reviewer", r"(?:dear|note~to(?:~the)?|attention|hey)[\s,:]{1,3}reviewer"),
    _phrase("system", r"system~(?:notice|message|notification)\s?:"),
    _phrase(
        "countersign", r"countersign(?:~[a-z]{1,12})?(?:~has)?~(?:verified|checked|says)"
    ),
    _phrase("verified", r"(?:✅|✔|☑)\ufe0f?\s?verified"),
    _phrase("approve", r"\[\s?approve\s?\]"),
)


class Reader:
    """Flags the texts of one call."""

    def __init__(self, whole: str) -> None:
        """Take a text that holds all texts of the call, as its canonical form does."""
        folded = whole.lower()
        self._phrases = [phrase for phrase in _PHRASES if phrase.needle in folded]
        self._addresses = "://" in whole
        self._punycode = "xn--" in folded
        self._has_words = bool(self._phrases) or self._addresses or self._punycode

    def flags(self, text: str) -> frozenset[str]:
        """Return the flags of a name or a value."""
        found: set[str] = set()
        if not is_plain(text):
            found.update(_of_signs(text, classes(text)))
        elif text and " " in {text[0], text[-1]}:
            found.add("edge-space")
        if not self._has_words:
            return frozenset(found) if found else _NONE
        if self._addresses and "://" in text:
            found.update(_of_addresses(text))
        if self._punycode and "xn--" in text.lower():
            found.add("punycode")
        if self._phrases and self._speaks(text.lower()):
            found.add("instructions")
        return frozenset(found) if found else _NONE

    def _speaks(self, folded: str) -> bool:
        return any(
            needle in folded and pattern.search(folded) for needle, pattern in self._phrases
        )


_NONE: Final[frozenset[str]] = frozenset()


def _of_edges(text: str) -> Iterator[str]:
    inner = text.strip("\r\n")
    if inner and (inner[0].isspace() or inner[-1].isspace()):
        yield "edge-space"


def _of_signs(text: str, found: str) -> Iterator[str]:
    yield from _of_edges(text)
    if text.isascii():
        yield from ["invisible"] * _is_hiding(text, found)
        return
    checks = (
        _is_hiding(text, found),
        _turns(text, found),
        _mixes_scripts(found),
        _UNBOUNDED_MARKS.search(found) or not unicodedata.is_normalized("NFKC", text),
        _STACKED.search(found),
    )
    yield from compress(
        ("invisible", "rtl", "mixed-script", "nfkc-differs", "stacked-marks"), checks
    )


def _is_hiding(text: str, found: str) -> bool:
    return "x" in found or ("\r" in text and _LONE_RETURN.search(text) is not None)


def _turns(text: str, found: str) -> bool:
    """Whether the direction of writing may show this text in another order."""
    if "x" in found and _DIRECTION.search(text):
        return True
    kinds = set(found)
    return not (_RIGHT_TO_LEFT.isdisjoint(kinds) or _LEFT_TO_RIGHT.isdisjoint(kinds))


def _mixes_scripts(found: str) -> bool:
    """Whether one word has letters of scripts that are not written together.

    Latin may stand beside the East Asian scripts, as in "highly restrictive" of UTS 39.
    """
    scripts = {letter for letter in set(found) if letter.isupper()}
    if len(scripts) < 2 or scripts == _WRITTEN_TOGETHER:  # noqa: PLR2004  one script cannot mix
        return False
    changes = _SCRIPT_CHANGE.finditer(found)
    return any(set(change.groups()) != _WRITTEN_TOGETHER for change in changes)


def _of_addresses(text: str) -> Iterator[str]:
    if _USER_IN_URL.search(text):
        yield "url-userinfo"
    hosts = [match[1].rpartition("@")[2] for match in _AUTHORITY.finditer(text)]
    if not all(map(str.isascii, hosts)):
        yield "punycode"

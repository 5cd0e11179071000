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
from typing import Final

from webui.preview.codes import classes, is_plain
from webui.preview.phrases import phrases_in, speaks
from webui.preview.scripts import mixes_scripts

_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
STACKED: Final = re.compile(r"m{5}|(?<![A-Zd.m])m")
_UNBOUNDED_MARKS: Final = re.compile(r"m{31}")
_RIGHT_TO_LEFT: Final = frozenset("HR")
_LEFT_TO_RIGHT: Final = frozenset("Ld")
USER_IN_URL: Final = re.compile(r"://[^\s/?#@]*+@")
_AUTHORITY: Final = re.compile(r"://([^\s/?#\"'<>`|\\]++)")


class Reader:
    """Flags the texts of one call."""

    def __init__(self, whole: str) -> None:
        """Take a text that holds all texts of the call, as its canonical form does."""
        folded = whole.lower()
        self._phrases = phrases_in(folded)
        self._addresses = "://" in whole
        self._punycode = "xn--" in folded
        self._has_words = bool(self._phrases) or self._addresses or self._punycode

    @property
    def is_idle(self) -> bool:
        """Whether no text of the call can have a flag for its words."""
        return not self._has_words

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
        if self._phrases and speaks(text.lower(), self._phrases):
            found.add("instructions")
        return frozenset(found) if found else _NONE


_NONE: Final[frozenset[str]] = frozenset()


def _of_edges(text: str) -> Iterator[str]:
    inner = text.strip("\r\n")
    # Whole lines of a file are indented; what stands before one line alone is no indent.
    is_of_lines = "\n" in inner or text.endswith("\n")
    if inner and (inner[-1].isspace() or (inner[0].isspace() and not is_of_lines)):
        yield "edge-space"


def _of_signs(text: str, found: str) -> Iterator[str]:
    yield from _of_edges(text)
    if text.isascii():
        yield from ["invisible"] * _is_hiding(text, found)
        return
    checks = (
        _is_hiding(text, found),
        _turns(text, found),
        mixes_scripts(found),
        _UNBOUNDED_MARKS.search(found) or not unicodedata.is_normalized("NFKC", text),
        STACKED.search(found),
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


def _of_addresses(text: str) -> Iterator[str]:
    if USER_IN_URL.search(text):
        yield "url-userinfo"
    hosts = [match[1].rpartition("@")[2] for match in _AUTHORITY.finditer(text)]
    if not all(map(str.isascii, hosts)):
        yield "punycode"

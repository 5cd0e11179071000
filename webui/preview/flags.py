"""What in a text could mislead the person who reads it.

A flag raises the risk class one step and shows one sentence, so each has to be worth it.
Tabs and Windows line ends are made visible but not flagged: they are in every other file.
Specification: details.md, section D, P5; UTS 39 for mixed scripts; preview.md, "Made
visible".
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from webui.preview.codes import classes, is_plain
from webui.preview.phrases import phrases_in, speaks
from webui.preview.scripts import mixes_scripts

_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
STACKED: Final = re.compile(r"m{5}|(?<![A-Zd.m])m")
_UNBOUNDED_MARKS: Final = re.compile(r"m{31}")
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
            found = _of_signs(text, classes(text))
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


def _has_blank_edge(text: str) -> bool:
    inner = text.strip("\r\n")
    if not inner or inner[-1].isspace():
        return inner != ""
    # Whole lines of a file are indented; what stands before one line alone is no indent.
    return inner[0].isspace() and not ("\n" in inner or text.endswith("\n"))


def _of_signs(text: str, found: str) -> set[str]:
    flags = {"edge-space"} if _has_blank_edge(text) else set()
    hides = "x" in found
    if hides or ("\r" in text and _LONE_RETURN.search(text)):
        flags.add("invisible")
    if text.isascii():
        return flags
    if (hides and _DIRECTION.search(text)) or _has_both_directions(found):
        flags.add("rtl")
    if mixes_scripts(found):
        flags.add("mixed-script")
    has_marks = "m" in found
    if has_marks and STACKED.search(found):
        flags.add("stacked-marks")
    unbounded = has_marks and _UNBOUNDED_MARKS.search(found)
    if unbounded or not unicodedata.is_normalized("NFKC", text):
        flags.add("nfkc-differs")
    return flags


def _has_both_directions(found: str) -> bool:
    """Whether parts of a text are written in one direction and parts in the other: it may be shown in another order."""
    return ("H" in found or "R" in found) and ("L" in found or "d" in found)


def _of_addresses(text: str) -> Iterator[str]:
    if USER_IN_URL.search(text):
        yield "url-userinfo"
    hosts = [match[1].rpartition("@")[2] for match in _AUTHORITY.finditer(text)]
    if not all(map(str.isascii, hosts)):
        yield "punycode"

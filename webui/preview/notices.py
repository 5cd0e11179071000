"""The sentences beside a preview: one for each flag, with how often and where it matters."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import compress
from typing import Final

from webui.preview.codes import classes
from webui.preview.flags import odd_letters
from webui.preview.visible import escape

_NAMED_KINDS: Final = 3
_LEAST_SPACES: Final = " " * 41
_LEAST_NEWLINES: Final = 10
_LONG_RUN: Final = re.compile(r" {41,}|\n(?: *\n){9,}")
"""Longer than any indent: what stands behind it would be off the screen."""

_SENTENCES: Final = {
    "rtl": ("changes the writing direction", "change the writing direction"),
    "mixed-script": (
        "mixes letters of several scripts in one word",
        "mix letters of several scripts in one word",
    ),
    "nfkc-differs": (
        "holds characters that look like other ones",
        "hold characters that look like other ones",
    ),
    "stacked-marks": (
        "stacks accents or begins with one",
        "stack accents or begin with one",
    ),
    "edge-space": ("begins or ends with a blank", "begin or end with a blank"),
    "url-userinfo": (
        "holds a web address with a user name before its host",
        "hold a web address with a user name before its host",
    ),
    "punycode": (
        "holds a host name in or for letters outside ASCII",
        "hold a host name in or for letters outside ASCII",
    ),
    "instructions": (
        "speaks to you as the reviewer; it was written by the agent, not by this desk",
        "speak to you as the reviewer; they were written by the agent, not by this desk",
    ),
    "look-alike-keys": (
        "is a key that looks like another one beside it",
        "are keys that look like others beside them",
    ),
    "packed": (
        "holds packed data that is too deep, too large or too much to unpack here",
        "hold packed data that is too deep, too large or too much to unpack here",
    ),
    "masked-by-schema": (
        "is masked only because the schema that its agent sent calls it secret",
        "are masked only because the schema that their agent sent calls them secret",
    ),
    "nested": (
        "is shortened here; the full view shows it whole",
        "are shortened here; the full view shows them whole",
    ),
}


class Tally:
    """Counts what is found in a call, and says it."""

    def __init__(self) -> None:
        self.flags: Counter[str] = Counter()
        self.masks = 0
        self.cut = 0
        """Names and values that this view shows with a gap in them."""
        self.hidden_keys = 0
        self._blanks: Counter[str] = Counter()
        """The longest run of each sign, where a run is long enough to push text away."""
        self._invisible: Counter[str] = Counter()
        self._odd: Counter[str] = Counter()
        """Letters among those of another script."""

    def count(self, flags: frozenset[str], text: str) -> None:
        """Count the flags of one text."""
        self.flags.update(flags)
        if "invisible" in flags:
            hidden = Counter(compress(text, map("x".__eq__, classes(text))))
            self._invisible.update(hidden or {"\r": text.count("\r")})
        if "mixed-script" in flags:
            self._odd.update(odd_letters(text))

    def count_blanks(self, text: str) -> None:
        """Remember the long runs of blanks in one text."""
        if _LEAST_SPACES not in text and text.count("\n") < _LEAST_NEWLINES:
            return  # as nearly always, and a tenth of the search's cost
        for run in _LONG_RUN.finditer(text):
            sign = "newlines" if "\n" in run[0] else "spaces"
            length = run[0].count("\n") or len(run[0])
            self._blanks[sign] = max(self._blanks[sign], length)

    def sentences(self) -> Iterator[str]:
        """Yield the warnings, worst first."""
        if self._invisible:
            yield _invisible_words(self._invisible)
        for flag, (one, many) in _SENTENCES.items():
            if number := self.flags[flag]:
                words = f"1 text {one}" if number == 1 else f"{number:,} texts {many}"
                yield f"{words}{self._named(flag)}."
        for sign, longest in sorted(self._blanks.items()):
            yield f"A run of {longest:,} {sign} is shown as a count; text may stand behind it."
        if self.cut:
            yield _cut_words(self.cut)
        if self.hidden_keys:
            yield _hidden_words(self.hidden_keys)
        if self.masks:
            yield _masked_words(self.masks)

    def _named(self, flag: str) -> str:
        """Name the letters that only look like those around them; no eye tells them apart."""
        if flag != "mixed-script" or not self._odd:
            return ""
        named = [
            f"{letter} is U+{ord(letter):04X}, {unicodedata.name(letter, 'without a name').capitalize()}"
            for letter, _ in self._odd.most_common(_NAMED_KINDS)
        ]
        return ": " + "; ".join(named)


def _invisible_words(found: Counter[str]) -> str:
    total = found.total()
    named = [escape(sign) for sign, _ in found.most_common(_NAMED_KINDS)]
    others = len(found) - len(named)
    shown = (
        ", ".join(named) if not others else ", ".join([*named, f"{others:,} other kinds"])
    )
    if total == 1:
        return f"1 invisible character is shown as {shown}."
    return f"{total:,} invisible characters are shown as {shown}."


def _cut_words(number: int) -> str:
    if number == 1:
        return "1 name or value is cut here; the full view shows it whole."
    return f"{number:,} names or values are cut here; the full view shows them whole."


def _hidden_words(number: int) -> str:
    if number == 1:
        return "1 key is left out here; the full view shows it."
    return f"{number:,} keys are left out here; the full view shows them."


def _masked_words(masks: int) -> str:
    if masks == 1:
        return "1 value looks like a secret and is masked; equal tags are equal values."
    return (
        f"{masks:,} values look like secrets and are masked; equal tags are equal values."
    )

"""The sentences beside a preview: one for each flag, with how often and where it matters."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from copy import copy
from itertools import compress
from typing import Final

from webui.preview.codes import classes
from webui.preview.scripts import letter_named, odd_letters
from webui.preview.visible import escape
from webui.sentences import Sentence, forms, joined, number, sentence

_NAMED_KINDS: Final = 3
_NAMING_SIGNS: Final = frozenset({"invisible", "mixed-script"})
"""Flags whose sentences name the signs."""
_FEW: Final = 20
_LEAST_SPACES: Final = " " * 41
_LEAST_NEWLINES: Final = 10
_LONG_RUN: Final = re.compile(r" {41,}|\n(?: *\n){9,}")
"""Longer than any indent: what stands behind it would be off the screen."""

_SENTENCES: Final = {
    "rtl": forms(
        "1 text changes the writing direction.",
        "%(number)s texts change the writing direction.",
    ),
    "mixed-script": forms(
        "1 text mixes letters of several scripts in one word.",
        "%(number)s texts mix letters of several scripts in one word.",
    ),
    "nfkc-differs": forms(
        "1 text holds characters that look like other ones.",
        "%(number)s texts hold characters that look like other ones.",
    ),
    "stacked-marks": forms(
        "1 text stacks accents or begins with one.",
        "%(number)s texts stack accents or begin with one.",
    ),
    "edge-space": forms(
        "1 text begins or ends with a blank.",
        "%(number)s texts begin or end with a blank.",
    ),
    "url-userinfo": forms(
        "1 text holds a web address with a user name before its host.",
        "%(number)s texts hold a web address with a user name before its host.",
    ),
    "punycode": forms(
        "1 text holds a host name in or for letters outside ASCII.",
        "%(number)s texts hold a host name in or for letters outside ASCII.",
    ),
    "instructions": forms(
        "1 text speaks to you as the reviewer; it was written by the agent, not by this desk.",
        "%(number)s texts speak to you as the reviewer; they were written by the agent, not by this desk.",
    ),
    "look-alike-keys": forms(
        "1 text is a key that looks like another one beside it.",
        "%(number)s texts are keys that look like others beside them.",
    ),
    "packed": forms(
        "1 text holds packed data that is too deep, too large or too much to unpack here.",
        "%(number)s texts hold packed data that is too deep, too large or too much to unpack here.",
    ),
    "masked-by-schema": forms(
        "1 text is masked only because the schema that its agent sent calls it secret.",
        "%(number)s texts are masked only because the schema that their agent sent calls them secret.",
    ),
    "nested": forms(
        "1 text is shortened here; the full view shows it whole.",
        "%(number)s texts are shortened here; the full view shows them whole.",
    ),
}
_NAMED: Final = forms(
    "1 text mixes letters of several scripts in one word: %(named)s.",
    "%(number)s texts mix letters of several scripts in one word: %(named)s.",
)
_INVISIBLE: Final = forms(
    "1 invisible character is shown as %(shown)s.",
    "%(number)s invisible characters are shown as %(shown)s.",
)
_RUNS: Final = {
    "newlines": forms(
        "A run of %(number)s newlines is shown as a count; text may stand behind it.",
        "A run of %(number)s newlines is shown as a count; text may stand behind it.",
    ),
    "spaces": forms(
        "A run of %(number)s spaces is shown as a count; text may stand behind it.",
        "A run of %(number)s spaces is shown as a count; text may stand behind it.",
    ),
}
_CUT: Final = forms(
    "1 name or value is cut here; the full view shows it whole.",
    "%(number)s names or values are cut here; the full view shows them whole.",
)
_HIDDEN: Final = forms(
    "1 key is left out here; the full view shows it.",
    "%(number)s keys are left out here; the full view shows them.",
)
_MASKED: Final = forms(
    "1 value looks like a secret and is masked; equal tags are equal values.",
    "%(number)s values look like secrets and are masked; equal tags are equal values.",
)


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

    def copy(self) -> "Tally":
        """Return one for a view, which counts what it cuts and hides."""
        copied = copy(self)
        copied.flags = Counter(self.flags)
        return copied

    def count(self, flags: frozenset[str], text: str) -> None:
        """Count the flags of one text."""
        _add(self.flags, flags)
        if flags.isdisjoint(_NAMING_SIGNS):
            return
        found = classes(text)
        if "invisible" in flags:
            hidden = list(compress(text, map("x".__eq__, found)))
            _add(self._invisible, hidden or "\r" * text.count("\r"))
        if "mixed-script" in flags:
            _add(self._odd, odd_letters(text, found))

    def count_blanks(self, text: str) -> None:
        """Remember the long runs of blanks in one text."""
        if _LEAST_SPACES not in text and text.count("\n") < _LEAST_NEWLINES:
            return  # as nearly always, and a tenth of the search's cost
        for run in _LONG_RUN.finditer(text):
            sign = "newlines" if "\n" in run[0] else "spaces"
            length = run[0].count("\n") or len(run[0])
            self._blanks[sign] = max(self._blanks[sign], length)

    def sentences(self) -> Iterator[Sentence]:
        """Yield the warnings, worst first."""
        if self._invisible:
            yield _invisible_words(self._invisible)
        for flag, found in _SENTENCES.items():
            if times := self.flags[flag]:
                named = self._odd_letters() if flag == "mixed-script" else ""
                said = _NAMED if named else found
                yield said.of(times, number=number(times), named=named)
        for sign, longest in sorted(self._blanks.items()):
            yield _RUNS[sign].of(longest, number=number(longest))
        if self.cut:
            yield _CUT.of(self.cut, number=number(self.cut))
        if self.hidden_keys:
            yield _HIDDEN.of(self.hidden_keys, number=number(self.hidden_keys))
        if self.masks:
            yield _MASKED.of(self.masks, number=number(self.masks))

    def _odd_letters(self) -> Sentence:
        """Name the letters that only look like those around them; no eye tells them apart."""
        return joined(
            "; ",
            [letter_named(letter) for letter, _ in self._odd.most_common(_NAMED_KINDS)],
        )


def _add(counted: Counter[str], found: Collection[str]) -> None:
    """Count some more. For a few things at a time `Counter.update` takes four times as long."""
    if len(found) > _FEW:
        counted.update(found)
        return
    for each in found:
        counted[each] += 1


def _invisible_words(found: Counter[str]) -> Sentence:
    total = found.total()
    named: list[str] = [escape(sign) for sign, _ in found.most_common(_NAMED_KINDS)]
    if others := len(found) - len(named):
        named.append(sentence("%(number)s other kinds", number=number(others)))
    return _INVISIBLE.of(total, number=number(total), shown=joined(", ", named))

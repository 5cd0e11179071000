"""What the agent's words about a call say, beside what the call does.

Nobody has checked those words, and a call is never read by them. But where they name another sum
of money than the call does, one of the two is a slip, and the person should not have to find it.
"""

import re
from decimal import Decimal
from itertools import chain
from typing import Final

from webui.preview.renderers.amounts import Amount
from webui.preview.renderers.arguments import Text
from webui.preview.renderers.currencies import DIGITS
from webui.preview.renderers.rendering import Rendering
from webui.sentences import Sentence, sentence

_SIGNS: Final = {"€": "EUR", "£": "GBP", "₹": "INR", "$": "", "¥": ""}
"""Without a code: the sign of several currencies."""
_MARK: Final = "[€£₹$¥]|[A-Z]{3}"
_SUM: Final = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_MARK})[ \xa0]?)?"
    r"(?P<number>[0-9]{1,3}(?:[.,'\xa0 ][0-9]{3}){1,4}(?:[.,][0-9]{1,2})?|[0-9]{1,12}(?:[.,][0-9]{1,2})?)"
    rf"(?![\w%]|[.,][0-9])(?:[ \xa0]?(?P<after>{_MARK})(?!\w))?"
)
_HUNDREDTHS: Final = re.compile("[.,][0-9]{2}$")
_MOST_WORDS: Final = 20_000
_MOST_TOLD: Final = 3


def other_sums(rendering: Rendering | None, *words: str | None) -> tuple[Sentence, ...]:
    """Return one sentence for each sum of money in the agent's words that the call does not name.

    Only what is plainly a sum counts: with a currency beside it, or with hundredths. A call that
    is not read as money, or names no amount that can be read, has nothing to be compared with.
    """
    if rendering is None or not rendering.sums:
        return ()
    named: dict[Decimal, set[str]] = {}
    for value, code in rendering.sums:
        named.setdefault(Decimal(value), set()).add(code)
    told = (_SUM.finditer((text or "")[:_MOST_WORDS]) for text in words)
    others = dict.fromkeys(
        found[0].replace("\xa0", " ").strip()  # nothing hidden reaches a page
        for found in chain.from_iterable(told)
        if _is_sum(found) and not _fits(found, named)
    )
    return tuple(
        sentence("The agent's words speak of %(sum)s; the call does not.", sum=each)
        for each in list(others)[:_MOST_TOLD]
    )


def _is_sum(found: re.Match[str]) -> bool:
    return _code(found) is not None or _HUNDREDTHS.search(found["number"]) is not None


def _fits(found: re.Match[str], named: dict[Decimal, set[str]]) -> bool:
    code = _code(found)
    values = [
        value
        for _, value in Amount(
            Text(found["number"].replace("\xa0", " "), {}), "major", ""
        ).values()
    ]
    codes = set().union(*(named.get(value, set()) for value in values))
    return bool(codes) and (not code or "" in codes or code in codes)


def _code(found: re.Match[str]) -> str | None:
    """Return the currency beside a number; "" if its sign is that of several, None if there is none."""
    for mark in (found["after"], found["before"]):
        if mark in _SIGNS:
            return _SIGNS[mark]
        if mark in DIGITS:
            return mark
    return None

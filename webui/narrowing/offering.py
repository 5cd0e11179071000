"""What could come next in the line: for whoever types it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from webui.narrowing.fields import FIELDS, Field
from webui.narrowing.language import quoted

MOST: Final = 12
_SIGNS: Final = {"risk": (">=", "<="), "age": (">", "<"), "left": ("<", ">")}
_TIMES: Final = ("1m", "5m", "15m", "1h", "1d")


class Offer(NamedTuple):
    """One way to go on."""

    text: str
    """The whole line after it was taken."""
    shown: str
    """The part that is put in."""
    words: str
    """What it means; may be empty."""


def offers(line: str, at: int, known: Callable[[str, str], Sequence[str]]) -> list[Offer]:
    """Return how the part that ends at `at` could go on.

    Args:
        line: as typed so far.
        at: where the cursor stands, in characters.
        known: from a field and the beginning of a value to the values there are.

    """
    at = max(0, min(at, len(line)))
    begin = _begin(line[:at])
    typed, rest = line[begin:at], line[at:]
    minus, bare = ("-", typed[1:]) if typed.startswith("-") else ("", typed)
    found = (
        Offer(f"{line[:begin]}{minus}{text}{rest or _after(text)}", minus + text, words)
        for text, words in _texts(bare, known)
    )
    return list(dict.fromkeys(found))[:MOST]


def _begin(before: str) -> int:
    """Return where the part under the cursor begins; blanks in quotation marks part nothing."""
    begin, within = 0, False
    for at, sign in enumerate(before):
        if sign == '"':
            within = not within
        elif sign == " " and not within:
            begin = at + 1
    return begin


def _after(text: str) -> str:
    return "" if text.endswith(":") else " "


def _texts(
    typed: str, known: Callable[[str, str], Sequence[str]]
) -> Iterator[tuple[str, str]]:
    name, colon, value = typed.partition(":")
    if not colon:
        for each in FIELDS.values():
            if each.name.startswith(typed.lower()):
                yield f"{each.name}:", each.words
        return
    chosen = FIELDS.get(name.lower())
    if chosen is None:
        return
    done, comma, last = value.rpartition(",")
    start = f"{chosen.name}:{done}{comma}"
    for text in _of_field(chosen, last, known):
        yield start + text, ""


def _of_field(
    chosen: Field, typed: str, known: Callable[[str, str], Sequence[str]]
) -> Iterator[str]:
    folded = typed.lstrip('"').lower()
    if chosen.kind in {"name", "pattern"}:
        yield from map(quoted, known(chosen.name, typed.strip('"')))
        return
    values = _TIMES if chosen.kind == "time" else chosen.choices
    plain = () if chosen.kind == "time" else values
    signed = (sign + value for value in values for sign in _SIGNS.get(chosen.name, ()))
    yield from (each for each in (*plain, *signed) if each.startswith(folded))

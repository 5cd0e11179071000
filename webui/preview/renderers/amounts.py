"""An amount of money as it is written, and what numbers it can be read as."""

import re
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from functools import reduce
from typing import Final, Literal, NamedTuple

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.currencies import DIGITS, digits_of
from webui.sentences import Sentence, exact, joined, number, sentence, sentence_in

_NUMBER: Final = re.compile(r"[-+]?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?", re.ASCII)
_GROUPED: Final = re.compile(r"[-+]?\d{1,3}(?:,\d{3}){1,9}(?:\.\d{1,10})?", re.ASCII)
_TURNED: Final = re.compile(r"[-+]?\d{1,3}(?:\.\d{3}){1,9},\d{1,10}", re.ASCII)
_POINTED: Final = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_COMMA: Final = re.compile(r"[-+]?\d{1,12},\d{1,10}", re.ASCII)
_SPACED: Final = re.compile(r"[-+]?\d{1,3}(?:[ '_]\d{3}){1,9}(?:[.,]\d{1,10})?", re.ASCII)
_AROUND: Final = re.compile(r"^[\s$€£¥₹]{1,3}|[\s$€£¥₹]{1,3}$|^[A-Z]{3}\s?|\s?[A-Z]{3}$")
EXACT: Final = Context(prec=120)
_LONGEST: Final = 80
_GAPS: Final = re.compile("[ '_]")
_COMMA_POINT: Final = sentence("with a comma for the point")
_COMMAS: Final = sentence("with commas between thousands")
_POINTS: Final = sentence("with points between thousands")
_GAPLESS: Final = sentence("without its gaps")
_UNKNOWN: Final = sentence("of an unknown currency")
_AMOUNT: Final = sentence("Amount")
_WHOLE: Final = sentence("If these are whole units")

_WHOLE_NUMBER: Final = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_NANO: Final = 9
_THOUSANDS: Final = 3

Unit = Literal["major", "minor", "cents", "micros", "open"]
"""What is counted: minor is the smallest unit of the currency, cents are hundredths by their name."""


class Reading(NamedTuple):
    """What an amount may be."""

    label: str
    words: str


class Amount(NamedTuple):
    """An amount with its currency."""

    text: Text
    unit: Unit
    currency: str
    """As it was sent; empty if it was not."""
    nanos: Text | None = None
    """Thousands of millionths beside the whole units, as google.type.Money has them."""
    is_text: bool = False
    """Whether it was sent as a text, in which a point may stand between thousands."""

    @property
    def code(self) -> str:
        """Return the currency's code as ISO writes it."""
        return self.currency.strip().upper()

    @property
    def plain(self) -> str:
        """Return the amount as it was sent, without blanks and signs of currencies around it."""
        return _AROUND.sub("", self.text.plain[:_LONGEST].strip()).strip()

    def values(self) -> list[tuple[str, Decimal]]:
        """Return the numbers that it may stand for, with how they are read; none if it is none."""
        plain = self.plain
        if self.nanos is not None:
            return self._with_nanos(self.nanos.plain)
        if len(self.text.plain) > _LONGEST:
            return []
        found: list[tuple[str, str]] = []
        if _NUMBER.fullmatch(plain):
            found.append(("", plain))
            has_thousandths = not self.is_text or DIGITS.get(self.code) == _THOUSANDS
            if not has_thousandths and _POINTED.fullmatch(plain):
                found.append((_POINTS, plain.replace(".", "")))
        elif _GROUPED.fullmatch(plain):
            found.append((_COMMAS, plain.replace(",", "")))
            if plain.count(",") == 1 and "." not in plain:
                found.append((_COMMA_POINT, plain.replace(",", ".")))
        elif _TURNED.fullmatch(plain):
            found.append((_COMMA_POINT, plain.replace(".", "").replace(",", ".")))
        elif _COMMA.fullmatch(plain):
            found.append((_COMMA_POINT, plain.replace(",", ".")))
        elif _SPACED.fullmatch(plain):
            found.append((_GAPLESS, _GAPS.sub("", plain).replace(",", ".")))
        return [(how, Decimal(digits)) for how, digits in found]

    def _with_nanos(self, nanos: str) -> list[tuple[str, Decimal]]:
        if not (
            _WHOLE_NUMBER.fullmatch(self.text.plain) and _WHOLE_NUMBER.fullmatch(nanos)
        ):
            return []
        units, rest = Decimal(self.text.plain), Decimal(nanos).scaleb(-_NANO, EXACT)
        if abs(rest) >= 1 or units * rest < 0:
            return []
        return [("", (units + rest).normalize(EXACT))]

    def shifts(self, tool: str, value: Decimal) -> tuple[int, ...]:
        """Return by how many digits the point may have to be moved; one if nothing is open."""
        digits = digits_of(self.code, tool)
        usual = 2 if digits is None else digits
        if self.unit == "micros":
            return (6,)
        if self.unit == "major" or not value:
            return (0,)
        found = {0, usual}
        if self.unit == "cents":
            found = {2, usual}
        elif self.unit == "minor" and digits is not None:
            found = {digits}
        if _has_fraction(value):  # there is none of the smallest unit: it may not be meant
            found = {0} if self.unit == "open" else found | {0}
        return tuple(sorted(found))

    def sums(self, tool: str) -> Iterator[tuple[str, str]]:
        """Yield each number that it may stand for, of whole units, with its currency's code."""
        for _, value in self.values():
            for shift in self.shifts(tool, value):
                yield str(value.scaleb(-shift, EXACT) if shift else value), self.code

    def readings(self, tool: str) -> list[Reading]:
        """Return all that it can mean."""
        digits = digits_of(self.code, tool)
        code = self.code if digits is not None else _UNKNOWN
        found: list[Reading] = []
        for how, value in self.values():
            shifts = self.shifts(tool, value)
            for shift in shifts:
                label = _AMOUNT if len(shifts) == 1 else _counted_in(shift)
                words = _sum(_moved(value, shift, digits), code)
                found.append(Reading(_label(label, how), words))
        return found


def _counted_in(shift: int) -> str:
    if not shift:
        return _WHOLE
    return sentence("If these are 1/%(parts)s units", parts=number(10**shift))


def _moved(value: Decimal, shift: int, digits: int | None) -> str:
    """Return a number as it is written once its point has moved."""
    if not shift:
        return _plain(value, digits)
    usual = min(shift, 2) if digits is None else digits
    return _plain(value.scaleb(-shift, EXACT).normalize(EXACT), usual)


def _label(label: str, how: str) -> str:
    return (
        sentence_in(
            "how an amount is read", "%(label)s, read %(how)s", label=label, how=how
        )
        if how
        else label
    )


def _sum(written: str, code: str) -> Sentence:
    return joined(" ", (exact(written), code))


def either(readings: Sequence[Reading]) -> str:
    """Return what an amount may be, in one line; nothing if it is none."""
    words = [reading.words for reading in readings]
    if not words:
        return ""
    return reduce(
        lambda one, other: sentence_in(
            "two readings of an amount", "%(one)s or %(other)s", one=one, other=other
        ),
        words,
    )


def _has_fraction(value: Decimal) -> bool:
    return value != value.to_integral_value(context=EXACT)


def _plain(value: Decimal, digits: int | None) -> str:
    written = f"{value:,f}"
    head, point, tail = written.partition(".")
    if digits:
        return f"{head}.{tail.ljust(digits, '0')}"
    return f"{head}.{tail}" if point and tail.strip("0") else head


def decimals(value: Decimal) -> int:
    """Return how many digits behind the point a number really has."""
    _, point, tail = f"{value:f}".partition(".")
    return len(tail.rstrip("0")) if point else 0

"""The languages the desk speaks: one catalogue, and how each writes moments and numbers.

English is the source. A translation is `translations/<code>.po`, read when somebody first asks for
it and kept for the process; `make catalogue` brings it in step with the source.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    format_decimal,
    format_percent,
    get_decimal_symbol,
    get_group_symbol,
)
from babel.support import NullTranslations, Translations

FOLDER = Path(__file__).parent / "translations"
SOURCE = "en"
NAMES = {"en": "English", "de": "Deutsch"}
"""Each language, in its own word."""
_DAYS = {"en": "d MMM y", "de": "d. MMM y"}  # English as the most of the world writes it
_SCRIPTS = "static/"
LONGEST_KEPT = 500
MOST_VALUES = 3
LEAST_SAID = 12
"""A kept text is known by so many letters around its values; fewer could be anybody's."""
OURS = frozenset({"why", "said", "form", "fault", "problem"})
"""Values by these names are sentences of ours where we have them: told as well, not as kept."""
MOST_LEVELS = 3
"""Of sentences in one another."""
_VALUE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, eq=False)
class Language:
    """One language of the desk."""

    code: str
    name: str

    @cached_property
    def locale(self) -> Locale:
        """Return how it writes dates and numbers."""
        return Locale.parse(self.code)

    @cached_property
    def _catalogue(self) -> Catalog:
        return catalogue(self.code)

    @cached_property
    def _translations(self) -> NullTranslations:
        if self.code == SOURCE:
            return NullTranslations()
        compiled = BytesIO()
        write_mo(compiled, self._catalogue)
        compiled.seek(0)
        return Translations(compiled)

    def gettext(self, message: str) -> str:
        """Return the translation of an English message; itself where there is none."""
        # the message "" would be the head of the catalogue
        return self._translations.gettext(message) if message else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the translation that fits the number."""
        return self._translations.ngettext(one, many, number)

    def pgettext(self, context: str, message: str) -> str:
        """Return the translation of a word that has several."""
        return str(self._translations.pgettext(context, message))

    def again(self, text: str, levels: int = MOST_LEVELS) -> str:
        """Return a text of ours that was kept in English; itself where it is not in the catalogue.

        Its values are found by the message that they stand in. They stay as they are, but for
        those whose names say that they are sentences of ours too (`OURS`).
        """
        whole = text.replace("%", "%%")
        known = self.gettext(whole)
        if known != whole or len(text) > LONGEST_KEPT:
            return known.replace("%%", "%")
        for message, pieces in self._with_values:
            values = _between(pieces, text)
            if values is not None:
                filled = _filled(message, values)
                if filled is not None:
                    return self.gettext(message) % {
                        name: self.again(value, levels - 1)
                        if name in OURS and levels
                        else value
                        for name, value in filled.items()
                    }
        return text

    @cached_property
    def _with_values(self) -> tuple[tuple[str, list[str]], ...]:
        """Return the messages with values and what stands around these, the most said first."""
        if self.code == SOURCE:
            return ()
        found = [
            (message.id, _VALUE.sub("\0", message.id).replace("%%", "%").split("\0"))
            for message in self._catalogue
            if isinstance(message.id, str) and not message.context
        ]
        said = sorted(
            ((sum(map(len, pieces)), message, pieces) for message, pieces in found),
            reverse=True,
        )
        return tuple(
            (message, pieces)
            for length, message, pieces in said
            if 1 < len(pieces) <= MOST_VALUES + 1 and length >= LEAST_SAID
        )

    @cached_property
    def of_scripts(self) -> dict[str, str]:
        """Return the translations that the pages' scripts need, by their English."""
        if self.code == SOURCE:
            return {}
        return {
            str(message.id): str(message.string)
            for message in self._catalogue
            if any(place.startswith(_SCRIPTS) for place, _ in message.locations)
        }

    @cached_property
    def version(self) -> str:
        """Return a short digest of what the scripts need, to keep it by."""
        return sha256(repr(sorted(self.of_scripts.items())).encode()).hexdigest()[:12]

    def moment(self, ms: int) -> str:
        """Return a moment (ms since the epoch), exact: `21 Nov 2026, 05:55:22 UTC`."""
        return _exact(self.code, ms)

    def local(self, ms: int, zone: ZoneInfo) -> str:
        """Return a moment in a zone: `21 Nov 2026, 06:55 CET (2026-11-21T05:55Z)`.

        Names of zones stand for several (CST, IST), so what is not UTC is said exactly, too.
        """
        at = datetime.fromtimestamp(ms / 1000, zone)
        name = at.tzname() or ""
        there = "UTC" + name if name.startswith(("+", "-")) else name
        said = (
            f"{format_date(at, _DAYS[self.code], locale=self.locale)}, {at:%H:%M} {there}"
        )
        return said if there == "UTC" else f"{said} ({_moment(ms):%Y-%m-%dT%H:%MZ})"

    def day(self, ms: int) -> str:
        """Return a day (ms since the epoch, in UTC): `21 Nov 2026`."""
        return format_date(_moment(ms), _DAYS[self.code], locale=self.locale)

    def clock(self, ms: int, pattern: str = "HH:mm") -> str:
        """Return the time of a day (ms since the epoch, in UTC): `05:55`."""
        return format_time(_moment(ms), pattern, locale=self.locale)

    def number(self, value: float | Decimal) -> str:
        """Return a number with its thousands apart: `12,345.5`."""
        return _number(self.code, value)

    def exact(self, english: str) -> str:
        """Return a number with every digit that it has in English: `1,234.50`."""
        own = get_group_symbol(self.locale) + get_decimal_symbol(self.locale)
        return english.translate(str.maketrans(",.", own))

    def percent(self, share: float) -> str:
        """Return a share (0 to 1): `37%`."""
        return format_percent(share, locale=self.locale)


@cache
def language(code: str) -> Language:
    """Return a language of `NAMES`."""
    return Language(code, NAMES[code])


def chosen(code: str | None, accepted: Sequence[str] = ()) -> Language:
    """Return a person's language.

    Args:
        code: their own choice, if they made one.
        accepted: what their browser asks for, the dearest first (RFC 9110, 12.5.4).

    """
    for wanted in (code, *accepted):
        known = (wanted or "").lower().split("-")[0]
        if known in NAMES:
            return language(known)
    return language(SOURCE)


def catalogue(code: str) -> Catalog:
    """Return a language's catalogue as it is kept."""
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def _between(pieces: Sequence[str], text: str) -> list[str] | None:
    """Return what stands between pieces of a text, each as short as can be; none if they do not fit.

    Text of others is looked at here, so it is done in one walk: no search is begun again.
    """
    first, *middle, last = pieces
    end = len(text) - len(last)
    if not (text.startswith(first) and text.endswith(last)):
        return None
    values, at = [], len(first)
    for piece in middle:
        found = text.find(piece, at + 1, end)
        if found < 0:
            return None
        values.append(text[at:found])
        at = found + len(piece)
    if at >= end:
        return None
    return [*values, text[at:end]]


def _filled(message: str, values: Iterable[str]) -> dict[str, str] | None:
    """Return values by their names in a message; none if one name would have two."""
    filled: dict[str, str] = {}
    for name, value in zip(_VALUE.findall(message), values, strict=True):
        if filled.setdefault(name, value) != value:
            return None
    return filled


@lru_cache(maxsize=4096)
def _exact(code: str, ms: int) -> str:
    """Say a moment; each stands twice in a row of a list, and the same rows are asked for again."""
    known = language(code)
    return f"{known.day(ms)}, {known.clock(ms, 'HH:mm:ss')} UTC"


@lru_cache(maxsize=4096, typed=True)
def _number(code: str, value: float | Decimal) -> str:
    """Say a number; the tables of a page are full of the same small ones."""
    return format_decimal(value, locale=language(code).locale)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)

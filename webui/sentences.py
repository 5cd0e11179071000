"""What a person reads, as text that can be said in another language.

A sentence is its English text, and remembers of what it was made: a page, or a mail, says it in
its reader's language (`languages.py`); the APIs, the command line and the log keep the English.
Specification: dashboard.md, "All texts in one catalogue".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol


class Language(Protocol):
    """What a sentence needs of a language."""

    def gettext(self, message: str) -> str:
        """Return the translation of an English message."""

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the translation that fits the number."""

    def pgettext(self, context: str, message: str) -> str:
        """Return the translation of a word that has several."""

    def again(self, text: str) -> str:
        """Return the translation of a text that was kept in English, its values in it."""

    def moment(self, ms: int) -> str:
        """Return a moment for people, exact and in UTC."""

    def number(self, value: float | Decimal) -> str:
        """Return a number with its thousands apart."""

    def exact(self, english: str) -> str:
        """Return a number with every digit that it has in English."""


class Sentence(str):
    """English text that can be said in other languages. It is a `str` wherever one is asked for.

    Joined to other text by `+` or in an f-string it is plain text again, in English for ever:
    make one sentence with values of it, or a `joined` one.
    """

    __slots__ = ("_context", "_many", "_message", "_number", "_values")
    _message: str
    _many: str | None
    _number: int
    _context: str | None
    _values: Mapping[str, object]

    def told(self, language: Language) -> str:
        """Return it in another language."""
        if self._many is not None:
            text = language.ngettext(self._message, self._many, self._number)
        elif self._context is not None:
            text = language.pgettext(self._context, self._message)
        else:
            text = language.gettext(self._message)
        return text % {name: told(value, language) for name, value in self._values.items()}

    def changed(self, change: Callable[[str], str]) -> Sentence:
        """Return it with a change made to each text among its values, such as `visible`."""
        values = {name: _changed(value, change) for name, value in self._values.items()}
        english = self._message if self._many is None or self._number == 1 else self._many
        return _made(
            english,
            self._message,
            values,
            many=self._many,
            number=self._number,
            context=self._context,
        )


class Joined(Sentence):
    """Several sentences, one after the other."""

    __slots__ = ("_parts", "_separator")
    _parts: tuple[object, ...]
    _separator: str

    def told(self, language: Language) -> str:
        """Return all of them in another language."""
        return self._separator.join(str(told(part, language)) for part in self._parts)

    def changed(self, change: Callable[[str], str]) -> Sentence:
        """Return them with a change made to each text among them."""
        return joined(self._separator, [_changed(part, change) for part in self._parts])


class Capital(Sentence):
    """A sentence that begins with a capital letter, in every language."""

    __slots__ = ("_whole",)
    _whole: object

    def told(self, language: Language) -> str:
        """Return it in another language."""
        return _with_capital(told(self._whole, language))

    def changed(self, change: Callable[[str], str]) -> Sentence:
        """Return it with a change made to each text among its values."""
        return capital(_changed(self._whole, change))


class Number(Sentence):
    """A number inside a sentence, such as `12,345`."""

    __slots__ = ("_value",)
    _value: float

    def told(self, language: Language) -> str:
        """Return it as the language writes it."""
        return language.number(self._value)

    def changed(self, _change: Callable[[str], str]) -> Sentence:
        """Return it as it is."""
        return self


class Kept(Sentence):
    """A text of ours as it was kept, whose values are in it already."""

    __slots__ = ()

    def told(self, language: Language) -> str:
        """Return it in another language."""
        return language.again(str(self))

    def changed(self, change: Callable[[str], str]) -> Sentence:
        """Return it with a change made to all of it: nothing tells its values from ours."""
        return kept(change(str(self)))


class Exact(Sentence):
    """A number of which every digit counts, such as the `1,234.50` of an amount."""

    __slots__ = ()

    def told(self, language: Language) -> str:
        """Return it as the language writes it."""
        return language.exact(str(self))

    def changed(self, _change: Callable[[str], str]) -> Sentence:
        """Return it as it is."""
        return self


class Moment(Sentence):
    """A moment inside a sentence, such as `21 Nov 2026, 05:55:22 UTC`."""

    __slots__ = ("_ms",)
    _ms: int

    def told(self, language: Language) -> str:
        """Return it as the language writes it."""
        return language.moment(self._ms)

    def changed(self, _change: Callable[[str], str]) -> Sentence:
        """Return it as it is."""
        return self


def sentence(message: str, /, **values: object) -> Sentence:
    """Return a sentence.

    Args:
        message: English, one literal (it is found in the source); a value stands in it as
            `%(name)s`, a percent sign as `%%`.
        values: what stands in it; sentences among them are told in the same language.

    """
    return _made(message, message, values)


def plural(one: str, many: str, number: int, /, **values: object) -> Sentence:
    """Return the one of two sentences that fits a number; it stands in them as `%(number)s`."""
    values = {"number": number, **values}
    return _made(one if number == 1 else many, one, values, many=many, number=number)


class Forms(NamedTuple):
    """Two sentences of which a number chooses one, to be kept in a table."""

    one: str
    many: str

    def of(self, number: int, /, **values: object) -> Sentence:
        """Return the one that fits."""
        return plural(self.one, self.many, number, **values)

    def in_english(self, number: int, /, **values: object) -> str:
        """Return the same as a mere text, where thousands are made and none is told."""
        return (self.one if number == 1 else self.many) % {"number": number, **values}


def forms(one: str, many: str, /) -> Forms:
    """Return two sentences of which a number chooses one later; literals, as for `plural`."""
    return Forms(one, many)


def sentence_in(context: str, message: str, /, **values: object) -> Sentence:
    """Return a sentence whose English is one word for two things; the context tells them apart."""
    return _made(message, message, values, context=context)


def kept(text: str) -> Sentence:
    """Return a text of ours that was kept in the database: told if the catalogue still has it."""
    return str.__new__(Kept, text)


def joined(separator: str, parts: Iterable[object]) -> Sentence:
    """Return texts and sentences one after the other, as a sentence."""
    parts = tuple(parts)
    whole = str.__new__(Joined, separator.join(map(str, parts)))
    whole._parts, whole._separator = parts, separator  # noqa: SLF001 - its maker
    return whole


def one_text(parts: Sequence[str]) -> str:
    """Return texts as one; as a sentence if any of them is one."""
    if any(isinstance(part, Sentence) for part in parts):
        return joined("", parts)
    return "".join(parts)


def capital(text: object) -> Sentence:
    """Return a text or sentence with a capital letter at its beginning, as a sentence."""
    made = str.__new__(Capital, _with_capital(text))
    made._whole = text  # noqa: SLF001 - its maker
    return made


def number(value: float, english: str | None = None) -> Sentence:
    """Return a number as part of a sentence, its thousands apart or as `english` has it."""
    made = str.__new__(Number, f"{value:,}" if english is None else english)
    made._value = value  # noqa: SLF001 - its maker
    return made


def exact(english: str) -> Sentence:
    """Return a number as part of a sentence, with every digit that `english` has."""
    return str.__new__(Exact, english)


def moment(ms: int, english: str) -> Sentence:
    """Return a moment (ms since the epoch) as part of a sentence; `english` is how it is kept."""
    made = str.__new__(Moment, english)
    made._ms = ms  # noqa: SLF001 - its maker
    return made


def told(value: object, language: Language) -> object:
    """Return a sentence in another language, and anything else as it is."""
    return value.told(language) if isinstance(value, Sentence) else value


def _changed(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, Sentence):
        return value.changed(change)
    return change(value) if isinstance(value, str) else value


def _with_capital(text: object) -> str:
    return f"{text}"[:1].upper() + f"{text}"[1:]


def _made(
    english: str,
    message: str,
    values: Mapping[str, object],
    *,
    many: str | None = None,
    number: int = 0,
    context: str | None = None,
) -> Sentence:
    made = str.__new__(Sentence, english % values)
    made._message, made._many, made._number = message, many, number  # noqa: SLF001
    made._context, made._values = context, values  # noqa: SLF001
    return made

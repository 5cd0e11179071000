"""Reading the line: words as they are, `field:value`, `-` before what must not be.

A value stands alone or in quotation marks, several with commas between them mean any of them.
`risk`, `age` and `left` can be compared: `>=high`, `<5m`.
Specification: dashboard.md, "The queue".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from webui.narrowing.fields import FIELDS, ONCE, RISKS, Field
from webui.sentences import Sentence, number, sentence

LONGEST: Final = 500
"""Characters of a line."""
MOST_TERMS: Final = 20

_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART: Final = re.compile(
    r"""(?P<minus>-?)(?:(?P<name>[A-Za-z]+):)?"""
    r"""(?P<value>(?:"[^"]*"|[^\s"])*)(?P<open>"?)"""
)
_COMPARED: Final = re.compile(r"(?P<sign>>=|<=|>|<|=)?(?P<rest>.*)", re.DOTALL)
_TIME: Final = re.compile(r"(\d{1,6})([smhd])")
_NOT_CLOSED: Final = sentence('A quotation mark is not closed; put a " after the words.')
_NOTHING: Final = sentence("There is nothing to look for here; leave it out.")
_NOT_ALONE: Final = sentence(
    "is:mine stands alone; put the others into an is: of their own."
)
_PIECE: Final = re.compile(r'"([^"]*)"|([^,"]+)')


class Fault(NamedTuple):
    """What of the line cannot be read."""

    words: Sentence
    """What is wrong, and how to mend it."""
    begin: int
    end: int
    """Where it stands in the line."""


class Term(NamedTuple):
    """One `field:value` of the line."""

    field: str
    values: tuple[str, ...]
    """Any of them; for risk the risks that fit."""
    is_not: bool = False
    sign: str = ""
    """How a time compares: ">" or "<"; none elsewhere."""
    ms: int = 0
    """The time compared with."""
    begin: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """The line, read."""

    text: str = ""
    words: tuple[str, ...] = ()
    """Must all be mentioned; those in quotation marks as they stand."""
    not_words: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    sort: str = "urgency"
    group: str = ""
    faults: tuple[Fault, ...] = ()
    parts: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    """Where each word and term stands."""

    def without(self, part: tuple[int, int]) -> str:
        """Return the line with one of its parts left out."""
        begin, end = part
        return f"{self.text[:begin].rstrip()} {self.text[end:].lstrip()}".strip()

    @property
    def bare(self) -> str:
        """The line without its order and groups."""
        once = re.compile("|".join(f"{name}:" for name in sorted(ONCE)), re.IGNORECASE)
        kept = [self.text[begin:end] for begin, end in self.parts]
        return " ".join(part for part in kept if not once.match(part))

    @property
    def narrows(self) -> bool:
        """Whether anything may be left out; order and grouping leave nothing out."""
        return bool(self.words or self.not_words or self.terms)


def read(line: str) -> Query:
    """Return the line as far as it can be read, with what is wrong with the rest.

    Whoever shows a list by it shows everything if there are faults: a condition that was not
    understood must not hide anything.
    """
    text = " ".join(line.split())
    if len(text) > LONGEST:
        words = sentence(
            "The line has %(count)s characters; %(most)s are read. Shorten it.",
            count=number(len(text)),
            most=LONGEST,
        )
        return Query(text[:LONGEST], faults=(Fault(words, LONGEST, len(text)),))
    found = _Found()
    for match in _parts(text):
        found.take(match)
    if len(found.parts) > MOST_TERMS:
        words = sentence(
            "The line has %(count)s parts; %(most)s are read. Leave some out.",
            count=len(found.parts),
            most=MOST_TERMS,
        )
        found.faults.append(Fault(words, found.parts[MOST_TERMS][0], len(text)))
    return Query(
        text,
        tuple(found.words),
        tuple(found.not_words),
        tuple(found.terms),
        found.once.get("sort", "urgency"),
        found.once.get("group", ""),
        tuple(found.faults),
        tuple(found.parts),
    )


def quoted(value: str) -> str:
    """Return a value as it is written after its colon."""
    bare = value.replace('"', " ").strip()
    return bare if re.fullmatch(r"[^\s,:<>=-][^\s,]*", bare) else f'"{bare}"'


def _parts(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        match = _PART.match(text, at)
        assert match is not None, "every part may be empty, so it always matches"
        yield match
        at = match.end() if match.end() > at else at + 1


class _Found:
    """Collects the parts of a line."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.not_words: list[str] = []
        self.terms: list[Term] = []
        self.once: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.parts: list[tuple[int, int]] = []

    def take(self, match: re.Match[str]) -> None:
        """Read one part."""
        self.parts.append(match.span())
        if match["open"]:
            self._fault(match, _NOT_CLOSED)
        elif match["name"] is None:
            self._word(match)
        elif (known := FIELDS.get(match["name"].lower())) is None:
            fields = ", ".join(FIELDS)
            self._fault(
                match,
                sentence(
                    "There is no field %(field)s; the fields are %(fields)s. To look for "
                    "the words themselves, put them in quotation marks.",
                    field=match["name"],
                    fields=fields,
                ),
            )
        else:
            self._field(match, known)

    def _word(self, match: re.Match[str]) -> None:
        word = match["value"].replace('"', "").strip()
        if word:
            (self.not_words if match["minus"] else self.words).append(word)
        else:
            self._fault(match, _NOTHING)

    def _field(self, match: re.Match[str], known: Field) -> None:
        value = match["value"]
        if not value.strip('" ,'):
            self._fault(
                match,
                sentence(
                    "After %(name)s: a value is missing, as in %(example)s.",
                    name=known.name,
                    example=known.example,
                ),
            )
        elif known.name in ONCE:
            self._once(match, known)
        elif known.kind == "time":
            self._time(match, known)
        elif known.kind == "risk":
            self._risk(match, known)
        else:
            self._names(match, known)

    def _once(self, match: re.Match[str], known: Field) -> None:
        chosen = match["value"].lower()
        if chosen not in known.choices or match["minus"]:
            self._no_choice(match, known)
        elif known.name in self.once:
            self._fault(
                match,
                sentence("%(name)s: stands here twice; leave one out.", name=known.name),
            )
        else:
            self.once[known.name] = chosen

    def _names(self, match: re.Match[str], known: Field) -> None:
        values = _values(match["value"])
        if known.choices:
            values = tuple(value.lower() for value in values)
            if not set(values) <= set(known.choices):
                self._no_choice(match, known)
                return
            if "mine" in values and not self._is_alone(match, values):
                return
        self._term(match, Term(known.name, values, bool(match["minus"])))

    def _is_alone(self, match: re.Match[str], values: tuple[str, ...]) -> bool:
        """Say whether `is:mine` stands by itself and once: authorization says it, row by row."""
        if len(values) > 1:
            self._fault(match, _NOT_ALONE)
            return False
        if any(term.field == "is" and "mine" in term.values for term in self.terms):
            self._fault(match, sentence("is:mine stands here twice; leave one out."))
            return False
        return True

    def _risk(self, match: re.Match[str], known: Field) -> None:
        compared = _COMPARED.fullmatch(match["value"].lower())
        assert compared is not None, "the rest may be anything"
        values = _values(compared["rest"])
        if not set(values) <= set(RISKS) or (compared["sign"] and len(values) != 1):
            self._no_choice(match, known)
            return
        risks = _fitting(compared["sign"] or "", values)
        self._term(match, Term("risk", risks, bool(match["minus"])))

    def _time(self, match: re.Match[str], known: Field) -> None:
        compared = _COMPARED.fullmatch(match["value"].lower())
        assert compared is not None, "the rest may be anything"
        time = _TIME.fullmatch(compared["rest"])
        if time is None or compared["sign"] in {None, "="}:
            self._fault(
                match,
                sentence(
                    "%(name)s: compares with a time in s, m, h or d, as in %(example)s.",
                    name=known.name,
                    example=known.example,
                ),
            )
            return
        ms = int(time[1]) * _UNITS[time[2]]
        self._term(
            match,
            Term(known.name, (), bool(match["minus"]), compared["sign"][0], ms),
        )

    def _term(self, match: re.Match[str], term: Term) -> None:
        begin, end = match.span()
        self.terms.append(term._replace(begin=begin, end=end))

    def _no_choice(self, match: re.Match[str], known: Field) -> None:
        choices = ", ".join(known.choices)
        self._fault(
            match,
            sentence(
                "%(name)s: takes one of %(choices)s, as in %(example)s.",
                name=known.name,
                choices=choices,
                example=known.example,
            ),
        )

    def _fault(self, match: re.Match[str], words: Sentence) -> None:
        self.faults.append(Fault(words, *match.span()))


def _values(written: str) -> tuple[str, ...]:
    found = [match[1] or match[2] or "" for match in _PIECE.finditer(written)]
    return tuple(dict.fromkeys(each.strip() for each in found if each.strip()))


def _fitting(sign: str, values: tuple[str, ...]) -> tuple[str, ...]:
    if sign in {"", "="}:
        return values
    at = RISKS.index(values[0])
    if sign[0] == ">":
        return RISKS[at + (sign == ">") :]
    return RISKS[: at + (sign == "<=")]

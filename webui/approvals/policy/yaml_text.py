"""The text of a policy: YAML without what could hide something, each value with its place.

Events of PyYAML's parser are all that is used. Values are resolved here, by the core schema
of YAML 1.2 (`no` is text), because PyYAML's own resolving is that of YAML 1.1; and what two
programs could read as different numbers is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from webui.approvals.call.json_faults import step
from webui.approvals.policy.faults import MOST_FAULTS, PolicyFault
from webui.approvals.policy.yaml_words import yaml_told
from webui.sentences import sentence

MOST_BYTES: Final = 512 * 1024
MOST_VALUES: Final = 50_000
_DEEPEST: Final = 24

_BAD: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u202a-\u202e\u2066-\u2069]"  # they make a text read as something else
)
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
_BROKEN: Final = re.compile(
    r"[-+]?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?"
)
_ODD: Final = re.compile(
    r"[-+]?(?:\.?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?"
    r"|0[xob][0-9a-fA-F_]+|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, and how it is spelt if it is no list or mapping."""

    line: int
    column: int
    raw: str | None = None
    span: tuple[int, int] = (0, 0)
    """Where its spelling begins and ends in the text, if it has one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text's values, and the place of each by its JSON Pointer."""

    value: Any
    places: dict[str, Place]

    def place(self, pointer: str) -> Place:
        """Return the place of a value, or of the closest one around it."""
        while pointer not in self.places and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, Place(1, 1))

    def fault(self, pointer: str, said: str) -> PolicyFault:
        """Return a fault at a value."""
        place = self.place(pointer)
        return PolicyFault(place.line, place.column, path_of(pointer), said)


class _TooMuch(Exception):
    """There is no use in reading on."""


def read_yaml(text: str) -> tuple[Source, list[PolicyFault]]:
    """Return the values of a text and what is wrong with it as YAML."""
    unfit = _unfit(text)
    if unfit is not None:
        return Source(None, {}), [unfit]
    # Imported here, so that a server that has no policy to read starts faster.
    import yaml  # noqa: PLC0415

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # The parser does not count a byte order mark.
    reader = _Reader(yaml.parse(text, Loader=loader), int(text.startswith("\ufeff")))
    try:
        value = reader.document()
    except _TooMuch:
        value = None
    except yaml.MarkedYAMLError as error:
        value = None
        mark = error.problem_mark or error.context_mark
        said = sentence(
            "this is no YAML: %(problem)s. Mend the indentation or the quotes here.",
            problem=yaml_told(error.context, error.problem),
        )
        reader.faults.append(PolicyFault(mark.line + 1, mark.column + 1, "", said))
    return Source(value, reader.places), reader.faults


def path_of(pointer: str) -> str:
    """Return a JSON Pointer as authors write paths: `tools.bash.rules[2].name`."""
    path = ""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        path += f"[{name}]" if name.isdigit() and path else f"{'.' if path else ''}{name}"
    return path


def _unfit(text: str) -> PolicyFault | None:
    """Return why a text is not even looked at."""
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "replace")) > MOST_BYTES:
        said = sentence(
            "it is larger than %(most)s KiB. Split or shorten it.", most=MOST_BYTES // 1024
        )
        return PolicyFault(1, 1, "", said)
    bad = _BAD.search(text)
    if bad is None:
        return None
    before = text[: bad.start()]
    line, column = before.count("\n") + 1, bad.start() - before.rfind("\n")
    said = sentence(
        "the character U+%(code)s is not allowed. Remove it, or write it as an escape in "
        "double quotes.",
        code=format(ord(bad[0]), "04X"),
    )
    return PolicyFault(line, column, "", said)


class _Reader:
    """Makes values of the parser's events, and keeps their places and faults."""

    def __init__(self, events: Iterator[Any], skipped: int = 0) -> None:
        self._events = events
        self._skipped = skipped
        self.places: dict[str, Place] = {}
        self.faults: list[PolicyFault] = []

    def document(self) -> Any:
        """Return the value of the only document; None if there is none."""
        value, documents = None, 0
        for event in self._events:
            if type(event).__name__ != "DocumentStartEvent":
                continue
            documents += 1
            if documents > 1:
                self._wrong(
                    event, "", sentence("a second document begins. Keep a policy in one.")
                )
                raise _TooMuch
            value = self._value(next(self._events), "", 0)
        return value

    def _value(self, event: Any, pointer: str, depth: int) -> Any:
        self._refuse_tricks(event, pointer)
        kind = type(event).__name__
        if pointer not in self.places:
            self._keep(pointer, self._place(event.start_mark, event))
        if depth == _DEEPEST:
            self._wrong(
                event,
                pointer,
                sentence(
                    "it is nested more than %(most)s levels deep. Flatten it.",
                    most=_DEEPEST,
                ),
            )
            raise _TooMuch
        if kind == "MappingStartEvent":
            return self._mapping(pointer, depth + 1)
        if kind == "SequenceStartEvent":
            return self._sequence(pointer, depth + 1)
        return self._scalar(event, pointer) if kind == "ScalarEvent" else None

    def _mapping(self, pointer: str, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while (kind := type(key := next(self._events)).__name__) != "MappingEndEvent":
            self._refuse_tricks(key, pointer)
            if kind != "ScalarEvent" or not key.value:
                self._wrong(
                    key,
                    pointer,
                    sentence("a key must be text. Write a name before the colon."),
                )
                raise _TooMuch
            below = pointer + step(key.value)
            if key.value == "<<" and key.implicit[0]:
                self._wrong(
                    key,
                    below,
                    sentence("merge keys are not allowed. Write the entries out."),
                )
            if key.value in members:
                first = self.places[below].line
                said = sentence(
                    "the key stands twice, first on line %(line)s. Remove one of them.",
                    line=first,
                )
                self._wrong(key, below, said)
            event = next(self._events)
            self._keep(below, self._place(key.start_mark, event))
            members[key.value] = self._value(event, below, depth)
        return members

    def _sequence(self, pointer: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            items.append(self._value(event, f"{pointer}/{len(items)}", depth))
        return items

    def _scalar(self, event: Any, pointer: str) -> Any:
        raw: str = event.value
        if not event.implicit[0]:  # in quotes, or a block
            return raw
        if raw in _WORDS:
            return _WORDS[raw]
        if _WHOLE.fullmatch(raw):
            return int(raw)
        if _BROKEN.fullmatch(raw):
            number = float(raw)
            if number - number == 0:
                return number
        elif not _ODD.fullmatch(raw):
            return raw
        said = sentence(
            "%(text)s can be read as a number in more than one way. Put it in quotes.",
            text=raw[:40],
        )
        self._wrong(event, pointer, said)
        return None

    def _refuse_tricks(self, event: Any, pointer: str) -> None:
        """Refuse what makes a text mean something that does not stand where it is read."""
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if type(event).__name__ == "AliasEvent":
            self._wrong(
                event,
                pointer,
                sentence(
                    "the alias *%(anchor)s is not allowed. Write it out.", anchor=anchor
                ),
            )
        elif anchor is not None:
            self._wrong(
                event,
                pointer,
                sentence(
                    "the anchor &%(anchor)s is not allowed. Remove it.", anchor=anchor
                ),
            )
        if tag is not None:
            self._wrong(
                event,
                pointer,
                sentence("the tag %(tag)s is not allowed. Remove it.", tag=tag),
            )

    def _place(self, mark: Any, event: Any) -> Place:
        """Return the place of a value that is named at `mark`, and how it is spelt."""
        line, column = mark.line + 1, mark.column + 1
        if type(event).__name__ != "ScalarEvent":
            return Place(line, column)
        ends = (event.start_mark.index, event.end_mark.index)
        span = (ends[0] + self._skipped, ends[1] + self._skipped)
        return Place(line, column, event.value, span)

    def _keep(self, pointer: str, place: Place) -> None:
        self.places[pointer] = place
        if len(self.places) > MOST_VALUES:
            said = sentence(
                "there are more than %(most)s values. Split or shorten it.",
                most=MOST_VALUES,
            )
            self.faults.append(PolicyFault(place.line, place.column, "", said))
            raise _TooMuch

    def _wrong(self, event: Any, pointer: str, said: str) -> None:
        mark = event.start_mark
        place = (mark.line + 1, mark.column + 1)
        self.faults.append(PolicyFault(*place, path_of(pointer), said))
        if len(self.faults) >= MOST_FAULTS:
            raise _TooMuch

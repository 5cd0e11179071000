"""Long lists and objects in the full view: what is plain in them stands in rows, as JSON.

A line for each of 130,000 numbers takes a browser half a minute, and nobody reads them. A row
says the same in the spelling that is hashed; what something is to be said of keeps a line of its
own, in its place. Where that is so of too many, they stand in rows as well, whole: every sign and
mask of theirs is there, and their flags stand behind the row.
"""

from collections.abc import Callable, Iterator
from json.encoder import encode_basestring
from typing import Any, Final

from webui.preview.clipping import FULL, laid_out, quoted_out, wide
from webui.preview.json_text import Writer, plain_json
from webui.preview.nodes import EMPTY, Decoded, Node, respelt
from webui.preview.reading import flags_of
from webui.preview.redaction import Payload
from webui.preview.values import Inside, Value, plain_value
from webui.preview.visible import told_apart

_WIDTH: Final = 120
"""Characters after which a row ends; a value is never parted."""
_BRACKETS: Final = {"object": ("{", "}"), "array": ("[", "]")}
Line = Callable[[Value, int], Node]
"""Lay out a value on a line of its own, by its place."""


def in_rows(inside: Inside, line: Line, above: str) -> tuple[Node, ...]:
    """Return a node for each row, and for each value that has a line of its own.

    `above` leads to the list or object: what a place in it begins with.
    """
    return tuple(_nodes(inside, line, above))


def unpacked(payload: Payload) -> Decoded:
    """Return what is packed in a value, whole."""
    inside = tuple(map(unpacked, payload.inside))
    pieces = tuple(laid_out(payload.segments)) or (EMPTY,)
    return Decoded(payload.how, pieces, 0, inside, tuple(sorted(flags_of(payload.text))))


def _nodes(inside: Inside, line: Line, above: str) -> Iterator[Node]:
    row = _Row(is_list=inside.is_list)
    survey = inside.survey
    is_crowded = survey.is_crowded
    for at, name, value in inside.parts():
        is_told = type(value) is Value
        own = not (is_crowded and _is_short(value)) if is_told else survey.is_long(value)
        if row.count and (own or row.writer.width > _WIDTH):
            yield row.node()
        if not own:
            row.begin(at)
            if is_told:
                row.told(value, f"{above}{at}")
            else:
                row.plain(name, value)
        elif is_told:
            yield line(value, at)
        else:
            yield line(plain_value(str(at) if name is None else name, value, survey), at)
    if row.count:
        yield row.node()


def _is_short(value: Value) -> bool:
    """Whether a value of which something is to be said may stand in a row: nothing in it is folded."""
    if "revealed" in value.flags:
        return False
    if isinstance(value.children, Inside):
        return not value.children.is_long and all(map(_is_short, value.children.told))
    return wide(value.segments) <= FULL.most


class _Row:
    """A row while it is filled."""

    def __init__(self, *, is_list: bool) -> None:
        self.writer = Writer()
        self.count = 0
        self._is_list = is_list
        self._first = 0
        self._flags: set[str] = set()
        self._decoded: list[Decoded] = []

    def begin(self, at: int) -> None:
        """Go on with the value at this place."""
        if self.count:
            self.writer.text(", ")
        else:
            self._first = at
        self.count += 1

    def plain(self, name: str | None, value: Any) -> None:
        """Write a value of which nothing is to be said."""
        self.writer.text(plain_json(name, value, ": "))

    def told(self, value: Value, place: str) -> None:
        """Write a value of which something is to be said, and all inside it."""
        if not self._is_list:
            self._name(value, place)
        self._value(value, place)

    def _name(self, value: Value, place: str) -> None:
        if not value.label:  # visible as it stands
            self.writer.text(f"{encode_basestring(value.name)}: ")
            return
        pieces = quoted_out(value.label, place)
        if "look-alike-keys" in value.flags:
            pieces = [piece._replace(text=told_apart(piece.text)) for piece in pieces]
        self.writer.string(pieces)
        self.writer.text(": ")

    def _value(self, value: Value, place: str) -> None:
        self._flags |= value.flags
        if value.kind in _BRACKETS:
            self._inside(value, place)
            return
        if value.kind == "string":
            self.writer.string(quoted_out(value.segments, place))
        else:
            self.writer.show(laid_out(value.segments, place))
        if value.received:
            self.writer.show([respelt(value.received)])
        self._decoded += map(unpacked, value.payloads)

    def _inside(self, value: Value, place: str) -> None:
        opening, closing = _BRACKETS[value.kind]
        self.writer.text(opening)
        if isinstance(value.children, Inside):
            for at, name, inner in value.children.parts():
                if at:
                    self.writer.text(", ")
                if type(inner) is not Value:
                    self.plain(name, inner)
                    continue
                if name is not None:
                    self._name(inner, f"{place}.{at}")
                self._value(inner, f"{place}.{at}")
        self.writer.text(closing)

    def node(self) -> Node:
        """Return the row, and begin anew."""
        first, last = self._first, self._first + self.count - 1
        name = str(first) if first == last else f"{first} \N{EN DASH} {last}"
        made = Node(
            name if self._is_list else "",
            "rows",
            self.writer.taken(),
            (),
            self.count,
            flags=tuple(sorted(self._flags)),
            decoded=tuple(self._decoded),
        )
        self.count, self._flags, self._decoded = 0, set(), []
        return made

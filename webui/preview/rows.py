"""Long lists and objects in the full view: what is plain in them stands in rows, as JSON.

A line for each of 130,000 numbers takes a browser half a minute, and nobody reads them. A row
says the same in the spelling that is hashed; what something is to be said of keeps a line of its
own, in its place.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from webui.approvals.call.canonical import canonical
from webui.preview.nodes import Node, Piece
from webui.preview.values import Inside, Value, plain_value

_WIDTH: Final = 120
"""Characters after which a row ends; a value is never parted."""
Line = Callable[[Value, int], Node]
"""Lay out a value on a line of its own, by its place."""


def in_rows(inside: Inside, line: Line) -> tuple[Node, ...]:
    """Return a node for each row, and for each value that has a line of its own."""
    return tuple(_nodes(inside, line))


def _nodes(inside: Inside, line: Line) -> Iterator[Node]:
    row, width, begin = list[str](), 0, 0
    for at, name, value in inside.parts():
        own = type(value) is Value or inside.survey.is_long(value)
        if row and (own or width > _WIDTH):
            yield _row(row, begin, inside.is_list)
            row, width = [], 0
        if own:
            told = value if type(value) is Value else None
            yield line(told or plain_value(_name(at, name), value, inside.survey), at)
            continue
        begin = begin if row else at
        text = _json(name, value)
        row.append(text)
        width += len(text) + 2
    if row:
        yield _row(row, begin, inside.is_list)


def _name(at: int, name: str | None) -> str:
    return str(at) if name is None else name


def _json(name: str | None, value: Any) -> str:
    text = str(value) if type(value) is int else canonical(value).decode()
    return text if name is None else f"{canonical(name).decode()}: {text}"


def _row(row: list[str], begin: int, is_list: bool) -> Node:
    last = begin + len(row) - 1
    name = (
        ""
        if not is_list
        else str(begin)
        if begin == last
        else f"{begin} \N{EN DASH} {last}"
    )
    return Node(name, "rows", (Piece("text", ", ".join(row)),), (), len(row))

"""Values of JSON on one line, and names in them that mean more than themselves."""

import re
from collections.abc import Iterator
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.saying import name_said, pieces_of, whole
from webui.preview.visible import inline

_VALUE: Final = 300
_SEGMENT: Final = 60
_PROTOTYPE: Final = frozenset({"__proto__", "constructor", "prototype"})
_RIGHTS: Final = re.compile(
    r"role|admin|permission|scope|owner|privilege|acl|policy|grant|is_?superuser|verified|approved",
    re.IGNORECASE,
)


def written(value: Value) -> Iterator[Piece]:
    """Yield a value on one line, as much of it as there is room."""
    room = _VALUE
    for piece in _value_pieces(value):
        if room <= 0:
            yield Piece("gap", "⟦…⟧", "the rest is not shown here")
            return
        room -= len(piece.text)
        yield piece


def _value_pieces(value: Value) -> Iterator[Piece]:
    if value.kind == "object":
        yield Piece("text", "{")
        for at, child in enumerate(value.children):
            name = name_said(child.name)
            yield Piece("text", f"{', ' if at else ''}{name}: ")
            yield from _value_pieces(child)
        yield Piece("text", "}")
    elif value.kind == "array":
        yield Piece("text", "[")
        for at, child in enumerate(value.children):
            if at:
                yield Piece("text", ", ")
            yield from _value_pieces(child)
        yield Piece("text", "]")
    elif value.kind == "string" and not value.is_masked:
        yield Piece("text", "“")
        yield from pieces_of(whole(text_of(value)), _VALUE)
        yield Piece("text", "”")
    else:
        yield from pieces_of(whole(text_of(value)), _VALUE)


def look_at_name(found: Findings, name: str, where: str) -> None:
    if name in _PROTOTYPE:
        found.danger(
            "prototype",
            f"{where} reaches {name}: in JavaScript that can change every object.",
        )
    elif _RIGHTS.search(name[:200]):
        found.note(
            "rights", f"{where} is about {inline(name[:_SEGMENT])}: who may do what."
        )

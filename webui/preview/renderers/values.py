"""Values of JSON as lines and on one line, and names in them that mean more than themselves."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from webui.preview.nodes import EMPTY, Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import Text, text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.rendering import Block, Line, Token, TokenKind
from webui.preview.renderers.saying import name_said, pieces_of, whole
from webui.preview.visible import inline
from webui.sentences import forms, sentence

_MOST_LINES: Final = 100
_EXTENTS: Final = {
    "object": forms("%(number)s key", "%(number)s keys"),
    "array": forms("%(number)s item", "%(number)s items"),
}
_VALUE: Final = 300
_SEGMENT: Final = 60
_PROTOTYPE: Final = frozenset({"__proto__", "constructor", "prototype"})
_RIGHTS: Final = re.compile(
    r"role|admin|permission|scope|owner|privilege|acl|policy|grant|is_?superuser|verified|approved",
    re.IGNORECASE,
)


def pair(text: Text, name: str, value: str, between: str) -> Line:
    """Return a field that was read from a text as a line."""
    tokens = [
        Token("option", text.snippet(name)),
        Token("operator", (Piece("text", between),)),
    ]
    if value:
        tokens.append(Token("string", text.snippet(value, 200)))
    return Line(tuple(tokens))


def member(value: Value, between: str) -> Line:
    """Return a member of an object as a line."""
    name = Token("option", (Piece("text", value.name[:200]),))
    joint = Token("operator", (Piece("text", between),))
    return Line((name, joint, *_leaf(value)))


def _leaf(value: Value) -> Sequence[Token]:
    if value.kind in {"object", "array"}:
        words = _EXTENTS[value.kind].of(len(value.children))
        return (Token("comment", (Piece("text", words),)),)
    text = text_of(value)
    kind: TokenKind = "string" if value.kind in {"string", "masked"} else "number"
    return (Token(kind, text.snippet(text.plain, 200) or (EMPTY,)),)


def _tree(children: Sequence[Value], indent: str, is_list: bool) -> Iterator[Line]:
    for child in children:
        margin = Token("plain", (Piece("text", f"{indent}{'- ' if is_list else ''}"),))
        name = (
            ()
            if is_list
            else (
                Token("option", (Piece("text", child.name[:200]),)),
                Token("operator", (Piece("text", ": "),)),
            )
        )
        yield Line((margin, *name, *_leaf(child)))
        if child.children:
            yield from _tree(child.children, indent[:60] + "  ", child.kind == "array")


def tree_block(value: Value, title: str) -> Block:
    """Return an object or list as lines, as many as a person reads."""
    lines = tuple(islice(_tree(value.children, "", value.kind == "array"), _MOST_LINES))
    return Block(title, lines, _count(value) - len(lines))


def _count(value: Value) -> int:
    return sum(1 + _count(child) for child in value.children)


def written(value: Value) -> Iterator[Piece]:
    """Yield a value on one line, as much of it as there is room."""
    room = _VALUE
    for piece in _value_pieces(value):
        if room <= 0:
            yield Piece("gap", "⟦…⟧", sentence("the rest is not shown here"))
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
            sentence(
                "%(where)s reaches %(name)s: in JavaScript that can change every object.",
                where=where,
                name=name,
            ),
        )
    elif _RIGHTS.search(name[:200]):
        found.note(
            "rights",
            sentence(
                "%(where)s is about %(name)s: who may do what.",
                where=where,
                name=inline(name[:_SEGMENT]),
            ),
        )

"""Fields, headers and bodies of a request as lines."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import Text, text_of
from webui.preview.renderers.rendering import Block, Line, Token, TokenKind

_MOST_LINES: Final = 100


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
        count, noun = len(value.children), "key" if value.kind == "object" else "item"
        words = f"{count} {noun}{'' if count == 1 else 's'}"
        return (Token("comment", (Piece("text", words),)),)
    text = text_of(value)
    kind: TokenKind = "string" if value.kind in {"string", "masked"} else "number"
    return (Token(kind, text.snippet(text.plain, 200) or (Piece("blank", "⟦empty⟧"),)),)


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

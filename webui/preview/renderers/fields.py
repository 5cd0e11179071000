"""Fields, headers and bodies of a request as lines."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import Text, text_of
from webui.preview.renderers.listing import listing
from webui.preview.renderers.rendering import Block, Line, Token, TokenKind

_LONGEST: Final = 8_000


def pair(name_text: Text, text: Text, name: str, value: str, between: str) -> Line:
    tokens = [
        Token("option", name_text.snippet(name)),
        Token("operator", (Piece("text", between),)),
    ]
    if value:
        tokens.append(Token("string", text.snippet(value, 200)))
    return Line(tuple(tokens))


def member(value: Value, between: str) -> Line:
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


def tree(children: Sequence[Value], indent: str, is_list: bool) -> Iterator[Line]:
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
            yield from tree(child.children, indent[:60] + "  ", child.kind == "array")


def laid_out(text: Text) -> Block | None:
    """Return a JSON text laid out; one that cannot be read, or is large, stays as it is."""
    if len(text.plain) > _LONGEST:
        return None
    try:
        value = json.loads(text.plain)
    except (ValueError, RecursionError):
        return None
    laid = Text(json.dumps(value, indent=2, ensure_ascii=False), text.masks)
    return listing(laid, (), "Body as JSON, laid out")

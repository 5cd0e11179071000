"""JSON that came as a text, read as values are: its secrets stay masked, its numbers as written."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from webui.preview.reading import Value
from webui.preview.redaction import Segment
from webui.preview.renderers.arguments import Text
from webui.preview.visible import on_one_line

_DEEPEST: Final = 64
_PRIVATE: Final = re.compile(r"\\u[dD][bB]")
"""The escape of a sign of private use: as one of those it would pass for a mask."""


class _Number(str):
    __slots__ = ()


class _Members(tuple[tuple[str, Any], ...]):
    """The members of an object, those of the same name too."""

    __slots__ = ()


def begins_as(text: Text, brackets: str) -> bool:
    """Say whether a text begins with one of these brackets, as JSON of that kind does."""
    return text.plain.lstrip()[:1] in {*brackets}


def value_in(text: Text) -> Value | None:
    """Return the object or list that a text of JSON holds; None if it cannot be read for sure."""
    if not begins_as(text, "{[") or (text.masks and _PRIVATE.search(text.plain)):
        return None
    try:
        parsed = json.loads(
            text.plain,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse,
            object_pairs_hook=_Members,
        )
    except (ValueError, RecursionError):
        return None
    return _value("", parsed, text, 0)


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _value(name: str, parsed: Any, text: Text, level: int) -> Value | None:
    if isinstance(parsed, _Members):
        return _holder(name, "object", parsed, text, level)
    if isinstance(parsed, list):
        numbered = [(str(at), child) for at, child in enumerate(parsed)]
        return _holder(name, "array", numbered, text, level)
    if isinstance(parsed, _Number):
        return Value(name, "number", (Segment(str(parsed)),))
    if isinstance(parsed, str):
        segments = tuple(_segments(parsed, text))
        return Value(name, "string", segments)
    if parsed is None:
        return Value(name, "null", (Segment("null"),))
    return Value(name, "boolean", (Segment("true" if parsed else "false"),))


def _holder(name: str, kind: Any, members: Any, text: Text, level: int) -> Value | None:
    if level >= _DEEPEST:
        return None
    children = []
    for key, child in members:
        shown = "".join([piece.text for piece in Text(key, text.masks).pieces()])
        value = _value(on_one_line(shown), child, text, level + 1)
        if value is None:
            return None
        children.append(value)
    return Value(name, kind, children=tuple(children))


def _segments(plain: str, text: Text) -> Iterator[Segment]:
    done = 0
    for at, sign in enumerate(plain) if text.masks else ():
        if (mask := text.masks.get(sign)) is not None:
            if at > done:
                yield Segment(plain[done:at])
            yield Segment("", mask.text)
            done = at + 1
    if done < len(plain):
        yield Segment(plain[done:])

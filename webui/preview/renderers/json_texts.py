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
    try:
        return _Reader(text).value("", parsed, 0)
    except RecursionError:
        return None


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


class _Reader:
    """Makes values of what was parsed."""

    def __init__(self, text: Text) -> None:
        self._masks = text.masks
        self._names: dict[str, str] = {}

    def value(self, name: str, parsed: Any, level: int) -> Value:
        if isinstance(parsed, _Number):
            return Value(name, "number", (Segment(str(parsed)),))
        if isinstance(parsed, str):
            whole = (Segment(parsed),) if parsed else ()
            return Value(
                name, "string", tuple(self._segments(parsed)) if self._masks else whole
            )
        if parsed is None:
            return Value(name, "null", (Segment("null"),))
        if isinstance(parsed, bool):
            return Value(name, "boolean", (Segment("true" if parsed else "false"),))
        if level >= _DEEPEST:
            raise RecursionError
        if isinstance(parsed, _Members):
            members = [
                self.value(self._named(key), child, level + 1) for key, child in parsed
            ]
            return Value(name, "object", children=tuple(members))
        items = [self.value(str(at), child, level + 1) for at, child in enumerate(parsed)]
        return Value(name, "array", children=tuple(items))

    def _named(self, key: str) -> str:
        named = self._names.get(key)
        if named is None:
            shown = Text(key, self._masks).pieces()
            named = on_one_line("".join([piece.text for piece in shown]))
            self._names[key] = named
        return named

    def _segments(self, plain: str) -> Iterator[Segment]:
        done = 0
        for at, sign in enumerate(plain):
            if (mask := self._masks.get(sign)) is not None:
                if at > done:
                    yield Segment(plain[done:at])
                yield Segment("", mask.text)
                done = at + 1
        if done < len(plain):
            yield Segment(plain[done:])

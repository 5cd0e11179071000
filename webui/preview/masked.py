"""The arguments without their secrets, for programs: search, lists, exports, differences."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from webui.preview.clipping import laid_out
from webui.preview.reading import Call, Value
from webui.preview.redaction import Profile, Segment
from webui.preview.visible import visible

_MOST_SEARCHABLE: Final = 65_536  # PostgreSQL refuses a search vector over 1 MiB
_ESCAPED_BRACKETS: Final = str.maketrans({"⟦": "⟦U+27E6⟧", "⟧": "⟦U+27E7⟧"})


def masked_arguments(arguments: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """Return the arguments with a mask in the place of each secret.

    All other text is as it was sent, except that the brackets of a mask are escaped in it,
    so that nothing can pass for a mask. It is data, not visible text: a page shows `card`,
    `full` or `line` instead. Raises Unreadable as `preview` does.
    """
    return _members(Call(arguments, profile).values)


def searchable_text(tool: str, arguments: Mapping[str, Any], profile: Profile) -> str:
    """Return the words of a call for full-text search: visible, masked, one value a line.

    At most 65,536 characters, of the values in canonical order. Raises as `preview` does.
    """
    words: list[str] = [visible(tool)]
    room = _MOST_SEARCHABLE - len(words[0])
    for word in _words(Call(arguments, profile).values):
        room -= len(word) + 1
        if room < 0:
            words.append(word[: len(word) + room])
            break
        words.append(word)
    return "\n".join(words)[:_MOST_SEARCHABLE]


def _members(values: tuple[Value, ...]) -> dict[str, Any]:
    return {_text(value.name_segments): _plain(value) for value in values}


def _plain(value: Value) -> Any:
    if value.kind == "object":
        return _members(value.children)
    if value.kind == "array":
        return [_plain(child) for child in value.children]
    if value.kind == "string" or value.is_masked:
        return _text(value.segments)
    return json.loads(value.segments[0].text)


def _text(segments: tuple[Segment, ...]) -> str:
    return "".join([mask or text.translate(_ESCAPED_BRACKETS) for text, mask in segments])


def _words(values: tuple[Value, ...], *, named: bool = True) -> Iterator[str]:
    for value in values:
        if named:
            yield value.name
        if value.children:
            yield from _words(value.children, named=value.kind == "object")
        elif value.segments:
            yield "".join([piece.text for piece in laid_out(value.segments)])

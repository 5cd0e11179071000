"""A call on one line, for rows, notices, logs and the terminal.

Specification: preview.md, "Three views, always"; details.md, section D, P15.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from webui.preview.clipping import Size, fitted
from webui.preview.reading import Call, Value, in_order
from webui.preview.redaction import Profile, Segment
from webui.preview.telling import ITEMS, KEYS, MORE_KEYS, call_told
from webui.preview.visible import is_as_shown, on_one_line

_MOST_CHARS: Final = 200
_MOST_KEYS: Final = 5
_REST: Final = len(", ⟦+1000 more keys⟧)")
_TOOL: Final = Size(60, 40, 15)
_NAME: Final = Size(40, 25, 10)
_TEXT: Final = Size(80, 50, 20)
_ESCAPED: Final = re.compile(r'["\\]')
_SIMPLE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")


def line(tool: str, arguments: Mapping[str, Any], profile: Profile) -> str:
    """Return a call as one line of visible text, at most 200 characters.

    As in `bank.transfer(amount: 12.5, note: "café")`: at most five top-level keys in
    canonical order, long texts cut in the middle, nested values as their size, secrets
    masked, and always how many keys are left out. Raises Unreadable for a value that the
    strict reader would refuse.
    """
    names = in_order(arguments)
    flat = {name: _flat(arguments[name]) for name in names[:_MOST_KEYS]}
    return _written(tool, arguments, names, Call(flat, profile).values)


def line_of(tool: str, call: Call) -> str:
    """Return the same of a call that was read already."""
    return _written(tool, call.arguments, in_order(call.arguments), call.values)


def _written(
    tool: str,
    arguments: Mapping[str, Any],
    names: Sequence[str],
    values: Sequence[Value],
) -> str:
    written = _head(tool)
    shown = 0
    for name, value in zip(names[:_MOST_KEYS], values[:_MOST_KEYS], strict=True):
        part = (", " if shown else "") + _name(value) + ": "
        room = _MOST_CHARS - _REST - len(written) - len(part)
        part += _value(value, arguments[name], room)
        if len(part) > _MOST_CHARS - _REST - len(written):
            break
        written += part
        shown += 1
    return written + _rest(len(names) - shown, shown) + ")"


def line_told(tool: str, written: str) -> str:
    """Return a line of a tool's call, as `line` wrote it, as a sentence; an agent's words stay."""
    return call_told(_head(tool), written)


def arguments_told(tool: str, written: str) -> str:
    """Return what stands between the brackets of such a line; empty if there is nothing."""
    head = _head(tool)
    if not written.startswith(head):
        return call_told(head, written)
    return call_told("", written[len(head) : -1])


def _head(tool: str) -> str:
    return _cut((Segment(tool),), _TOOL, 80) + "("


def _flat(value: Any) -> Any:
    """Return a value without what is in it; the line says only how much that is."""
    return type(value)() if isinstance(value, (dict, list, tuple)) else value


def _name(value: Value) -> str:
    if _SIMPLE_NAME.fullmatch(value.name) and len(value.name) <= _NAME.most:
        return value.name
    return f'"{_cut(value.name_segments, _NAME, 60, quoted=True)}"'


def _value(value: Value, given: Any, room: int) -> str:
    if value.kind == "object":
        return f"{{{KEYS.of(len(given))}}}"
    if value.kind == "array":
        return f"[{ITEMS.of(len(given))}]"
    if value.kind != "string" or value.is_masked:
        return _cut(value.segments, _TEXT, room)
    return f'"{_cut(value.segments, _TEXT, room - 2, quoted=True)}"'


def _cut(
    segments: tuple[Segment, ...], size: Size, room: int, *, quoted: bool = False
) -> str:
    if len(segments) == 1 and len(segments[0].text) <= min(size.most, room):
        text, mask = segments[0]
        if not mask and is_as_shown(text) and not (quoted and _ESCAPED.search(text)):
            return text  # as nearly every one is: what follows would change nothing
    shown, _ = fitted(segments, size, room, quoted=quoted)
    return on_one_line("".join([piece.text for piece in shown]))


def _rest(number: int, shown: int) -> str:
    if number == 0:
        return ""
    return f"{', ' if shown else ''}⟦{MORE_KEYS.of(number)}⟧"

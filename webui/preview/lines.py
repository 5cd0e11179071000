"""A call on one line, for rows, notices, logs and the terminal.

Specification: preview.md, "Three views, always"; details.md, section D, P15.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from webui.preview.clipping import Size
from webui.preview.excerpts import excerpt, in_the_clear, shortened, trimmed
from webui.preview.flagged import places_of_flags
from webui.preview.reading import Call, Value, in_order
from webui.preview.redaction import Profile, Segment
from webui.preview.renderers.rendering import Alarm, Rendering
from webui.preview.telling import ITEMS, KEYS, MORE_KEYS, call_told
from webui.preview.visible import is_as_shown, on_one_line

_MOST_CHARS: Final = 200
_MOST_KEYS: Final = 5
_REST: Final = len(", ⟦+1000 more keys⟧)")
_TOOL: Final = Size(60, 40, 15)
_FLAGGED: Final = 120
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
    return _written(tool, arguments, names, Call(flat, profile).values, {})


def line_of(tool: str, call: Call, rendering: Rendering | None) -> str:
    """Return the same of a call that was read whole: what is flagged in it is not cut away.

    Room is kept for the first text in which a danger stands, or else for the first that is flagged.
    A danger's text stands there even if it is none of the first.
    """
    alarms = () if rendering is None else rendering.alarms
    named = in_order(call.arguments)
    alarmed = {name for name, _ in alarms}
    shown = _chosen(call.values, alarmed)
    named = [*(named[at] for at in shown), *named[_MOST_KEYS:]]
    values = [call.values[at] for at in shown]
    ordered = sorted(values, key=lambda value: value.name not in alarmed)
    places = {value.name: found for value in ordered if (found := _places(value, alarms))}
    return _written(tool, call.arguments, named, values, places)


def _chosen(values: Sequence[Value], alarmed: Collection[str]) -> list[int]:
    """Return which arguments a line may show: the first, of which the last gives way to a danger."""
    shown = list(range(len(values)))[:_MOST_KEYS]
    if alarmed and not any(values[at].name in alarmed for at in shown):
        later = enumerate(values[_MOST_KEYS:], _MOST_KEYS)
        shown[-1:] = [next((at for at, value in later if value.name in alarmed), shown[-1])]
    return shown


def _places(value: Value, alarms: Sequence[Alarm]) -> tuple[int, ...]:
    """Return where in a text something is flagged, in the clear text: dangers first."""
    if value.kind != "string" or value.is_masked:
        return ()
    found = [in_the_clear(value.segments, at) for name, at in alarms if name == value.name]
    if value.flags:
        text = "".join([segment.text for segment in value.segments])
        found += places_of_flags(text, value.flags)
    return tuple(found)


def _written(
    tool: str,
    arguments: Mapping[str, Any],
    names: Sequence[str],
    values: Sequence[Value],
    places: Mapping[str, Sequence[int]],
) -> str:
    written = _head(tool)
    shown = 0
    star = next((value for value in values if value.name == next(iter(places), None)), None)
    kept = 0 if star is None else _kept(star, places[star.name])
    for name, value in zip(names[:_MOST_KEYS], values[:_MOST_KEYS], strict=True):
        flagged = places.get(value.name, ())
        if value is star:
            kept = 0
        part = (", " if shown else "") + _name(value) + ": "
        room = _MOST_CHARS - _REST - len(written) - kept
        part += _value(value, arguments[name], room - len(part), flagged)
        if len(part) > room and kept:
            continue  # what is flagged needs that room
        if len(part) > room:
            break
        written += part
        shown += 1
    return written + _rest(len(names) - shown, shown) + ")"


def _kept(value: Value, places: Sequence[int]) -> int:
    """Return how much room is kept for a flagged text while those before it are written."""
    return len(_name(value)) + len(_value(value, None, _FLAGGED, places)) + len(", : ")


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


def _value(value: Value, given: Any, room: int, places: Sequence[int]) -> str:
    if value.kind == "object":
        return f"{{{KEYS.of(len(given))}}}"
    if value.kind == "array":
        return f"[{ITEMS.of(len(given))}]"
    if value.kind != "string" or value.is_masked:
        return _cut(value.segments, _TEXT, room)
    return f'"{_cut(value.segments, _TEXT, room - 2, places, quoted=True)}"'


def _cut(
    segments: tuple[Segment, ...],
    size: Size,
    room: int,
    places: Sequence[int] = (),
    *,
    quoted: bool = False,
) -> str:
    if len(segments) == 1 and len(segments[0].text) <= min(size.most, room):
        text, mask = segments[0]
        if not mask and is_as_shown(text) and not (quoted and _ESCAPED.search(text)):
            return text  # as nearly every one is: what follows would change nothing
    if places:
        shown = excerpt(segments, size, places, room)
    else:
        shown = shortened(trimmed(segments), size, room, quoted=quoted)
    return on_one_line("".join([piece.text for piece in shown]))


def _rest(number: int, shown: int) -> str:
    if number == 0:
        return ""
    return f"{', ' if shown else ''}⟦{MORE_KEYS.of(number)}⟧"

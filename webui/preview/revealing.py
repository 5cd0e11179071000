"""Taking the mask off one value, for whoever may see it; everything else stays as it was.

A place is the way to a value by position, in canonical order: names may hold secrets themselves,
so forms carry no names. Its path names what leads there as `masked_arguments` does.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from webui.approvals.call.differing import step_to
from webui.preview.masked import masked_text
from webui.preview.reading import Call, Value, flags_of, in_order
from webui.preview.redaction import Profile, Segment
from webui.preview.values import Inside
from webui.preview.visible import inline

Place = tuple[int, ...]
_PLACE: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,40}")
REVEALED: Final = frozenset({"revealed"})
_OF_MASKS: Final = frozenset({"redacted", "masked-by-schema"})


def place_in(text: str) -> Place:
    """Read the place that a form names, as in "3.0.1"; raises LookupError."""
    if not _PLACE.fullmatch(text):
        raise LookupError(text)
    return tuple(map(int, text.split(".")))


def path_of(arguments: Mapping[str, Any], profile: Profile, place: Place) -> str:
    """Return the JSON pointer of a masked value, masks in it staying masks.

    Raises:
        LookupError: there is nothing at this place, or nothing masked.

    """
    path = ""
    values: Sequence[Value] = Call(arguments, profile).values
    for at, step in enumerate(place):
        value = values[step]
        path = step_to(path, masked_text(value.name_segments))
        if at == len(place) - 1 and not hides(value):
            raise LookupError(place)
        values = value.children
    return path


def place_of(arguments: Mapping[str, Any], profile: Profile, path: str) -> Place:
    """Return the place of a masked leaf by its path; raises LookupError, in doubt too."""
    steps = path.split("/")[1:]
    place: list[int] = []
    last: Value | None = None
    values: Sequence[Value] = Call(arguments, profile).values
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        found = [
            at
            for at, value in enumerate(values)
            if masked_text(value.name_segments) == name
        ]
        if len(found) != 1:
            raise LookupError(path)
        at = found[0]
        place.append(at)
        last = values[at]
        values = last.children
    if last is None or last.kind in {"object", "array"} or not hides(last):
        raise LookupError(path)
    return tuple(place)


def hides(value: Value) -> bool:
    """Say whether a mask stands in a value or in its name; not in what is inside it."""
    for segment in value.segments:
        if segment.mask:
            return True
    return any(segment.mask for segment in value.label)


def revealed(values: Sequence[Value], place: Place) -> Sequence[Value]:
    """Return values with the one at a place in the clear; raises LookupError."""
    step, rest = place[0], place[1:]
    value = values[step]
    if rest:
        changed = value._replace(children=revealed(value.children, rest))
    elif hides(value):
        changed = _in_the_clear(value)
    else:
        raise LookupError(place)
    if isinstance(values, Inside):
        return values.with_one(step, changed)
    return (*values[:step], changed, *values[step + 1 :])


def value_at(arguments: Any, place: Place) -> tuple[str | int, Any]:
    """Return the name and the value that stand at a place of these arguments, in the clear."""
    name: str | int = ""
    found = arguments
    for step in place:
        name = in_order(found)[step] if isinstance(found, Mapping) else step
        found = found[name]
    return name, found


def _in_the_clear(value: Value) -> Value:
    text, name = _text(value.segments), _text(value.label)
    flags = (value.flags - _OF_MASKS) | flags_of(text) | flags_of(name) | REVEALED
    shown = inline(name) if value.label else value.name
    return value._replace(
        name=shown,
        segments=(Segment(text),) if text else (),
        label=(Segment(name),) if value.label else (),
        flags=flags,
    )


def _text(segments: Sequence[Segment]) -> str:
    return "".join([segment.text for segment in segments])

"""Which values the agent's own schema calls secret: `writeOnly`, and the format `password`.

The schema is as hostile as the arguments are. It can only hide more, never show more; what it
alone hides is said, since it could be what runs.
"""

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

_MOST_PARTS: Final = 64
"""Schemas that hold for one value; tools have one or two."""
_ALSO: Final = ("allOf", "anyOf", "oneOf", "if", "then", "else")


class Mark:
    """What the schema says of one value, and of those inside it."""

    __slots__ = ("_longest", "_members", "_parts", "_root", "is_secret")

    def __init__(self, root: Any, parts: list[Any]) -> None:
        self._root = root
        self._parts = list(_all_of(root, parts))
        self._members: dict[str | int, Mark | None] = {}
        self._longest = max([_prefix(part) for part in self._parts], default=0)
        self.is_secret = any(
            part.get("writeOnly") is True or part.get("format") == "password"
            for part in self._parts
        )

    def inside(self, step: str | int) -> "Mark | None":
        """Return what it says of a member or an item; none where it says nothing."""
        if isinstance(step, int):
            step = min(step, self._longest)  # all further items are alike
        if step not in self._members:
            by_step = _of_member if isinstance(step, str) else _of_item
            found = [inner for part in self._parts for inner in by_step(part, step)]
            self._members[step] = Mark(self._root, found) if found else None
        return self._members[step]


def marks_of(schema: str | None) -> Mark | None:
    """Return what a schema, as JSON text, says of the arguments; none if it hides nothing."""
    if not schema or not ("writeOnly" in schema or '"password"' in schema):
        return None
    read = json.loads(schema)
    return Mark(read, [read])


def _all_of(root: Any, parts: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield schemas and those that they take in: by reference, or as one of several."""
    seen: set[int] = set()
    ahead = list(reversed(parts))
    while ahead and len(seen) < _MOST_PARTS:
        part = ahead.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            ahead.append(_at(root, reference))
        for word in _ALSO:
            also = part.get(word)
            ahead += also if isinstance(also, list) else [also]


def _at(root: Any, reference: str) -> Any:
    found = root
    for step in unquote(reference).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (LookupError, TypeError, ValueError):
            return None
    return found


def _of_member(part: dict[str, Any], name: str | int) -> Iterator[Any]:
    named = part.get("properties")
    if isinstance(named, dict) and name in named:
        yield named[name]
        return
    patterned = part.get("patternProperties")
    if isinstance(patterned, dict):
        yield from patterned.values()  # its patterns are an agent's, so none of them is run
    yield part.get("additionalProperties")


def _prefix(part: dict[str, Any]) -> int:
    """Return for how many first items a schema has one of their own."""
    listed = [part.get(word) for word in ("prefixItems", "items")]
    return max([len(each) for each in listed if isinstance(each, list)], default=0)


def _of_item(part: dict[str, Any], at: str | int) -> Iterator[Any]:
    for word in ("prefixItems", "items"):
        listed = part.get(word)
        if isinstance(listed, list):
            if isinstance(at, int) and at < len(listed):
                yield listed[at]
                return
        else:
            yield listed
    yield part.get("additionalItems")

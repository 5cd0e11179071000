"""Which values the agent's own schema calls secret: `writeOnly`, and the format `password`.

The schema is as hostile as the arguments are. It can only hide more, never show more; what it
alone hides is said, since it could be what runs.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import unquote

from webui.approvals.call.schema_check import SECRET_WORDS

_MOST_PARTS: Final = 64
"""Schemas that hold for one value; tools have one or two."""
_ALSO: Final = ("allOf", "anyOf", "oneOf", "if", "then", "else")


_Part = tuple[Any, Any]
"""A schema, and the whole document in which its references point."""


class Mark:
    """What schemas say of one value, and of those inside it."""

    __slots__ = ("_longest", "_members", "_parts", "is_secret")

    def __init__(self, parts: list[_Part]) -> None:
        self._parts = list(_all_of(parts))
        self._members: dict[str | int, Mark | None] = {}
        self._longest = max([_prefix(part) for _, part in self._parts], default=0)
        self.is_secret = any(
            part.get("writeOnly") is True or part.get("format") == "password"
            for _, part in self._parts
        )

    def inside(self, step: str | int) -> "Mark | None":
        """Return what they say of a member or an item; none where they say nothing."""
        if isinstance(step, int):
            step = min(step, self._longest)  # all further items are alike
        if step not in self._members:
            by_step = _of_member if isinstance(step, str) else _of_item
            found = [
                (root, inner) for root, part in self._parts for inner in by_step(part, step)
            ]
            self._members[step] = Mark(found) if found else None
        return self._members[step]


def may_hide(schema: str) -> bool:
    """Say whether a schema, as JSON text, can call anything secret."""
    return any(word in schema for word in SECRET_WORDS)


def marks_of(schemas: Iterable[str]) -> Mark | None:
    """Return what schemas, as JSON text, say of the arguments; none if there are none."""
    read = [json.loads(schema) for schema in schemas]
    return Mark([(each, each) for each in read]) if read else None


def _all_of(parts: list[_Part]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield schemas and those that they take in: by reference, or as one of several."""
    seen: set[int] = set()
    ahead = list(reversed(parts))
    while ahead and len(seen) < _MOST_PARTS:
        root, part = ahead.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        yield root, part
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            ahead.append((root, _at(root, reference)))
        for word in _ALSO:
            also = part.get(word)
            ahead += [(root, each) for each in (also if isinstance(also, list) else [also])]


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

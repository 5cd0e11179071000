"""How one set of arguments differs from another, member by member.

Pure. What is told are places (JSON Pointers, RFC 6901) and the two values; whoever shows them
makes them safe to look at first.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

Change = Literal["added", "removed", "changed"]
_NOTHING: Final = object()


class Difference(NamedTuple):
    """One place where two values differ."""

    pointer: str
    change: Change
    before: Any
    """None where it was added."""
    after: Any
    """None where it was removed."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return where `after` differs from `before`, in the order of `before`.

    Values of different JSON types differ even where the language calls them equal (1 and true).
    Lists are compared after what they begin and end with in common, so that one item put in or
    taken out is one difference. Linear in the size of both.
    """
    return list(_members("", before, after))


def step_to(pointer: str, name: str | int) -> str:
    """Return the pointer of a member or an item."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


def kind_of(value: Any) -> str:
    """Return the JSON type of a value: null, boolean, number, string, array or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def same(before: Any, after: Any) -> bool:
    """Say whether two JSON values are one and the same, types included."""
    if kind_of(before) != kind_of(after):
        return False
    if isinstance(before, Mapping):
        return before.keys() == after.keys() and all(
            same(value, after[name]) for name, value in before.items()
        )
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(same, before, after))
    return bool(before == after)


def _between(pointer: str, before: Any, after: Any) -> Iterator[Difference]:
    kinds = kind_of(before), kind_of(after)
    if kinds == ("object", "object"):
        yield from _members(pointer, before, after)
    elif kinds == ("array", "array"):
        yield from _items(pointer, before, after)
    elif not same(before, after):
        yield Difference(pointer, "changed", before, after)


def _members(
    pointer: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for name, value in before.items():
        other, at = after.get(name, _NOTHING), step_to(pointer, name)
        if other is _NOTHING:
            yield Difference(at, "removed", value, None)
        else:
            yield from _between(at, value, other)
    for name, value in after.items():
        if name not in before:
            yield Difference(step_to(pointer, name), "added", None, value)


def _items(
    pointer: str, before: Sequence[Any], after: Sequence[Any]
) -> Iterator[Difference]:
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and same(before[head], after[head]):
        head += 1
    tail = 0
    while tail < shorter - head and same(before[-1 - tail], after[-1 - tail]):
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    both = min(len(old), len(new))
    for at in range(both):
        yield from _between(step_to(pointer, head + at), old[at], new[at])
    for at, value in enumerate(old[both:], head + both):
        yield Difference(step_to(pointer, at), "removed", value, None)
    for at, value in enumerate(new[both:], head + both):
        yield Difference(step_to(pointer, at), "added", None, value)

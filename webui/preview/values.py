"""Values as they were read: what something is to be said of, and the many of which nothing is.

A call of 256 KiB may hold 130,000 values. An object for each of them takes half a second and
50 MiB, and nearly all are numbers, short words and empty lists that nobody ever looks at one by
one. So a list or object keeps what was found in it; the plain rest is made when it is asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, overload

from webui.approvals.call.canonical import canonical
from webui.preview.nodes import NodeKind
from webui.preview.redaction import Payload, Segment

LEAST_CARD_NUMBER: Final = 10**12
MANY: Final = 500
"""Of more values than these inside it, a list or object is long."""
MANY_IN_ALL: Final = 2_000
"""A call of more values is large: of many short lists a page would be as heavy as of a long one."""
NOTHING: Final[frozenset[str]] = frozenset()
CONSTANTS: Final = {
    None: (Segment("null"),),
    True: (Segment("true"),),
    False: (Segment("false"),),
}


class Value(NamedTuple):
    """One value of the call with its secrets masked."""

    name: str
    """Visible: a key, or an index in an array."""
    kind: NodeKind
    segments: tuple[Segment, ...] = ()
    """Of a leaf, as it is in JSON but unquoted; of an empty text there are none."""
    flags: frozenset[str] = NOTHING
    children: Sequence["Value"] = ()
    received: str = ""
    """How a number was spelt, if that is not its canonical spelling."""
    label: tuple[Segment, ...] = ()
    """The name before it was made visible, if that changed it."""
    payloads: tuple[Payload, ...] = ()
    """What is packed in it."""

    @property
    def is_masked(self) -> bool:
        """Whether nothing of it is shown but a mask."""
        return len(self.segments) == 1 and self.segments[0].mask != ""

    @property
    def name_segments(self) -> tuple[Segment, ...]:
        """Return the name before it was made visible."""
        return self.label or (Segment(self.name),)


class Survey:
    """One look at all values of a call: how many, how deep, and in which something is to be said.

    Lists and objects are known by `id`, so they must neither change nor go while it is used.
    """

    def __init__(
        self,
        arguments: Mapping[str, Any],
        is_plain: Callable[[str], bool],
        are_plain: Callable[[dict[str, Any]], bool],
    ) -> None:
        """Take what says of a text, and of an object's names, that they are to be shown as they are.

        The names of the arguments themselves are not looked at.
        """
        self._is_plain = is_plain
        self._are_plain = are_plain
        self._told: set[int] = set()
        self._long: set[int] = set()
        self.depth = 1
        self.noted = 0
        """Values that were read one by one, as something is to be said of them."""
        self.count = 1 + self._inside(list(arguments.values()), 1)

    @property
    def is_large(self) -> bool:
        """Whether the whole call has so many values that no list or object has a line for each."""
        return self.count > MANY_IN_ALL

    @property
    def is_crowded(self) -> bool:
        """Whether something is to be said of so many that not each can have a line."""
        return self.noted > MANY

    def is_long(self, value: object) -> bool:
        """Whether many values are inside a list or object."""
        return id(value) in self._long

    def is_plain(self, value: object) -> bool:
        """Whether nothing is to be said of a value nor of any inside it, unless its key does."""
        kind = type(value)
        if kind is int or kind is float:
            return value < LEAST_CARD_NUMBER  # type: ignore[operator]
        if kind is str:
            return not value or self._is_plain(value)  # type: ignore[arg-type]
        if kind is list or kind is dict:
            return id(value) not in self._told
        return value is None or kind is bool

    def _inside(self, value: Any, level: int) -> int:
        """Return how many values are inside a list or object, having looked at each."""
        self.depth = max(self.depth, level)
        plain = True
        items = value
        if isinstance(value, dict):
            plain = self._are_plain(value)
            items = value.values()
        count = len(value)
        told = self._told
        for item in items:
            kind = type(item)
            if kind is int:
                plain = plain and item < LEAST_CARD_NUMBER
            elif isinstance(item, (list, dict, tuple)):
                count += self._inside(item, level + 1)
                plain = plain and kind is not tuple and id(item) not in told
            elif plain:
                plain = self.is_plain(item)
        if not plain:
            told.add(id(value))
        if count > MANY:
            self._long.add(id(value))
        return count


class Inside(Sequence[Value]):
    """What is inside a list or object, in order: `told` where something is to be said."""

    __slots__ = ("_keys", "_raw", "_told", "survey")

    def __init__(
        self, raw: Any, survey: Survey, told: Mapping[int, Value] | None = None
    ) -> None:
        self._raw = raw
        self._keys = in_order(raw) if isinstance(raw, dict) else None
        self._told = told or {}
        self.survey = survey

    @property
    def is_long(self) -> bool:
        """Whether many values are inside, counted down to the deepest."""
        return self.survey.is_long(self._raw)

    @property
    def goes_in_rows(self) -> bool:
        """Whether a line for each of them would be too many."""
        survey = self.survey
        return self.is_long or survey.is_large or survey.is_crowded

    def with_one(self, at: int, value: Value) -> "Inside":
        """Return it with another value in one place."""
        return Inside(self._raw, self.survey, {**self._told, at % len(self): value})

    @property
    def told(self) -> Iterable[Value]:
        """Those of which something is to be said."""
        return self._told.values()

    @property
    def is_list(self) -> bool:
        """Whether they have places and no keys."""
        return self._keys is None

    def __len__(self) -> int:
        return len(self._raw)

    @overload
    def __getitem__(self, at: int) -> Value: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Value, ...]: ...
    def __getitem__(self, at: int | slice) -> Value | tuple[Value, ...]:
        if isinstance(at, slice):
            return tuple([self._at(each) for each in range(*at.indices(len(self)))])
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._at(at % len(self))

    def __iter__(self) -> Iterator[Value]:
        return map(self._at, range(len(self)))

    def _at(self, at: int) -> Value:
        known = self._told.get(at)
        if known is not None:
            return known
        if self._keys is not None:
            name = self._keys[at]
            return plain_value(name, self._raw[name], self.survey)
        return plain_value(str(at), self._raw[at], self.survey)

    def parts(self) -> Iterator[tuple[int, str | None, Any]]:
        """Yield of each its place, its key if it has one, and itself: a Value if told, else plain."""
        told = self._told
        keys = self._keys
        for at in range(len(self._raw)):
            name = None if keys is None else keys[at]
            known = told.get(at)
            yield (
                at,
                name,
                self._raw[at if name is None else name] if known is None else known,
            )


def plain_value(name: str, value: Any, survey: Survey) -> Value:
    """Return a value of which nothing is to be said."""
    kind = type(value)
    if kind is int:
        return Value(name, "number", _short(value))
    if kind is str:
        return Value(name, "string", (Segment(value),) if value else ())
    if kind is list:
        return Value(name, "array", children=Inside(value, survey) if value else ())
    if kind is dict:
        return Value(name, "object", children=Inside(value, survey) if value else ())
    if kind is float:
        return Value(name, "number", (Segment(canonical(value).decode()),))
    return Value(name, "null" if value is None else "boolean", CONSTANTS[value])


@lru_cache(maxsize=1024)
def _short(value: int) -> tuple[Segment, ...]:
    """Return a number that nothing is to be said of; the same ones are kept once."""
    return (Segment(str(value)),)


def in_order(members: Mapping[str, Any]) -> list[str]:
    """Return the names in canonical order (RFC 8785, section 3.2.3)."""
    if "".join(members).isascii():
        return sorted(members)
    return sorted(members, key=lambda name: name.encode("utf-16-be", "surrogatepass"))

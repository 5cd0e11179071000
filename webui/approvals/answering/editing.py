"""A reviewer's edit of a call: what may be changed, and what it then is.

An edited call keeps the types of what was received, so that a number never turns into a text
on its way through a form; a schema that the agent sent says more, and goes first.
Source: spec approvals.md, "Edits".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from webui.approvals.call.differing import differences, kind_of, step_to
from webui.approvals.errors import Fault, InvalidError
from webui.sentences import sentence

_MOST_FAULTS = 20
_A = {
    "object": sentence("an object"),
    "array": sentence("an array"),
    "string": sentence("a string"),
    "number": sentence("a number"),
    "boolean": sentence("a boolean"),
    "null": sentence("null"),
}
MOST_CHANGES = 50
LONGEST_PLACE = 200
"""Characters of a place that the log keeps."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Edited arguments, prepared outside the transaction."""

    base_hash: str
    """The `arguments_hash` of what was edited: the edit is for nothing else."""
    canonical: bytes
    arguments_hash: str
    fingerprint: str
    changed: tuple[str, ...]
    """Where they differ from what was asked, at most `MOST_CHANGES` places, named as shown.

    The log keeps places, never values.
    """
    changes: int
    """How many places differ in all."""
    told: Mapping[str, Any]
    """Columns that say what lists show of the edited call, as it was when the edit was prepared."""

    @property
    def value(self) -> dict[str, Any]:
        """Return the edited arguments, parsed."""
        parsed: dict[str, Any] = json.loads(self.canonical)
        return parsed


def check_edit(
    base: Mapping[str, Any], edited: Mapping[str, Any], faults: Sequence[Fault] | None
) -> None:
    """Refuse an edit that changes nothing, or that the tool could not take.

    Args:
        base: the arguments that were edited.
        edited: what they are to be.
        faults: what the agent's own schema says of them; none where it sent no schema, and
            then the types of `base` count.

    Raises:
        InvalidError: `no_changes`, or `edit_types` with the place of each fault.

    """
    if not differences(base, edited):
        raise InvalidError(
            sentence("Nothing was changed; change something, or approve it as it is."),
            code="no_changes",
        )
    found = list(faults or ())
    if faults is None:
        found = list(islice(_Types().faults("", base, edited), _MOST_FAULTS))
    if found:
        raise InvalidError(
            sentence("The edited arguments do not fit this tool."),
            [
                fault._replace(pointer=f"/arguments{fault.pointer}")
                for fault in found[:_MOST_FAULTS]
            ],
            code="edit_types",
        )


class _Types:
    """Compares types; remembers of each list one item of each type, since lists are long."""

    def __init__(self) -> None:
        self._firsts: dict[int, dict[str, Any]] = {}

    def faults(self, pointer: str, base: Any, edited: Any) -> Iterator[Fault]:
        """Yield where the types of `edited` are not those of `base`."""
        old, new = kind_of(base), kind_of(edited)
        if old != new:
            yield Fault(
                pointer,
                sentence(
                    "was received as %(old)s; keep it one, it is %(new)s now",
                    old=_A[old],
                    new=_A[new],
                ),
            )
        elif old == "object":
            yield from self._of_members(pointer, base, edited)
        elif old == "array":
            yield from self._of_items(pointer, base, edited)

    def _of_members(
        self, pointer: str, base: Mapping[str, Any], edited: Mapping[str, Any]
    ) -> Iterator[Fault]:
        for name, value in edited.items():
            at = step_to(pointer, name)
            if name in base:
                yield from self.faults(at, base[name], value)
            else:
                yield Fault(
                    at,
                    sentence(
                        "is new; without a schema nobody knows whether the tool takes it"
                    ),
                )

    def _of_items(
        self, pointer: str, base: Sequence[Any], edited: Sequence[Any]
    ) -> Iterator[Fault]:
        firsts = self._first_of_each(base)
        for at, value in enumerate(edited):
            kind, place = kind_of(value), step_to(pointer, at)
            here = at < len(base) and kind_of(base[at]) == kind
            if here or kind in firsts:
                yield from self.faults(place, base[at] if here else firsts[kind], value)
            elif value is not None:
                yield Fault(
                    place,
                    sentence(
                        "is %(kind)s; no item of this list was received as one",
                        kind=_A[kind],
                    ),
                )

    def _first_of_each(self, base: Sequence[Any]) -> dict[str, Any]:
        firsts = self._firsts.get(id(base))
        if firsts is None:
            firsts = self._firsts[id(base)] = {}
            for item in base:
                firsts.setdefault(kind_of(item), item)
        return firsts

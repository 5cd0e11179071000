"""A reviewer's edit of a call: what may be changed, and what it then is.

An edited call keeps the types of what was received, so that a number never turns into a text
on its way through a form; a schema that the agent sent says more, and goes first.
Source: spec approvals.md, "Edits".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webui.approvals.differing import differences, kind_of, step_to
from webui.approvals.errors import Fault, InvalidError

_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Edit:
    """Edited arguments, prepared outside the transaction."""

    base_hash: str
    """The `arguments_hash` of what was edited: the edit is for nothing else."""
    canonical: bytes
    arguments_hash: str
    fingerprint: str
    line: str
    changed: tuple[str, ...]
    """Where they differ from what was asked; the log keeps places, never values."""

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
            "Nothing was changed; change something, or approve it as it is.",
            code="no_changes",
        )
    found = list(_of_types("", base, edited)) if faults is None else list(faults)
    if found:
        places = ", ".join(fault.pointer or "/" for fault in found[:5])
        raise InvalidError(
            f"The edited arguments do not fit this tool: see {places}.",
            [
                fault._replace(pointer=f"/arguments{fault.pointer}")
                for fault in found[:_MOST_FAULTS]
            ],
            code="edit_types",
        )


def _of_types(pointer: str, base: Any, edited: Any) -> Iterator[Fault]:
    old, new = kind_of(base), kind_of(edited)
    if old != new:
        yield Fault(pointer, f"was received as {_a(old)}; keep it one, it is {_a(new)} now")
    elif old == "object":
        yield from _of_members(pointer, base, edited)
    elif old == "array":
        yield from _of_items(pointer, base, edited)


def _of_members(
    pointer: str, base: Mapping[str, Any], edited: Mapping[str, Any]
) -> Iterator[Fault]:
    for name, value in edited.items():
        at = step_to(pointer, name)
        if name in base:
            yield from _of_types(at, base[name], value)
        else:
            yield Fault(
                at, "is new; without a schema nobody knows whether the tool takes it"
            )


def _of_items(pointer: str, base: Sequence[Any], edited: Sequence[Any]) -> Iterator[Fault]:
    for at, value in enumerate(edited):
        like = base[at] if at < len(base) and kind_of(base[at]) == kind_of(value) else None
        if like is None:
            like = next((item for item in base if kind_of(item) == kind_of(value)), None)
        place = step_to(pointer, at)
        if like is None and value is not None:
            yield Fault(
                place, f"is {_a(kind_of(value))}; no item of this list was received as one"
            )
        elif like is not None:
            yield from _of_types(place, like, value)


def _a(kind: str) -> str:
    return "null" if kind == "null" else f"{'an' if kind[0] in 'ao' else 'a'} {kind}"

"""The rules that every JSON value of an agent must keep, whoever parsed it.

They go further than RFC 8259 so that two programs can never read one text as two different
calls: no name twice, no two names that look the same, no number that programs hold
differently, no half characters, and a bounded size.
Specification: details.md, section A, rules R1 to R10.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from webui.approvals.call.json_faults import (
    DEFAULT_LIMITS,
    Limits,
    Path,
    Unreadable,
    pointer_of,
    shown,
    step,
    too_deep,
    too_many_nodes,
)
from webui.sentences import sentence

MAX_SAFE: Final = 2**53 - 1
_MARKS_IN_A_ROW: Final = 30
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def walk(value: Any) -> Iterator[tuple[Path, Any, int]]:
    """Yield every value inside with its place and level (outermost 1), in document order.

    A value's children are taken up only after it was yielded, so a caller that stops at a
    bound never pays for what lies beyond.
    """
    waiting: list[tuple[Path, Any, int]] = [(None, value, 1)]
    while waiting:
        path, current, level = waiting.pop()
        yield path, current, level
        if isinstance(current, dict):
            members: Iterable[tuple[str | int, Any]] = current.items()
        elif isinstance(current, (list, tuple)):
            members = enumerate(current)
        else:
            continue
        waiting += reversed([((path, name), child, level + 1) for name, child in members])


def fault_in_names(
    members: dict[str, Any], limits: Limits, *, compare: bool = True
) -> Unreadable | None:
    """Return what is wrong with the names of one object, or None.

    Without `compare` only what makes a name unfit for a JSON Pointer is looked for.
    """
    if len(members) > limits.names:
        return Unreadable(
            "too_many_names",
            sentence(
                "an object has %(count)s names; the most is %(most)s. Use an array, "
                "or split the call.",
                count=len(members),
                most=limits.names,
            ),
        )
    joined = "".join(members)
    if (
        len(joined) > limits.name_chars
        and (longest := max(map(len, members))) > limits.name_chars
    ):
        return _long_name(longest, limits)
    if joined.isascii() and joined == joined.lower():
        return None  # the names differ already, and folding would change none of them
    if _SURROGATE.search(joined):
        return _lone_surrogate(sentence("a name"))
    return _fault_in_folded(members, limits) if compare else None


def _fault_in_folded(members: dict[str, Any], limits: Limits) -> Unreadable | None:
    """Compare names as a careless reader would, at a cost that a hostile body cannot raise.

    Normalising takes quadratic time in a run of combining marks, and one character may
    become eighteen. So the first name with either ends the work. Thirty marks in a row is
    the bound of Unicode's own Stream-Safe Text Format (UAX #15, section 13).
    """
    seen: dict[str, str] = {}
    for name in members:
        normal = unicodedata.normalize("NFKC", name)
        if len(normal) > limits.name_chars:
            return _long_name(len(normal), limits)
        marks = bytes(map(unicodedata.combining, normal)).split(b"\0")
        if max(map(len, marks)) > _MARKS_IN_A_ROW:
            return Unreadable(
                "confusable_key",
                sentence(
                    "a name stacks over %(most)s combining marks. Leave them out.",
                    most=_MARKS_IN_A_ROW,
                ),
            )
        # Folding can undo the normal form, so it is made anew: stricter, never laxer.
        other = seen.setdefault(unicodedata.normalize("NFKC", normal.casefold()), name)
        if other is not name:
            return _confusable(other, name)
    return None


def _confusable(one: str, other: str) -> Unreadable:
    return Unreadable(
        "confusable_key",
        sentence(
            'the names "%(one)s" and "%(other)s" are the same to a careless '
            "reader (NFKC and case folding). Rename one of them.",
            one=shown(one),
            other=shown(other),
        ),
        step(other),
    )


def _long_name(length: int, limits: Limits) -> Unreadable:
    return Unreadable(
        "name_too_long",
        sentence(
            "an object has a name of %(length)s characters (NFKC counted too); the "
            "most is %(most)s. Move the text into a value.",
            length=length,
            most=limits.name_chars,
        ),
    )


def unsafe_number(value: float, spelt: str = "") -> Unreadable:
    """Return the fault of a number outside -MAX_SAFE to MAX_SAFE, `spelt` as received.

    One bound for ints and floats (R5): without it `1e16` would be accepted and its own
    canonical form, `10000000000000000`, refused.
    """
    number = (
        sentence("the number %(number)s", number=shown(spelt))
        if spelt
        else sentence("a number")
    )
    if isinstance(value, float) and not math.isfinite(value):
        return Unreadable(
            "non_finite",
            sentence(
                "%(number)s is not finite (NaN, Infinity, or too large for a double). "
                "Send null or a string.",
                number=number,
            ),
        )
    return Unreadable(
        "out_of_range",
        sentence(
            "%(number)s is beyond %(most)s (2^53-1), where programs stop "
            "agreeing on the value. Send it as a string.",
            number=number,
            most=MAX_SAFE,
        ),
    )


def fault_in_string(text: str, limits: Limits) -> Unreadable | None:
    """Return what is wrong with a string value, or None."""
    if len(text) > limits.string_chars:
        return Unreadable(
            "string_too_long",
            sentence(
                "a string has %(count)s characters; the most is %(most)s. Send "
                "a reference to the content and its hash.",
                count=len(text),
                most=limits.string_chars,
            ),
        )
    if not text.isascii() and _SURROGATE.search(text):
        return _lone_surrogate(sentence("a string"))
    return None


def _lone_surrogate(what: str) -> Unreadable:
    return Unreadable(
        "lone_surrogate",
        sentence(
            "%(what)s holds half of a surrogate pair, which is no character. Send "
            "both halves, or leave it out.",
            what=what,
        ),
    )


def check_value(value: Any, limits: Limits = DEFAULT_LIMITS, pointer: str = "") -> None:
    """Apply the reader's rules to a value that something else parsed (YAML, a form).

    Accepts None, bool, int, float, str, list, tuple and dict with string names; anything
    else is refused with code `schema`. Raises Unreadable whose pointer begins with
    `pointer`. A value that contains itself is refused as too deep or too large. Underflow
    and number spellings (R6) cannot be seen any more in a parsed value.
    """
    nodes = 1
    for path, current, level in walk(value):
        if fault := _fault_in_one(current, level, limits):
            raise fault.below(pointer + pointer_of(path))
        if isinstance(current, (dict, list, tuple)):
            nodes += len(current)
        if nodes > limits.nodes:
            raise too_many_nodes(limits.nodes).below(pointer)


def _fault_in_one(value: Any, level: int, limits: Limits) -> Unreadable | None:
    """Return what is wrong with one value, its children left aside."""
    fault: Unreadable | None = None
    if isinstance(value, str):
        fault = fault_in_string(value, limits)
    elif isinstance(value, (int, float)):
        fault = None if -MAX_SAFE <= value <= MAX_SAFE else unsafe_number(value)
    elif isinstance(value, (dict, list, tuple)):
        fault = _fault_in_container(value, level, limits)
    elif value is not None:
        fault = _not_json(
            sentence("a %(type)s is not a JSON value", type=type(value).__name__)
        )
    return fault


def _fault_in_container(
    value: dict[Any, Any] | list[Any] | tuple[Any, ...], level: int, limits: Limits
) -> Unreadable | None:
    if level > limits.depth:
        return too_deep(limits.depth)
    if not isinstance(value, dict):
        return None
    if not all(isinstance(name, str) for name in value):
        return _not_json(sentence("an object has a name that is not text"))
    return fault_in_names(value, limits)


def _not_json(what: str) -> Unreadable:
    return Unreadable(
        "schema", sentence("%(what)s. Put it in quotes to send it as a string.", what=what)
    )

"""Read an agent's JSON text so strictly that no second reader could see another call.

The C scanner of `json` does the parsing. What it would let pass is caught around it: size,
encoding, depth and number of values before it starts (linear, so that a bomb is refused
before anything is built), names and numbers in its hooks, strings afterwards.
Specification: details.md, section A, rules R1 to R10.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from webui.approvals.call.json_faults import (
    DEFAULT_LIMITS,
    Limits,
    Unreadable,
    pointer_of,
    shown,
    step,
    syntax_told,
)
from webui.approvals.call.json_prescan import decoded, refuse_bombs
from webui.approvals.call.json_rules import (
    MAX_SAFE,
    fault_in_names,
    fault_in_string,
    unsafe_number,
    walk,
)
from webui.sentences import sentence

Marker = TypeVar("Marker")

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_MAX_SAFE_CHARS: Final = len(str(-MAX_SAFE))
_plain = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Document:
    """A document that kept every rule: its value, and the text exactly as received."""

    value: dict[str, Any]
    text: str

    def raw(self, name: str) -> str:
        """Return the received text of one top-level member's value, byte for byte.

        White space around it is not part of it. Raises KeyError for a name that is not
        there.
        """
        if name not in self.value:
            raise KeyError(name)
        text, at = self.text, _after_space(self.text, 0)
        while True:  # `at` stands on the "{" or "," before a member; the name is among them
            found, at = _plain.raw_decode(text, _after_space(text, at + 1))
            start = _after_space(text, _after_space(text, at) + 1)
            _, end = _plain.raw_decode(text, start)
            if found == name:
                return text[start:end]
            at = _after_space(text, end)


def raw_items(text: str) -> list[str]:
    """Return the received text of each item of a list that was read before, byte for byte."""
    items, at = [], _after_space(text, 1)
    while text[at] != "]":
        _, end = _plain.raw_decode(text, at)
        items.append(text[at:end])
        at = _after_space(text, end)
        at = _after_space(text, at + 1) if text[at] == "," else at
    return items


def read_document(
    body: bytes, limits: Limits = DEFAULT_LIMITS, *, envelope_levels: int = 0
) -> Document:
    """Read the body of a request, whose top level must be an object.

    `envelope_levels` are added to `limits.depth`: 1 for a body whose `arguments` may use
    the whole depth. All other limits hold for the body as a whole. Numbers without a
    fraction become int however they are spelt (`1.0`, `1e2`, `-0`), so that the value
    equals what reading its canonical form would give. Raises Unreadable.
    """
    text = decoded(body, limits)
    refuse_bombs(body, limits, limits.depth + envelope_levels)
    value = _parsed(text, limits)
    if not isinstance(value, dict):
        raise Unreadable(
            "schema",
            sentence(
                "the top level is %(kind)s. Send one object, in curly brackets.",
                kind=_kind(value),
            ),
        )
    if len(text) > limits.string_chars or _has_lone_surrogate(text, value):
        _refuse_bad_strings(value, limits)
    return Document(value, text)


def read_arguments(text: str | bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Read the arguments of a call on their own. Raises Unreadable."""
    try:
        body = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise Unreadable(
            "lone_surrogate",
            sentence(
                "character %(start)s is half of a surrogate pair, which is no "
                "character. Send both halves, or leave it out.",
                start=error.start,
            ),
        ) from None
    return read_document(body, limits).value


def located(value: Any, kind: type[Marker]) -> Iterator[tuple[str, Marker]]:
    """Yield each `kind` inside a parsed value with its JSON Pointer, in document order."""
    return (
        (pointer_of(path), found)
        for path, found, _ in walk(value)
        if isinstance(found, kind)
    )


def _parsed(text: str, limits: Limits) -> Any:
    reading = _Reading(limits)
    decoder = json.JSONDecoder(
        object_pairs_hook=reading.members,
        parse_int=reading.integer,
        parse_float=reading.real,
        parse_constant=reading.constant,
    )
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise _malformed(error) from None
    if reading.faulty:
        where, fault = next(located(value, Unreadable))
        raise fault.below(where)
    return value


class _Reading:
    """The hooks of one parse.

    A hook does not know where it is. So a fault is returned in the place of the value, and
    the place is looked up once the parse is over.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.faulty = False

    def marked(self, fault: Unreadable) -> Unreadable:
        self.faulty = True
        return fault

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any] | Unreadable:
        found = dict(pairs)
        # After a first fault the rest need not be compared: that is the costly part.
        fault = fault_in_names(found, self.limits, compare=not self.faulty)
        if fault is None and len(found) == len(pairs):
            return found
        return self.marked(fault or _twice(pairs))

    def integer(self, token: str) -> int | Unreadable:
        if len(token) > self.limits.number_chars:
            return self.marked(self.too_long(token))
        # Longer ones go through float(), as int() takes quadratic time. The verdict stands.
        value = int(token) if len(token) <= _MAX_SAFE_CHARS else float(token)
        if -MAX_SAFE <= value <= MAX_SAFE:
            return int(value)
        return self.marked(unsafe_number(value, token))

    def real(self, token: str) -> float | Unreadable:
        if len(token) > self.limits.number_chars:
            return self.marked(self.too_long(token))
        value = float(token)
        if not -MAX_SAFE <= value <= MAX_SAFE:
            return self.marked(unsafe_number(value, token))
        if value == 0 and token.lower().partition("e")[0].strip("-0."):
            return self.marked(_underflow(token))
        return int(value) if value.is_integer() else value

    def constant(self, token: str) -> Unreadable:
        return self.marked(
            Unreadable(
                "non_finite",
                sentence(
                    "%(token)s is not a JSON number. Send null or a string.", token=token
                ),
            )
        )

    def too_long(self, token: str) -> Unreadable:
        return Unreadable(
            "number_too_long",
            sentence(
                "a number is spelt with %(count)s characters; the most is "
                "%(most)s. Round it, or send it as a string.",
                count=len(token),
                most=self.limits.number_chars,
            ),
        )


def _twice(pairs: list[tuple[str, Any]]) -> Unreadable:
    names = [name for name, _ in pairs]
    name = next(name for name, count in Counter(names).items() if count > 1)
    return Unreadable(
        "duplicate_key",
        sentence(
            'the name "%(name)s" stands more than once in one object. Send it once.',
            name=shown(name),
        ),
        step(name),
    )


def _underflow(token: str) -> Unreadable:
    return Unreadable(
        "underflow",
        sentence(
            "the number %(number)s is not zero but would be read as zero. Send 0, "
            "or send it as a string.",
            number=shown(token),
        ),
    )


def _malformed(error: json.JSONDecodeError) -> Unreadable:
    return Unreadable(
        "malformed_json",
        sentence(
            "the text is not JSON: %(why)s at line %(line)s, column %(column)s. "
            "Send one complete JSON object (RFC 8259).",
            why=syntax_told(error.msg),
            line=error.lineno,
            column=error.colno,
        ),
    )


def _has_lone_surrogate(text: str, value: Any) -> bool:
    """Tell whether an escape left half a character; the C writer visits every string."""
    if not _SURROGATE_ESCAPE.search(text):
        return False
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _refuse_bad_strings(value: Any, limits: Limits) -> None:
    for path, text, _ in walk(value):
        if isinstance(text, str) and (fault := fault_in_string(text, limits)):
            raise fault.below(pointer_of(path))


def _kind(value: Any) -> str:
    names = {
        list: sentence("an array"),
        str: sentence("a string"),
        bool: sentence("true or false"),
        type(None): sentence("null"),
    }
    return names.get(type(value), sentence("a number"))


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at

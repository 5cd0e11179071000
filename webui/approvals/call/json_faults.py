"""How a refused JSON text or value is described: the limits, the fault, and its place.

Specification: details.md, section A; the pointer is RFC 6901.
"""

import json
from dataclasses import dataclass
from typing import Final

from webui.sentences import Sentence, capital, sentence

# A place inside a value: (the place around it, name or index); None is the outermost.
# Linked, because a JSON Pointer for each value would multiply a hostile body's size.
Path = tuple["Path", str | int] | None

_STATUSES: Final = {"too_large": 413, "malformed_json": 400}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be. Each figure is the largest that is still accepted."""

    body_bytes: int = 262_144
    depth: int = 32  # arrays and objects inside one another; the outermost is level 1
    nodes: int = 10_000  # values of any kind, the outermost included, names not
    string_chars: int = 131_072  # code points after unescaping
    name_chars: int = 256
    names: int = 1_000  # members of one object
    number_chars: int = 64  # characters of one number as spelt


DEFAULT_LIMITS: Final = Limits()


class Unreadable(ValueError):
    """A text or value that breaks a rule.

    `code` is the stable word for programs, `pointer` the JSON Pointer (RFC 6901) of the
    culprit or "" for the whole, `status` the HTTP status to answer with, and `detail` a
    sentence with what is wrong, where, and how to mend it, in plain ASCII.
    """

    def __init__(self, code: str, said: str, pointer: str = "") -> None:
        """Take the sentence in lower case without its place; the pointer supplies that."""
        self.code = code
        self.sentence = said
        self.pointer = pointer
        self.status = _STATUSES.get(code, 422)
        self.detail = capital(_placed(said, pointer) if pointer else said)
        super().__init__(self.detail)

    def below(self, pointer: str) -> "Unreadable":
        """Return the same fault as seen from further outside."""
        return Unreadable(self.code, self.sentence, pointer + self.pointer)


_SYNTAX: Final = {
    "Expecting value": sentence("expecting value"),
    "Expecting property name enclosed in double quotes": sentence(
        "expecting property name enclosed in double quotes"
    ),
    "Expecting ':' delimiter": sentence("expecting ':' delimiter"),
    "Expecting ',' delimiter": sentence("expecting ',' delimiter"),
    "Extra data": sentence("extra data"),
    "Unterminated string starting": sentence("unterminated string starting"),
    "Invalid control character": sentence("invalid control character"),
    "Invalid \\escape": sentence("invalid \\escape"),
    "Invalid \\uXXXX escape": sentence("invalid \\uXXXX escape"),
    "Illegal trailing comma before end of object": sentence(
        "illegal trailing comma before end of object"
    ),
    "Illegal trailing comma before end of array": sentence(
        "illegal trailing comma before end of array"
    ),
}


def syntax_told(said: str) -> str:
    """Return what Python says of a text that is no JSON, for people."""
    return _SYNTAX.get(said.removesuffix(" at"), said)


def _placed(fault: str, pointer: str) -> Sentence:
    return sentence("at %(place)s: %(fault)s", place=shown(pointer, 200), fault=fault)


def shown(text: str, most: int = 40) -> str:
    """Return `text` for an error message: ASCII, on one line, at most `most` characters."""
    escaped = json.dumps(text[: most + 1])[1:-1]
    return escaped if len(escaped) <= most else escaped[:most] + "..."


def step(name: str | int) -> str:
    """Return one step of a JSON Pointer, with its slash (RFC 6901, section 3)."""
    return "/" + str(name).replace("~", "~0").replace("/", "~1")


def pointer_of(path: Path) -> str:
    """Return the JSON Pointer of a place."""
    steps = []
    while path:
        path, name = path
        steps.append(step(name))
    return "".join(reversed(steps))


def too_deep(limit: int) -> Unreadable:
    """Return the fault of arrays and objects nested more than `limit` levels."""
    return Unreadable(
        "too_deep",
        sentence(
            "arrays and objects are nested more than %(limit)s levels deep. "
            "Flatten the value.",
            limit=limit,
        ),
    )


def too_many_nodes(limit: int) -> Unreadable:
    """Return the fault of more than `limit` values in all."""
    return Unreadable(
        "too_many_nodes",
        sentence(
            "there are more than %(limit)s values in all. Split the call, or send "
            "a reference to the data and its hash.",
            limit=limit,
        ),
    )

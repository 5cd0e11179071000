"""Canonical JSON (RFC 8785), the hashes made of it, and the fingerprint of a call.

The writer is our own: its input is already narrowed by the reader's rules, which leaves so
little of RFC 8785 that a dependency would cost more to trust than to replace. The package
`rfc8785` and V8 are its oracles in the tests. `json.dumps` would be faster, but it orders
names by code point, writes floats as Python does and turns names that are numbers into
text, and proving that a value has none of these costs as much as writing it.
Specification: details.md, section A; approvals.md, "Canonical form and fingerprint".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

from webui.approvals.call.json_faults import DEFAULT_LIMITS, Limits, Unreadable, too_deep
from webui.approvals.call.json_rules import MAX_SAFE, check_value, unsafe_number
from webui.approvals.call.strict_json import Document, read_arguments, read_document
from webui.sentences import sentence

__all__ = [
    "DEFAULT_LIMITS",
    "MAX_SAFE",
    "Document",
    "Limits",
    "Respelling",
    "Unreadable",
    "arguments_hash",
    "canonical",
    "check_value",
    "digest",
    "fingerprint",
    "fingerprint_of_canonical",
    "read_arguments",
    "read_document",
    "sha256_of",
    "spellings",
    "tool_def_hash",
]

_DEEPEST: Final = (
    256  # of what we write ourselves, around arguments of at most Limits.depth
)
_SAFE_DIGITS: Final = 15  # a whole number of no more is written as it is, but for -0
_LEAST_PLAIN_EXPONENT: Final = -6  # ECMAScript writes 0.000001, and then 1e-7


@dataclass(frozen=True, slots=True)
class Respelling:
    """A number whose canonical spelling is not the one received."""

    received: str
    canonical: str


def canonical(value: Any) -> bytes:
    """Return the canonical form of a JSON value: RFC 8785, UTF-8, no Unicode normalisation.

    Takes None, bool, int, float, str, list, tuple and dict with string names. Raises
    Unreadable for a number beyond 2^53-1 (F9: the form must be readable again), NaN,
    infinity, a lone surrogate, more than 256 levels, or another type.
    """
    try:
        return _written(value, _DEEPEST).encode()
    except UnicodeEncodeError:
        raise Unreadable(
            "lone_surrogate",
            sentence("a text holds half of a surrogate pair. Send both halves."),
        ) from None


def digest(value: Any, prefix: bytes = b"") -> str:
    """Return the hash of `prefix` and the canonical form of `value`, as `sha256_of`."""
    return sha256_of(prefix + canonical(value))


def sha256_of(data: bytes) -> str:
    """Return "sha256:" and the hex SHA-256 of `data`: how every hash is written here."""
    return "sha256:" + sha256(data).hexdigest()


def arguments_hash(arguments: Mapping[str, Any]) -> str:
    """Return the hash of a call's arguments."""
    return digest(dict(arguments))


def tool_def_hash(name: str, description: str | None, input_schema: Any) -> str:
    """Return the hash of a tool's own definition: a changed tool is another tool."""
    definition = {
        "name": name,
        "description": description,
        "input_schema": input_schema,
    }
    return digest(definition, b"tool-def-v1\x00")


def fingerprint(
    *,
    org: str,
    agent: str,
    tool: str,
    arguments: Mapping[str, Any],
    tool_def: str | None = None,
    scope: str | None = None,
    ctx: Mapping[str, Any] | None = None,
    rule_hash: str | None = None,
) -> str:
    """Return the fingerprint of a call: what a yes is bound to.

    `org` and `agent` are ids; `tool_def` and `rule_hash` are hashes as written here; `ctx`
    is whatever else shapes the run. What only narrates stays out.
    """
    return fingerprint_of_canonical(
        canonical(dict(arguments)),
        org=org,
        agent=agent,
        tool=tool,
        tool_def=tool_def,
        scope=scope,
        ctx=ctx,
        rule_hash=rule_hash,
    )


def fingerprint_of_canonical(
    arguments: bytes,
    *,
    org: str,
    agent: str,
    tool: str,
    tool_def: str | None = None,
    scope: str | None = None,
    ctx: Mapping[str, Any] | None = None,
    rule_hash: str | None = None,
) -> str:
    """Return the same fingerprint from arguments that `canonical` has written already.

    The envelope is itself canonical: "agent", then "args", then the others as they sort.
    So the written arguments are put in their place and need not be written twice.
    """
    others = {
        "ctx": dict(ctx or {}),
        "org": org,
        "rule_hash": rule_hash,
        "scope": scope,
        "tool": tool,
        "tool_def": tool_def,
        "v": 1,
    }
    before = b'approval-v1\x00{"agent":' + canonical(agent) + b',"args":'
    return sha256_of(before + arguments + b"," + canonical(others)[1:])


def spellings(text: str) -> Any:
    """Return a document with a Respelling for each number that is spelt otherwise, else None.

    `text` is what the reader accepted: a whole document or `Document.raw`. The reviewer
    sees both spellings, since canonical bytes are what runs. It is a tree and no list of
    places: ten thousand of those, below long names, would be as many megabytes as levels.
    None stands for all in which no number is.
    """
    found = False

    def compared(token: str) -> Respelling | None:
        nonlocal found
        spelling = _number(float(token))
        if spelling == token:
            return None
        found = True
        return Respelling(token, spelling)

    def compared_whole(token: str) -> Respelling | None:
        plain = len(token) <= _SAFE_DIGITS and token != "-0"  # noqa: S105 - of JSON
        return None if plain else compared(token)

    decoder = json.JSONDecoder(parse_int=compared_whole, parse_float=compared)
    read = decoder.decode(text)
    return _respelt(read) if found else None


def _respelt(read: Any) -> Any:
    """Return what was read; None in place of each part in which no number was respelt."""
    if isinstance(read, list):
        items = [_respelt(item) if item else None for item in read]
        return items if any(items) else None
    if isinstance(read, dict):
        members = {name: _respelt(item) if item else None for name, item in read.items()}
        return members if any(members.values()) else None
    return read if isinstance(read, Respelling) else None


def _written(value: Any, levels: int) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if levels == 0:
        raise too_deep(_DEEPEST)
    if isinstance(value, dict):
        return _object(value, levels - 1)
    if isinstance(value, (list, tuple)):
        return f"[{','.join([_written(item, levels - 1) for item in value])}]"
    raise Unreadable(
        "schema",
        sentence(
            "a %(type)s is not a JSON value. Make it a string.", type=type(value).__name__
        ),
    )


def _object(members: dict[Any, Any], levels: int) -> str:
    try:
        plain = "".join(members).isascii()
    except TypeError:
        raise Unreadable(
            "schema", sentence("an object has a name that is not text.")
        ) from None
    names = sorted(members) if plain else sorted(members, key=_utf16)
    written = [f"{_quoted(name)}:{_written(members[name], levels)}" for name in names]
    return f"{{{','.join(written)}}}"


def _utf16(name: str) -> bytes:
    """Return the key RFC 8785 sorts by; it differs from code points above the BMP."""
    return name.encode("utf-16-be")


def _number(value: float) -> str:
    """Return a number as ECMAScript writes it (ECMA-262, Number::toString).

    Python's repr gives the same shortest digits; the layout differs for whole numbers and
    below 1e-4. Large exponents do not occur, as 2^53-1 is the largest number.
    """
    if not -MAX_SAFE <= value <= MAX_SAFE:
        raise unsafe_number(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if value.is_integer():
        return int.__repr__(int(value))
    digits, _, exponent = float.__repr__(value).partition("e")
    if not exponent:
        return digits
    if int(exponent) < _LEAST_PLAIN_EXPONENT:
        return f"{digits}e{int(exponent)}"
    sign, digits = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
    return f"{sign}0.{'0' * (-int(exponent) - 1)}{digits.replace('.', '')}"

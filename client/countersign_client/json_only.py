"""JSON in and out, strictly: what runs must be exactly what a person saw."""

import json
import math
from typing import Any

from countersign_client.errors import BadAnswer

MAX_DEPTH = 32
MAX_SAFE_INTEGER = 2**53 - 1


def require_json(value: object, where: str, depth: int = 1) -> None:
    """Raise TypeError naming the place of the first value that JSON would not bring back the same.

    Tuples, sets, dates, enums and subclasses are refused rather than converted: the reviewer
    would approve one thing and the function receive another.
    """
    if depth > MAX_DEPTH:
        raise TypeError(f"{where} is nested deeper than {MAX_DEPTH} levels")
    kind = type(value)
    if kind is dict:
        for name, item in value.items():  # type: ignore[attr-defined]  # narrowed by kind above
            if type(name) is not str:
                raise TypeError(f"{where} has the key {name!r}; JSON keys are strings")
            _require_text(name, f"a key of {where}")
            require_json(item, f"{where}.{name}", depth + 1)
    elif kind is list:
        for index, item in enumerate(value):  # type: ignore[arg-type]  # narrowed by kind above
            require_json(item, f"{where}[{index}]", depth + 1)
    else:
        _require_scalar(value, where)


def _require_scalar(value: object, where: str) -> None:
    if isinstance(value, str) and type(value) is str:
        _require_text(value, where)
    elif isinstance(value, int | float) and type(value) in {bool, int, float}:
        if not math.isfinite(value) or abs(value) > MAX_SAFE_INTEGER:
            raise TypeError(
                f"{where} is {value!r}; JSON numbers are finite and at most 2^53-1: send a string"
            )
    elif value is not None:
        raise TypeError(
            f"{where} is a {type(value).__name__}; only None, bool, int, float, str, list and dict "
            "come back from JSON as they went: convert it first"
        )


def _require_text(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TypeError(f"{where} holds a lone surrogate, which is not text") from error


def dump(value: object) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def load_object(data: bytes) -> dict[str, Any]:
    """One JSON object; BadAnswer for anything else, duplicate names and NaN included."""
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise BadAnswer(
            f"the desk's answer is not JSON that can be trusted: {error}"
        ) from error
    if not isinstance(value, dict):
        raise BadAnswer("the desk's answer is JSON, but not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name appears twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

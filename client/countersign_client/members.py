"""Reading members of the desk's JSON, with a sentence for each one that is not as agreed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from countersign_client.errors import BadAnswer

T = TypeVar("T", str, int, bool, float, dict[str, Any], list[Any])


def needed(body: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """The member, which must be there and of `kind`; else BadAnswer."""
    value = optional(body, name, kind)
    if value is None:
        raise BadAnswer(f"the desk's answer lacks {name!r}")
    return value


def optional(body: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """The member, or None where it is absent or null; of another kind it is a BadAnswer."""
    value = body.get(name)
    if value is None:
        return None
    # bool is an int to Python but not to JSON
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BadAnswer(
            f"the desk's {name!r} is a {type(value).__name__}, expected {kind.__name__}"
        )
    return value


def needed_time(body: Mapping[str, Any], name: str) -> datetime:
    """The RFC 3339 time as an aware UTC datetime; absent or malformed is a BadAnswer."""
    return _time(needed(body, name, str), name)


def optional_time(body: Mapping[str, Any], name: str) -> datetime | None:
    """Like `needed_time`, or None where absent or null."""
    text = optional(body, name, str)
    return None if text is None else _time(text, name)


def objects(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; absent is empty."""
    items = optional(body, name, list) or []
    for item in items:
        if not isinstance(item, dict):
            raise BadAnswer(f"the desk's {name!r} holds something that is not an object")
    return items


def _time(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadAnswer(f"the desk's {name!r} is not a time: {text!r}") from error
    if moment.tzinfo is None:
        raise BadAnswer(f"the desk's {name!r} names no time zone: {text!r}")
    return moment.astimezone(UTC)

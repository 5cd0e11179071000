"""Plain values, which operators compare: text, numbers, true and false."""

from collections.abc import Mapping
from typing import Any

from webui.approvals.call.canonical import MAX_SAFE, Unreadable, canonical
from webui.approvals.policy.faults import BadValueError, kind_of
from webui.sentences import sentence


def is_number(value: Any) -> bool:
    """Say whether a value is a number; true, false, NaN and infinity are none."""
    kind = type(value)
    return kind is int or (kind is float and value - value == 0)


def text_of(value: Any) -> str | None:
    """Return a value as text: numbers as JSON writes them, true and false; others have none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        try:
            return canonical(value).decode()
        except Unreadable:  # beyond 2^53-1
            return None
    return None


def single(value: Any, place: str = "") -> Any:
    """Return a value that is text, a number, true or false, as JSON can carry it."""
    if value is None or isinstance(value, list | tuple | Mapping):
        raise BadValueError(
            sentence(
                "must be text, a number, true or false, not %(kind)s.", kind=kind_of(value)
            ),
            place,
        )
    if not isinstance(value, str) and text_of(value) is None:
        raise BadValueError(
            sentence("must be a number up to %(most)s. Compare it as text.", most=MAX_SAFE),
            place,
        )
    return value


def plain_text(value: Any) -> str:
    """Return a value that is text, and not empty."""
    if not isinstance(value, str) or not value:
        what = sentence("empty text") if value == "" else kind_of(value)
        raise BadValueError(sentence("must be text, not %(what)s.", what=what))
    return value

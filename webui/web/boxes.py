"""What a person may type into one box of the editor, by what its argument was received as."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from webui.approvals.call.differing import kind_of
from webui.approvals.call.json_faults import Unreadable, syntax_told
from webui.approvals.call.strict_json import read_arguments
from webui.preview import visible
from webui.sentences import sentence

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class MistypedError(Exception):
    """What is wrong with one box."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def _as_text(text: str, _: str) -> str:
    _inside(json.dumps(text))
    return text


def _as_spelt(text: str, _: str) -> str:
    found = _inside(text)
    if not isinstance(found, str):
        raise MistypedError(
            sentence(
                "is no JSON text now; keep the quotation marks around it, and a "
                "backslash before each one inside"
            )
        )
    return found


def _as_number(text: str, _: str) -> Any:
    if not _NUMBER.fullmatch(text.strip()):
        raise MistypedError(sentence("is no number; write one such as 12, -0.5 or 1e3"))
    return _inside(text.strip())


def _as_boolean(text: str, _: str) -> bool:
    if text not in {"true", "false"}:
        raise MistypedError(sentence("is neither true nor false"))
    return text == "true"


def _as_json(text: str, was: str) -> Any:
    found = _inside(text)
    if kind_of(found) != was:
        received = (
            sentence("was received as an array; keep it one, in [ ]")
            if was == "array"
            else sentence("was received as an object; keep it one, in { }")
        )
        raise MistypedError(received)
    return found


READERS: dict[str, Callable[[str, str], Any]] = {
    "text": _as_text,
    "spelt": _as_spelt,
    "number": _as_number,
    "boolean": _as_boolean,
    "json": _as_json,
}


def _inside(text: str) -> Any:
    """Read the JSON text of one argument strictly."""
    _refuse_malformed(text)
    try:
        return read_arguments(f'{{"":{text}}}')[""]
    except Unreadable as fault:
        raise _said(fault.sentence, fault.pointer.removeprefix("/")) from None


def read_whole(text: str) -> dict[str, Any]:
    """Read all arguments strictly."""
    _refuse_malformed(text)
    try:
        return read_arguments(text)
    except Unreadable as fault:
        raise _said(fault.sentence, fault.pointer) from None


def _refuse_malformed(text: str) -> None:
    """Refuse what is not one JSON value, so that nothing can be put beside it."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise MistypedError(
            sentence(
                "is not JSON: %(why)s at line %(line)s, column %(column)s",
                why=syntax_told(error.msg),
                line=error.lineno,
                column=error.colno,
            )
        ) from None
    except (ValueError, RecursionError):  # a number or a nesting beyond all limits
        raise MistypedError(
            sentence("is more than a call can hold; make it smaller")
        ) from None


def _said(wrong: str, pointer: str) -> MistypedError:
    return MistypedError(at_place(pointer, wrong))


def at_place(pointer: str, wrong: str) -> str:
    """Return a fault with the place that it is at, if it is not the whole."""
    if not pointer:
        return wrong
    return sentence("at %(place)s: %(wrong)s", place=visible(pointer), wrong=wrong)

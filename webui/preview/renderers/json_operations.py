"""What is odd about the operations of a JSON Patch and the paths in them (RFC 6901)."""

import re
from typing import Final, NamedTuple

from webui.preview.reading import Value
from webui.preview.renderers.arguments import Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.saying import said
from webui.preview.renderers.values import look_at_name
from webui.preview.visible import inline
from webui.sentences import number, sentence

LONGEST_PATH: Final = 2_000
LONGEST_STEP: Final = 60
_OPERATIONS: Final = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_ZERO: Final = re.compile(r"0\d+")


class Operation(NamedTuple):
    """One step of a patch, as it was sent."""

    verb: str
    path: Text | None
    source: Text | None
    value: Value | None

    @property
    def named(self) -> str:
        """Return its verb for a sentence or a line."""
        return inline(self.verb[:LONGEST_STEP])


def look_at_operation(found: Findings, each: Operation, nth: int) -> None:
    """Say what is odd about the operation that stands at a place of the patch."""
    at = {"number": number(nth)}
    if each.verb not in _OPERATIONS:
        words = sentence(
            "Operation %(number)s is “%(verb)s”, which RFC 6902 does not know.",
            verb=each.named,
            **at,
        )
        found.danger("verb", words)
    for path in (each.path, each.source):
        if path is not None:
            _look_at_path(found, each.verb, path, nth)
    if each.path is None:
        found.danger("no-path", sentence("Operation %(number)s has no path.", **at))
        return
    if not each.path.plain and each.verb == "remove":
        words = sentence("Operation %(number)s removes the whole document.", **at)
        found.danger("whole", words)
    elif not each.path.plain and each.verb in {"replace", "add", "move", "copy"}:
        words = sentence("Operation %(number)s replaces the whole document.", **at)
        found.danger("whole", words)
    if each.verb in {"add", "replace", "test"} and each.value is None:
        found.danger("no-value", sentence("Operation %(number)s has no value.", **at))
    source = each.source.plain if each.source is not None and each.verb == "move" else None
    if source is not None and each.path.plain.startswith(f"{source}/"):
        words = sentence("Operation %(number)s moves something into itself.", **at)
        found.danger("into", words)
    if each.verb == "test":
        found.note("test", sentence("It changes something only if its tests hold."))


def _look_at_path(found: Findings, verb: str, path: Text, nth: int) -> None:
    plain = path.plain[:LONGEST_PATH]
    if not found.is_new((verb, plain)):
        return
    at = {"number": number(nth)}
    if len(path.plain) > LONGEST_PATH:
        words = sentence(
            "The path of operation %(number)s is too long to be read whole.", **at
        )
        found.danger("long", words)
    if path.hides(0, len(plain)):
        words = sentence("The path of operation %(number)s is masked in part.", **at)
        found.danger("masked", words)
    if plain and not plain.startswith("/"):
        words = sentence(
            "The path of operation %(number)s, %(path)s, is no JSON Pointer.",
            path=said(path),
            **at,
        )
        found.danger("pointer", words)
    if _BAD_ESCAPE.search(plain):
        words = sentence(
            "The path of operation %(number)s has an escape that RFC 6901 does not know.",
            **at,
        )
        found.danger("escape", words)
    _look_at_steps(found, verb, plain, nth)


def _look_at_steps(found: Findings, verb: str, plain: str, nth: int) -> None:
    at = {"number": number(nth)}
    steps = [step.replace("~1", "/").replace("~0", "~") for step in plain.split("/")[1:]]
    for step in steps:
        look_at_name(found, step, sentence("Operation %(number)s", **at))
    if steps and steps[-1] == "-" and verb not in {"add", "move", "copy"}:
        words = sentence(
            "Operation %(number)s names the place behind a list's end, where nothing is.",
            **at,
        )
        found.danger("dash", words)
    if any(_ZERO.fullmatch(step) for step in steps):
        words = sentence("Operation %(number)s has an index with a leading zero.", **at)
        found.danger("zero", words)
    if steps and steps[-1] == "" and verb != "test":
        words = sentence("Operation %(number)s is about a member with an empty name.", **at)
        found.note("empty-name", words)
